//! Goals, questions, diagnoses and hints: from YAML.

use super::condition::conditions;
use super::decode::{Decoder, Map, word, words};
use super::matcher::matcher;
use super::node::{Node, Value};
use crate::checks::field::Kind;
use crate::exercise::{Diagnosis, Goal, Hint, Level, Question};
use crate::matcher::Matcher;

pub(crate) const GOAL: &[&str] = &[
    "id", "say", "check", "ask", "choices", "answer", "exact", "why", "look", "within", "stable",
    "after", "else",
];
pub(crate) const DIAGNOSIS: &[&str] = &["id", "when", "say", "look", "recover", "fresh"];
pub(crate) const HINT: &[&str] = &["for", "level", "say"];

pub(crate) fn goal(d: &mut Decoder<'_>, node: &Node) -> Option<Goal> {
    let map = d.map(node, "a goal", GOAL)?;
    let id = d.require(&map, "id", "a goal");
    let at = d.place(id.map_or(map.head(), Node::head));
    let id = id.and_then(|node| d.slug(node, "a goal's id"));
    let say = d
        .require(&map, "say", "a goal")
        .and_then(|node| d.words(node, "`say`"));
    let check = map
        .get("check")
        .map_or_else(Vec::new, |node| conditions(d, node, false));
    let question = question(d, &map);
    if map.get("check").is_none() && map.get("ask").is_none() {
        d.note_help(
            map.head(),
            "a goal that nothing decides",
            "expected `check`, or `ask` and `answer`",
            "a goal without a check can never be reached",
        );
        d.of_rule("E03");
    }
    let diagnoses = map.get("else").map_or_else(Vec::new, |node| {
        d.list(node, "`else`")
            .iter()
            .filter_map(|item| diagnosis(d, item, map.get("ask").is_some()))
            .collect()
    });
    Some(Goal {
        why: map.get("why").and_then(|node| d.words(node, "`why`")),
        look: map.get("look").and_then(|node| word(d, node, "`look`")),
        within: map
            .get("within")
            .and_then(|node| d.duration(node, "`within`")),
        stable: map
            .get("stable")
            .and_then(|node| d.duration(node, "`stable`")),
        after: map
            .get("after")
            .map_or_else(Vec::new, |node| words(d, node, "`after`")),
        check,
        question,
        diagnoses,
        at,
        id: id?,
        say: say?,
    })
}

fn question(d: &mut Decoder<'_>, map: &Map<'_>) -> Option<Question> {
    let Some(ask) = map.get("ask") else {
        for key in ["answer", "choices", "exact"] {
            if let Some((key, _)) = map.entry(key) {
                d.note(
                    key.span.clone(),
                    format!("`{}` without `ask`", key.text),
                    "",
                );
            }
        }
        return None;
    };
    let ask = d.words(ask, "`ask`");
    let choices = map
        .get("choices")
        .map_or_else(Vec::new, |node| d.texts(node, "`choices`"));
    let node = d.require(map, "answer", "a goal with `ask`")?;
    let answer = match &node.value {
        Value::List(_) => Some(Matcher::Any(
            d.texts(node, "`answer`")
                .into_iter()
                .map(Matcher::Text)
                .collect(),
        )),
        _ => matcher(d, node, Kind::Text, "`answer`"),
    };
    if let Value::Text(text) = &node.value
        && !choices.is_empty()
        && !choices.contains(text)
    {
        let known: Vec<&str> = choices.iter().map(String::as_str).collect();
        d.unknown(node.head(), "choice", text, "`choices`", &known);
    }
    Some(Question {
        exact: map
            .get("exact")
            .is_some_and(|node| d.flag(node, "`exact`") == Some(true)),
        at: d.place(node.head()),
        choices,
        ask: ask?,
        answer: answer?,
    })
}

fn diagnosis(d: &mut Decoder<'_>, node: &Node, with_answer: bool) -> Option<Diagnosis> {
    let map = d.map(node, "a diagnosis", DIAGNOSIS)?;
    let id = d.require(&map, "id", "a diagnosis");
    let at = d.place(id.map_or(map.head(), Node::head));
    let id = id.and_then(|node| d.slug(node, "a diagnosis's id"));
    let say = d
        .require(&map, "say", "a diagnosis")
        .and_then(|node| d.words(node, "`say`"));
    Some(Diagnosis {
        when: map
            .get("when")
            .map_or_else(Vec::new, |node| conditions(d, node, with_answer)),
        look: map.get("look").and_then(|node| word(d, node, "`look`")),
        recover: map
            .get("recover")
            .and_then(|node| d.words(node, "`recover`")),
        fresh: map
            .get("fresh")
            .is_some_and(|node| d.flag(node, "`fresh`") == Some(true)),
        at,
        id: id?,
        say: say?,
    })
}

pub(crate) fn hint(d: &mut Decoder<'_>, node: &Node) -> Option<Hint> {
    let at = d.place(node.head());
    if let Value::Text(_) = &node.value {
        return Some(Hint {
            for_: Vec::new(),
            level: Level::Nudge,
            say: d.words(node, "a hint")?,
            at,
        });
    }
    let map = d.map(node, "a hint", HINT)?;
    let level = match map.get("level") {
        None => Some(Level::Nudge),
        Some(node) => match d.text(node, "`level`")?.as_str() {
            "nudge" => Some(Level::Nudge),
            "concept" => Some(Level::Concept),
            "near" => Some(Level::Near),
            other => {
                d.unknown(
                    node.head(),
                    "value",
                    other,
                    "`level`",
                    &["nudge", "concept", "near"],
                );
                None
            }
        },
    };
    let say = d
        .require(&map, "say", "a hint")
        .and_then(|node| d.words(node, "`say`"));
    Some(Hint {
        for_: map
            .get("for")
            .map_or_else(Vec::new, |node| words(d, node, "`for`")),
        level: level?,
        say: say?,
        at,
    })
}
