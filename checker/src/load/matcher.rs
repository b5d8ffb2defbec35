//! Conditions on one value: from YAML to [`Matcher`].

use super::decode::Decoder;
use super::node::{Node, Value};
use crate::checks::field::Kind;
use crate::matcher::Matcher;
use regex::RegexBuilder;

/// Words that combine conditions on a value, for every kind.
const COMBINING: &[&str] = &["not", "any", "all", "exists"];
const TEXT: &[&str] = &[
    "contains",
    "matches",
    "starts_with",
    "ends_with",
    "lines",
    "is",
];
const NUMBER: &[&str] = &["min", "max", "is"];
const LIST: &[&str] = &["contains", "matches", "count", "is"];

/// Decodes the argument of a field of `kind`; `what` names the field in messages.
pub(crate) fn matcher(
    decoder: &mut Decoder<'_>,
    node: &Node,
    kind: Kind,
    what: &str,
) -> Option<Matcher> {
    if let Value::Map(_) = &node.value {
        return match kind {
            Kind::Bool | Kind::Contains | Kind::Matches => exact(decoder, node, kind, what),
            Kind::Map => keys(decoder, node, what),
            _ => combined(decoder, node, kind, what),
        };
    }
    exact(decoder, node, kind, what)
}

/// A mapping of conditions, all of which must hold.
fn combined(decoder: &mut Decoder<'_>, node: &Node, kind: Kind, what: &str) -> Option<Matcher> {
    let own = match kind {
        Kind::Text | Kind::OneOf(_) => TEXT,
        Kind::Number | Kind::Size => NUMBER,
        _ => LIST,
    };
    let known = [own, COMBINING].concat();
    let map = decoder.map(node, what, &known)?;
    if map.entries().is_empty() {
        decoder.note(
            node.span.clone(),
            format!("{what} says nothing"),
            "expected a condition",
        );
        return None;
    }
    let (mut all, mut good) = (Vec::new(), true);
    let (mut min, mut max) = (None, None);
    for (key, value) in map.entries() {
        let one = match key.text.as_str() {
            "min" => {
                min = quantity(decoder, value, kind, what);
                good &= min.is_some();
                continue;
            }
            "max" => {
                max = quantity(decoder, value, kind, what);
                good &= max.is_some();
                continue;
            }
            "is" => exact(decoder, value, kind, what),
            "not" => matcher(decoder, value, kind, what).map(|inner| Matcher::Not(Box::new(inner))),
            "any" => several(decoder, value, kind, what).map(Matcher::Any),
            "all" => several(decoder, value, kind, what).map(Matcher::All),
            "exists" => decoder.flag(value, what).map(Matcher::Exists),
            "contains" => exact(decoder, value, Kind::Contains, what),
            "matches" => exact(decoder, value, Kind::Matches, what),
            "starts_with" => decoder.words(value, what).map(Matcher::StartsWith),
            "ends_with" => decoder.words(value, what).map(Matcher::EndsWith),
            "lines" => matcher(decoder, value, Kind::Number, what)
                .map(|count| Matcher::Lines(Box::new(count))),
            "count" => matcher(decoder, value, Kind::Number, what)
                .map(|count| Matcher::Count(Box::new(count))),
            _ => None,
        };
        good &= one.is_some();
        all.extend(one);
    }
    if let (Some(low), Some(high)) = (min, max)
        && low > high
    {
        decoder.note(
            node.head(),
            format!("no {what} is at least {low} and at most {high}"),
            "",
        );
        good = false;
    }
    if min.is_some() || max.is_some() {
        all.push(Matcher::Range(min, max));
    }
    match (good, all.len()) {
        (false, _) => None,
        (true, 1) => all.pop(),
        (true, _) => Some(Matcher::All(all)),
    }
}

fn several(decoder: &mut Decoder<'_>, node: &Node, kind: Kind, what: &str) -> Option<Vec<Matcher>> {
    let items = decoder.list(node, what);
    if items.is_empty() {
        decoder.note(
            node.head(),
            format!("{what} has no alternatives"),
            "expected a list of conditions",
        );
        return None;
    }
    items
        .iter()
        .map(|item| matcher(decoder, item, kind, what))
        .collect()
}

/// An exact value.
fn exact(decoder: &mut Decoder<'_>, node: &Node, kind: Kind, what: &str) -> Option<Matcher> {
    match kind {
        Kind::Bool => decoder.flag(node, what).map(Matcher::Bool),
        Kind::Number | Kind::Size => quantity(decoder, node, kind, what).map(Matcher::Number),
        Kind::OneOf(words) => {
            let text = decoder.text(node, what)?;
            if !words.contains(&text.as_str()) {
                decoder.unknown(node.head(), "value", &text, what, words);
                return None;
            }
            Some(Matcher::Text(text))
        }
        Kind::Contains => {
            let parts: Vec<_> = decoder
                .texts(node, what)
                .into_iter()
                .map(Matcher::Contains)
                .collect();
            match parts.len() {
                0 => {
                    decoder.note(
                        node.head(),
                        format!("{what} contains nothing"),
                        "expected text",
                    );
                    None
                }
                1 => parts.into_iter().next(),
                _ => Some(Matcher::All(parts)),
            }
        }
        Kind::Matches => {
            let pattern = decoder.words(node, what)?;
            // The limit keeps a pattern such as `(a{1000}){1000}` from taking all memory.
            match RegexBuilder::new(&pattern)
                .multi_line(true)
                .size_limit(1 << 20)
                .build()
            {
                Ok(regex) => Some(Matcher::Matches(regex)),
                Err(error) => {
                    let last = error.to_string();
                    let cause = last
                        .lines()
                        .last()
                        .unwrap_or("")
                        .trim_start_matches("error: ");
                    decoder.note(
                        node.head(),
                        format!("`{pattern}` is not a regular expression: {cause}"),
                        "expected a pattern of the `regex` crate",
                    );
                    None
                }
            }
        }
        Kind::Words => match &node.value {
            Value::Text(line) => match shell_words::split(line) {
                Ok(words) => Some(Matcher::Sequence(words)),
                Err(_) => {
                    decoder.note(node.head(), format!("a quote is not closed in {what}"), "");
                    None
                }
            },
            _ => Some(Matcher::Sequence(list_of(decoder, node, what)?)),
        },
        Kind::Set => match &node.value {
            Value::Text(one) => Some(Matcher::Set(vec![one.clone()])),
            _ => Some(Matcher::Set(list_of(decoder, node, what)?)),
        },
        _ => match &node.value {
            Value::Text(text) => Some(Matcher::Text(text.clone())),
            _ => {
                decoder.wrong_kind(node, what, "text, or a condition such as `contains:`");
                None
            }
        },
    }
}

fn list_of(decoder: &mut Decoder<'_>, node: &Node, what: &str) -> Option<Vec<String>> {
    match &node.value {
        Value::List(items) => items.iter().map(|item| decoder.text(item, what)).collect(),
        _ => {
            decoder.wrong_kind(node, what, "a list, or text");
            None
        }
    }
}

/// Keys, each with a condition; `null` means that the key must not exist.
fn keys(decoder: &mut Decoder<'_>, node: &Node, what: &str) -> Option<Matcher> {
    let map = decoder.any_map(node, what)?;
    let mut keys = Vec::new();
    for (key, value) in map.entries() {
        let one = match value.value {
            Value::Null => Some(Matcher::Exists(false)),
            _ => matcher(decoder, value, Kind::Text, what),
        };
        keys.push((key.text.clone(), one?));
    }
    if keys.is_empty() {
        decoder.note(
            node.span.clone(),
            format!("{what} says nothing"),
            "expected `KEY: value`",
        );
        return None;
    }
    Some(Matcher::Keys(keys))
}

/// A number, or bytes with a unit.
fn quantity(decoder: &mut Decoder<'_>, node: &Node, kind: Kind, what: &str) -> Option<f64> {
    let expected = match kind {
        Kind::Size => "expected bytes, such as `64MiB` or `10MB`",
        _ => "expected a number, or `min:` and `max:`",
    };
    let Value::Text(text) = &node.value else {
        decoder.wrong_kind(node, what, expected.trim_start_matches("expected "));
        return None;
    };
    let split = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-')))
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let factor = match (kind, unit.trim()) {
        (_, "") => Some(1.0),
        (Kind::Size, unit) => unit_factor(unit),
        _ => None,
    };
    match (digits.parse::<f64>(), factor) {
        (Ok(number), Some(factor)) if number.is_finite() => Some(number * factor),
        _ => {
            decoder.note(
                node.head(),
                format!("`{text}` is not a value of {what}"),
                expected,
            );
            None
        }
    }
}

/// Docker's units: powers of 1000, with an `i` powers of 1024; a lone `m` or `g` as in `--memory`.
fn unit_factor(unit: &str) -> Option<f64> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "k" | "kib" => 1024.0,
        "m" | "mib" => 1024.0 * 1024.0,
        "g" | "gib" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    })
}
