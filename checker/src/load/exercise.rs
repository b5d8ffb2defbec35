//! A whole exercise: from YAML to [`Exercise`].

use super::condition::conditions;
use super::decode::{Decoder, Map};
use super::matcher::matcher;
use super::node::{Node, Value};
use super::params;
use crate::exercise::{
    Action, Attempt, Diagnosis, Exercise, Expectation, Goal, Hint, Level, Question, StartFile,
    Step, Word, Wrong,
};
use crate::field::Kind;
use crate::matcher::Matcher;
use crate::problem::{Problem, Source};
use std::collections::BTreeMap;
use std::path::Path;

/// The format that this decodes.
const FORMAT: &str = "1";

pub(crate) const EXERCISE: &[&str] = &[
    "format",
    "id",
    "revision",
    "title",
    "concepts",
    "needs",
    "minutes",
    "params",
    "files",
    "setup",
    "story",
    "goals",
    "hints",
    "solutions",
    "accept",
    "wrong",
    "debrief",
    "differs_from_docker",
];
pub(crate) const GOAL: &[&str] = &[
    "id", "say", "check", "ask", "choices", "answer", "exact", "why", "look", "within", "stable",
    "after", "else",
];
pub(crate) const DIAGNOSIS: &[&str] = &["id", "when", "say", "look", "recover"];
pub(crate) const HINT: &[&str] = &["for", "level", "say"];
pub(crate) const STEP: &[&str] = &["run", "optional", "write", "text", "terminal", "type"];
pub(crate) const ATTEMPT: &[&str] = &["id", "do", "answers"];
pub(crate) const WRONG: &[&str] = &["id", "do", "answers", "expect"];

/// Decodes a document for the learner with `seed`.
pub(crate) fn exercise(
    source: &Source,
    mut document: Node,
    seed: &str,
) -> Result<Exercise, Vec<Problem>> {
    let mut d = Decoder::new(source);
    let known = d.map(&document, "an exercise", EXERCISE).is_some();
    if !known {
        return Err(d.finish());
    }
    let id = match document.get("id") {
        Some(Node {
            value: Value::Text(id),
            ..
        }) => id.clone(),
        _ => String::new(),
    };
    let values = params::choose(&mut d, &document, &id, seed);
    params::note_unknown(&mut d, source, &values);
    params::fill(&mut document, &values);
    let decoded = decode(&mut d, source, &document, values);
    let clean = d.is_clean();
    let mut problems = d.finish();
    match decoded {
        Some(exercise) if clean => {
            problems.extend(super::cross::problems(&exercise));
            if problems.is_empty() {
                Ok(exercise)
            } else {
                Err(problems)
            }
        }
        _ => Err(problems),
    }
}

fn decode(
    d: &mut Decoder<'_>,
    source: &Source,
    document: &Node,
    params: BTreeMap<String, String>,
) -> Option<Exercise> {
    // Unknown keys were noted before the params were filled in.
    let map = d.any_map(document, "an exercise")?;
    if let Some(format) = d.require(&map, "format", "an exercise")
        && d.text(format, "`format`")
            .is_some_and(|format| format != FORMAT)
    {
        d.note(
            format.head(),
            "this docklings reads format 1",
            "expected `1`",
        );
    }
    let id = d.require(&map, "id", "an exercise");
    let at = d.place(id.map_or(map.head(), Node::head));
    let id = id.and_then(|node| d.slug(node, "an exercise's id"));
    let revision = map
        .get("revision")
        .map_or(Some(1), |node| d.whole(node, "`revision`", 1));
    let title = d.require(&map, "title", "an exercise");
    let title = title.and_then(|node| d.words(node, "the title"));
    let goals = d.require(&map, "goals", "an exercise");
    if let Some(node) = goals
        && d.list(node, "`goals`").is_empty()
    {
        d.note(
            node.span.clone(),
            "an exercise with no goals",
            "expected a list of goals",
        );
    }
    let solutions = d
        .require(&map, "solutions", "an exercise")
        .map_or_else(Vec::new, |node| attempts(d, node, "solution"));
    Some(Exercise {
        source: source.clone(),
        folder: None,
        concepts: map
            .get("concepts")
            .map_or_else(Vec::new, |node| d.texts(node, "`concepts`")),
        needs: map
            .get("needs")
            .map_or_else(Vec::new, |node| words(d, node, "`needs`")),
        minutes: map
            .get("minutes")
            .and_then(|node| d.whole(node, "`minutes`", 1)),
        files: map
            .get("files")
            .map_or_else(Vec::new, |node| files(d, node)),
        setup: map
            .get("setup")
            .map_or_else(Vec::new, |node| steps(d, node, "`setup`")),
        story: optional_text(d, &map, "story"),
        goals: goals.map_or_else(Vec::new, |node| {
            let items = match &node.value {
                Value::List(items) => items.as_slice(),
                _ => &[],
            };
            items.iter().filter_map(|item| goal(d, item)).collect()
        }),
        hints: map.get("hints").map_or_else(Vec::new, |node| {
            d.list(node, "`hints`")
                .iter()
                .filter_map(|item| hint(d, item))
                .collect()
        }),
        accept: map
            .get("accept")
            .map_or_else(Vec::new, |node| attempts(d, node, "accept")),
        wrong: map
            .get("wrong")
            .map_or_else(Vec::new, |node| wrongs(d, node)),
        debrief: optional_text(d, &map, "debrief"),
        differs_from_docker: optional_text(d, &map, "differs_from_docker"),
        solutions,
        params,
        at,
        id: id?,
        revision: revision?,
        title: title?,
    })
}

fn optional_text(d: &mut Decoder<'_>, map: &Map<'_>, key: &str) -> String {
    map.get(key)
        .and_then(|node| d.text(node, &format!("`{key}`")))
        .unwrap_or_default()
}

fn word(d: &mut Decoder<'_>, node: &Node, what: &str) -> Option<Word> {
    Some(Word {
        text: d.words(node, what)?,
        at: d.place(node.head()),
    })
}

fn words(d: &mut Decoder<'_>, node: &Node, what: &str) -> Vec<Word> {
    match &node.value {
        Value::Text(_) => word(d, node, what).into_iter().collect(),
        _ => d
            .list(node, what)
            .iter()
            .filter_map(|item| word(d, item, what))
            .collect(),
    }
}

/// A path inside the workspace.
fn inside(d: &mut Decoder<'_>, span: std::ops::Range<usize>, path: &str) -> Option<String> {
    let bad = path.is_empty()
        || path.starts_with('/')
        || path.ends_with('/')
        || path.contains('\0')
        || Path::new(path)
            .components()
            .any(|part| part.as_os_str() == "..");
    if bad {
        d.note(
            span,
            format!("`{path}` is not a file of the workspace"),
            "expected a relative path without `..`",
        );
        return None;
    }
    Some(path.to_owned())
}

fn files(d: &mut Decoder<'_>, node: &Node) -> Vec<StartFile> {
    let Some(map) = d.any_map(node, "`files`") else {
        return Vec::new();
    };
    map.entries()
        .iter()
        .filter_map(|(key, value)| {
            let path = inside(d, key.span.clone(), &key.text);
            let text = match &value.value {
                Value::Null => Some(String::new()),
                _ => d.text(value, "a file's text"),
            };
            Some(StartFile {
                path: path?,
                text: text?,
                at: d.place(key.span.clone()),
            })
        })
        .collect()
}

fn steps(d: &mut Decoder<'_>, node: &Node, what: &str) -> Vec<Step> {
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

fn goal(d: &mut Decoder<'_>, node: &Node) -> Option<Goal> {
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
        at,
        id: id?,
        say: say?,
    })
}

fn hint(d: &mut Decoder<'_>, node: &Node) -> Option<Hint> {
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

fn attempts(d: &mut Decoder<'_>, node: &Node, kind: &str) -> Vec<Attempt> {
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

fn wrongs(d: &mut Decoder<'_>, node: &Node) -> Vec<Wrong> {
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
