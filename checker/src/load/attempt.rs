//! Steps and attempts: from YAML.

use super::decode::{Decoder, Map, inside, word};
use super::node::{Node, Value};
use crate::exercise::{Action, Attempt, Expectation, Step, Wrong};
use std::collections::BTreeMap;

pub(crate) const STEP: &[&str] = &["run", "optional", "write", "text", "terminal", "type"];
pub(crate) const ATTEMPT: &[&str] = &["id", "do", "answers"];
pub(crate) const WRONG: &[&str] = &["id", "do", "answers", "expect", "breaks"];

pub(crate) fn steps(d: &mut Decoder<'_>, node: &Node, what: &str) -> Vec<Step> {
    match &node.value {
        Value::Text(_) => step(d, node).into_iter().collect(),
        _ => d
            .list(node, what)
            .iter()
            .filter_map(|item| step(d, item))
            .collect(),
    }
}

/// `docker ps`, or a mapping.
fn step(d: &mut Decoder<'_>, node: &Node) -> Option<Step> {
    let at = d.place(node.head());
    if let Value::Text(_) = &node.value {
        return Some(Step {
            action: Action::Run(d.words(node, "a step")?),
            optional: false,
            at,
        });
    }
    let map = d.map(node, "a step", STEP)?;
    let mut optional = false;
    let mut run = map.get("run");
    if let Some(node) = map.get("optional") {
        // `optional: docker logs box` is short for `run: docker logs box` with `optional: true`.
        match &node.value {
            Value::Text(text) if text == "true" || text == "false" => optional = text == "true",
            _ if map.entries().len() == 1 => (run, optional) = (Some(node), true),
            _ => optional = d.flag(node, "`optional`")?,
        }
    }
    let action = match (run, map.entry("write"), map.get("terminal")) {
        (Some(run), None, None) => Action::Run(d.words(run, "`run`")?),
        (None, Some((key, path)), None) => {
            let path = d.words(path, "`write`")?;
            let path = inside(d, key.span.clone(), &path)?;
            let text = d.require(&map, "text", "a step with `write`")?;
            Action::Write {
                path,
                text: d.text(text, "`text`")?,
            }
        }
        (None, None, Some(command)) => Action::Terminal {
            command: d.words(command, "`terminal`")?,
            input: match map.get("type") {
                Some(input) => d.text(input, "`type`")?,
                None => String::new(),
            },
        },
        _ => {
            d.note(
                map.head(),
                "a step needs exactly one of `run`, `write` and `terminal`",
                "expected a command, or a mapping",
            );
            return None;
        }
    };
    Some(Step {
        action,
        optional,
        at,
    })
}

pub(crate) fn attempts(d: &mut Decoder<'_>, node: &Node, kind: &str) -> Vec<Attempt> {
    d.list(node, &format!("`{kind}`"))
        .iter()
        .enumerate()
        .filter_map(|(at, item)| {
            let map = d.map(item, "an attempt", ATTEMPT)?;
            attempt(d, &map, &format!("{kind}-{}", at + 1))
        })
        .collect()
}

fn attempt(d: &mut Decoder<'_>, map: &Map<'_>, default_id: &str) -> Option<Attempt> {
    let id = match map.get("id") {
        Some(node) => d.slug(node, "an attempt's id"),
        None => Some(default_id.to_owned()),
    };
    let at = d.place(map.get("id").map_or(map.head(), Node::head));
    let steps = map
        .get("do")
        .map_or_else(Vec::new, |node| steps(d, node, "`do`"));
    let mut answers = BTreeMap::new();
    if let Some(node) = map.get("answers")
        && let Some(given) = d.any_map(node, "`answers`")
    {
        for (key, value) in given.entries() {
            if let Some(text) = d.text(value, "an answer") {
                answers.insert(key.text.clone(), text);
            }
        }
    }
    if map.get("do").is_none() && answers.is_empty() {
        d.note(
            map.head(),
            "an attempt that does nothing",
            "expected `do` or `answers`",
        );
    }
    Some(Attempt {
        steps,
        answers,
        at,
        id: id?,
    })
}

pub(crate) fn wrongs(d: &mut Decoder<'_>, node: &Node) -> Vec<Wrong> {
    d.list(node, "`wrong`")
        .iter()
        .enumerate()
        .filter_map(|(at, item)| {
            let map = d.map(item, "a wrong attempt", WRONG)?;
            let attempt = attempt(d, &map, &format!("wrong-{}", at + 1));
            let expect = d.require(&map, "expect", "a wrong attempt")?;
            let expect = expectations(d, expect);
            Some(Wrong {
                attempt: attempt?,
                expect,
                breaks: map.get("breaks").and_then(|node| word(d, node, "`breaks`")),
            })
        })
        .collect()
}

/// `{ goal: diagnosis }`; `not-yet` stands for any diagnosis.
fn expectations(d: &mut Decoder<'_>, node: &Node) -> Vec<Expectation> {
    let Some(map) = d.any_map(node, "`expect`") else {
        return Vec::new();
    };
    if map.entries().is_empty() {
        d.note(
            node.span.clone(),
            "`expect` names no goal",
            "expected `goal: diagnosis`",
        );
    }
    map.entries()
        .iter()
        .filter_map(|(key, value)| {
            let diagnosis = d.words(value, "a diagnosis")?;
            Some(Expectation {
                goal: key.text.clone(),
                diagnosis: (diagnosis != "not-yet").then_some(diagnosis),
                at: d.place(key.span.clone()),
            })
        })
        .collect()
}
