//! A whole exercise: from YAML to [`Exercise`].

use super::attempt::{attempts, steps, wrongs};
use super::decode::{Decoder, Map, inside, words};
use super::goal::{goal, hint};
use super::node::{Node, Value};
use super::params;
use crate::exercise::{Exercise, StartFile};
use crate::problem::{Problem, Source};
use std::collections::BTreeMap;

/// The format that this decodes.
const FORMAT: &str = "1";

pub(crate) const EXERCISE: &[&str] = &[
    "format",
    "id",
    "revision",
    "title",
    "concepts",
    "needs",
    "images",
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
    "clauses",
    "debrief",
    "differs_from_docker",
];

/// Decodes a document for the learner with `seed`, who has the values in `given` whatever the seed chooses.
pub(crate) fn exercise(
    source: &Source,
    mut document: Node,
    seed: &str,
    given: &BTreeMap<String, String>,
) -> Result<Exercise, Vec<Problem>> {
    let mut d = Decoder::new(source);
    let Some(map) = d.any_map(&document, "an exercise") else {
        return Err(d.finish());
    };
    for (key, _) in map.entries() {
        if ["check", "checks"].contains(&key.text.as_str()) {
            let message = format!("`{}` belongs to no goal", key.text);
            let help = "write `check:` below the goal that it decides";
            d.note_help(
                key.span.clone(),
                message,
                "a check outside of the goals",
                help,
            );
            d.of_rule("E04");
        } else if !EXERCISE.contains(&key.text.as_str()) {
            d.unknown(
                key.span.clone(),
                "field",
                &key.text,
                "an exercise",
                EXERCISE,
            );
        }
    }
    let id = match document.get("id") {
        Some(Node {
            value: Value::Text(id),
            ..
        }) => id.clone(),
        _ => String::new(),
    };
    let mut values = params::choose(&mut d, &document, &id, seed);
    values.extend(given.clone());
    params::note_unknown(&mut d, source, &values);
    params::fill(&mut document, &values);
    let ports = params::ports(&document, &values);
    let decoded =
        decode(&mut d, source, &document, values).map(|exercise| Exercise { ports, ..exercise });
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
    // Unknown keys were reported before the params were filled in.
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
        images: map
            .get("images")
            .map_or_else(Vec::new, |node| words(d, node, "`images`")),
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
        clauses: map
            .get("clauses")
            .map_or_else(Vec::new, |node| words(d, node, "`clauses`")),
        debrief: optional_text(d, &map, "debrief"),
        differs_from_docker: optional_text(d, &map, "differs_from_docker"),
        solutions,
        params,
        ports: Vec::new(),
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
