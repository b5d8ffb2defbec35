//! The only module that calls the YAML crate: text in, a [`Node`] tree or one located [`Problem`] out.
//!
//! The crate stops at the first syntax error; everything above syntax is decoded from the tree, so that all of those
//! problems can be reported at once.

use super::node::{Key, Node, Value};
use crate::problem::{Problem, Source};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{DuplicateKeyPolicy, Location, Spanned};
use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

/// No exercise is nested deeper than this; a YAML bomb is.
const MAX_DEPTH: usize = 32;
/// The maximum number of nodes, aliases expanded. The longest exercise of the course has about 500.
const MAX_NODES: usize = 50_000;

/// Parses one document.
pub(crate) fn parse(source: &Source) -> Result<Node, Box<Problem>> {
    let options = serde_yaml::options! {
        strict_booleans: true,
        with_snippet: false,
        duplicate_keys: DuplicateKeyPolicy::Error,
        budget: serde_yaml::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 4 * MAX_NODES,
            max_documents: 1,
        },
        alias_limits: serde_yaml::alias_limits! {
            max_total_replayed_events: MAX_NODES,
        },
    };
    let whole = TEXT.with(|text| {
        *text.borrow_mut() = source.text().to_owned();
        let parsed = serde_yaml::from_str_with_options::<Located>(source.text(), options);
        text.borrow_mut().clear();
        parsed
    });
    match whole {
        Ok(node) => Ok(node.0),
        Err(error) => Err(Box::new(problem_of(&error, source))),
    }
}

thread_local! {
    /// The source being parsed: a plain `1.10` reaches a visitor as the number 1.1, and only the source still has
    /// its text. serde gives a visitor no way to carry state through `Spanned`.
    static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
}

fn problem_of(error: &serde_yaml::Error, source: &Source) -> Problem {
    let plain = error.without_snippet();
    let (line, column) = plain
        .location()
        .map_or((1, 1), |at| (at.line() as usize, at.column() as usize));
    let at = source.offset(line, column);
    let mut message = plain.to_string();
    // The crate appends the place as text; the caret shows it better.
    if let Some(cut) = message.find(" at line ") {
        message.truncate(cut);
    }
    match tab_near(source, line) {
        // The crate points before the tab; the tab itself cannot be seen, so point at it.
        Some(tab) if message.contains("tab") => Problem::new(source, tab..tab + 1, message)
            .expected("a tab")
            .with_help("indent with spaces: YAML allows no tabs there"),
        // The most common mistake: `[docker start {box}]` contains a mapping inside a list.
        _ if message.contains("while parsing a flow") => Problem::new(source, at..at, message)
            .with_help(
                "inside of brackets, put quotes around a text that has `{`, `[` or `,` in it",
            ),
        _ => Problem::new(source, at..at, message),
    }
}

/// The first tab in the indentation of a line from `line` (from 1) on.
fn tab_near(source: &Source, line: usize) -> Option<usize> {
    let start = source.offset(line, 1);
    let rest = &source.text()[start..];
    let mut at = start;
    for text in rest.split_inclusive('\n') {
        let indent = text.len() - text.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = text[..indent].find('\t') {
            return Some(at + tab);
        }
        at += text.len();
    }
    None
}

/// A node that records its place while it is read.
struct Located(Node);

impl<'de> Deserialize<'de> for Located {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Bare>::deserialize(deserializer)?;
        let span = range(&spanned.referenced);
        let value = match spanned.value {
            Bare::Value(value) => value,
            Bare::Number(shown) => {
                let defined = range(&spanned.defined);
                let raw = TEXT.with(|text| text.borrow().get(defined).map(|s| s.trim().to_owned()));
                Value::Text(raw.filter(|raw| !raw.is_empty()).unwrap_or(shown))
            }
        };
        Ok(Self(Node { span, value }))
    }
}

fn range(location: &Location) -> Range<usize> {
    let span = location.span();
    let start = span.byte_offset().unwrap_or(0) as usize;
    start..start + span.byte_len().unwrap_or(0) as usize
}

/// A node as a visitor sees it.
enum Bare {
    Value(Value),
    /// A number or boolean as the crate returns it; the source has the text as written.
    Number(String),
}

impl<'de> Deserialize<'de> for Bare {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BareVisitor)
    }
}

struct BareVisitor;

impl<'de> Visitor<'de> for BareVisitor {
    type Value = Bare;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("any YAML value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Bare, E> {
        Ok(Bare::Number(value.to_string()))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Bare, E> {
        Ok(Bare::Number(value.to_string()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Bare, E> {
        Ok(Bare::Number(value.to_string()))
    }
    fn visit_i128<E>(self, value: i128) -> Result<Bare, E> {
        Ok(Bare::Number(value.to_string()))
    }
    fn visit_u128<E>(self, value: u128) -> Result<Bare, E> {
        Ok(Bare::Number(value.to_string()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Bare, E> {
        Ok(Bare::Number(value.to_string()))
    }
    fn visit_str<E>(self, value: &str) -> Result<Bare, E> {
        Ok(Bare::Value(Value::Text(value.to_owned())))
    }
    fn visit_unit<E>(self) -> Result<Bare, E> {
        Ok(Bare::Value(Value::Null))
    }
    fn visit_none<E>(self) -> Result<Bare, E> {
        Ok(Bare::Value(Value::Null))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Bare, A::Error> {
        let mut items = Vec::new();
        while let Some(Located(item)) = access.next_element()? {
            items.push(item);
        }
        Ok(Bare::Value(Value::List(items)))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Bare, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key::<Spanned<String>>()? {
            let Located(value) = access.next_value()?;
            let span = range(&key.referenced);
            let text = key.value;
            entries.push((Key { span, text }, value));
        }
        Ok(Bare::Value(Value::Map(entries)))
    }
}
