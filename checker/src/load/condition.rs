//! `check` and `when`: from YAML to [`Condition`]s.

use super::decode::Decoder;
use super::matcher::matcher;
use super::node::{Key, Node, Value};
use crate::checks::field::{Kind, Shape, find};
use crate::checks::{Arg, Check, Condition, Given, NounKind};

/// The words that are not nouns.
const COMBINING: &[&str] = &["not", "all", "any"];

/// Decodes a list of conditions, or a single one. `with_answer` allows the noun `answer`.
pub(crate) fn conditions(
    decoder: &mut Decoder<'_>,
    node: &Node,
    with_answer: bool,
) -> Vec<Condition> {
    let items = match &node.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    if items.is_empty() {
        decoder.note(
            node.span.clone(),
            "a check with no conditions",
            "expected a condition",
        );
    }
    items
        .iter()
        .flat_map(|item| condition(decoder, item, with_answer))
        .collect()
}

/// One mapping; each of its keys is a condition.
fn condition(decoder: &mut Decoder<'_>, node: &Node, with_answer: bool) -> Vec<Condition> {
    let mut known: Vec<&str> = NounKind::ALL.iter().map(|kind| kind.noun().name).collect();
    known.extend(COMBINING);
    if with_answer {
        known.push("answer");
    }
    let Some(map) = decoder.map(node, "a condition", &known) else {
        return Vec::new();
    };
    map.entries()
        .iter()
        .filter_map(|(key, value)| one(decoder, key, value, with_answer))
        .collect()
}

fn one(decoder: &mut Decoder<'_>, key: &Key, value: &Node, with_answer: bool) -> Option<Condition> {
    match key.text.as_str() {
        "not" => Some(Condition::Not(conditions(decoder, value, with_answer))),
        "all" => Some(Condition::All(conditions(decoder, value, with_answer))),
        "any" => Some(Condition::Any(conditions(decoder, value, with_answer))),
        "answer" if with_answer => {
            matcher(decoder, value, Kind::Text, "`answer`").map(Condition::Answer)
        }
        name => {
            let noun = NounKind::ALL
                .into_iter()
                .find(|kind| kind.noun().name == name)?;
            check(decoder, key, value, noun).map(Condition::Check)
        }
    }
}

fn check(decoder: &mut Decoder<'_>, key: &Key, value: &Node, kind: NounKind) -> Option<Check> {
    let noun = kind.noun();
    let what = format!("`{}`", noun.name);
    let given = fields(decoder, value, noun.fields, &what)?;
    for need in noun.needs {
        if value.get(need).is_none() {
            decoder.note_help(
                key.span.clone(),
                format!("{what} has no `{need}`"),
                &format!("`{need}` is missing here"),
                format!("add `{need}:`"),
            );
        }
    }
    if given.len()
        == noun
            .fields
            .iter()
            .filter(|field| value.get(field.name).is_some())
            .count()
    {
        Some(Check {
            noun: kind,
            given,
            at: decoder.place(key.span.clone()),
        })
    } else {
        // A field was wrong and is reported; the remaining fields would be a different check.
        None
    }
}

fn fields(
    decoder: &mut Decoder<'_>,
    node: &Node,
    table: &'static [Shape],
    what: &str,
) -> Option<Vec<Given>> {
    let known: Vec<&str> = table.iter().map(|field| field.name).collect();
    let map = decoder.map(node, what, &known)?;
    let mut given = Vec::new();
    for (key, value) in map.entries() {
        if let Some(field) = find(table, &key.text)
            && let Some(arg) = arg(decoder, value, field)
        {
            given.push(Given { field, arg });
        }
    }
    Some(given)
}

fn arg(decoder: &mut Decoder<'_>, node: &Node, field: &'static Shape) -> Option<Arg> {
    let what = format!("`{}`", field.name);
    match field.kind {
        Kind::Name => match &node.value {
            Value::Map(_) => {
                decoder.note(
                    node.head(),
                    format!("{what} is a literal name, not a condition"),
                    "expected text",
                );
                None
            }
            _ => decoder.words(node, &what).map(Arg::Name),
        },
        Kind::Group(table) => fields(decoder, node, table, &what).map(Arg::Group),
        Kind::Records(table) => {
            // A single pattern needs no list.
            let items = match &node.value {
                Value::Map(_) => std::slice::from_ref(node),
                _ => decoder.list(node, &what),
            };
            if items.is_empty() {
                decoder.note(
                    node.head(),
                    format!("{what} says nothing"),
                    "expected patterns",
                );
                return None;
            }
            let of = format!("an item of {what}");
            items
                .iter()
                .map(|item| fields(decoder, item, table, &of))
                .collect::<Option<Vec<_>>>()
                .map(Arg::Records)
        }
        Kind::Paths(table) => {
            let map = decoder.any_map(node, &what)?;
            map.entries()
                .iter()
                .map(|(key, value)| {
                    let of = format!("the file `{}`", key.text);
                    Some((key.text.clone(), fields(decoder, value, table, &of)?))
                })
                .collect::<Option<Vec<_>>>()
                .map(Arg::Paths)
        }
        kind => matcher(decoder, node, kind, &what).map(Arg::Match),
    }
}
