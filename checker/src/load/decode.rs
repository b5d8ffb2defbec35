//! From [`Node`]s to plain values, collecting every problem instead of stopping at the first.

use super::node::{Key, Node, Value};
use crate::exercise::Word;
use crate::near::nearest;
use crate::problem::{Place, Problem, Source};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

/// Collects problems while a document is decoded. Each method returns `None` after it has recorded a problem.
pub(crate) struct Decoder<'s> {
    source: &'s Source,
    problems: Vec<Problem>,
}

/// A mapping with validated keys.
pub(crate) struct Map<'n> {
    entries: &'n [(Key, Node)],
    /// Where to point when something is missing.
    head: Range<usize>,
}

impl<'n> Map<'n> {
    /// The value of `key`.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|(_, node)| node)
    }

    /// The key itself and its value.
    pub(crate) fn entry(&self, key: &str) -> Option<(&'n Key, &'n Node)> {
        self.entries
            .iter()
            .find(|(name, _)| name.text == key)
            .map(|(key, node)| (key, node))
    }

    /// All entries, in the order of the source.
    pub(crate) fn entries(&self) -> &'n [(Key, Node)] {
        self.entries
    }

    /// Where to point when something is missing.
    pub(crate) fn head(&self) -> Range<usize> {
        self.head.clone()
    }
}

impl<'s> Decoder<'s> {
    pub(crate) fn new(source: &'s Source) -> Self {
        Self {
            source,
            problems: Vec::new(),
        }
    }

    /// The recorded problems.
    pub(crate) fn finish(self) -> Vec<Problem> {
        self.problems
    }

    /// Whether nothing has been recorded so far.
    pub(crate) fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// Makes a place that outlives the decoder.
    pub(crate) fn place(&self, span: Range<usize>) -> Place {
        Place::new(self.source, span)
    }

    /// Records a problem at `span`, and what was expected there (may be empty).
    pub(crate) fn note(&mut self, span: Range<usize>, message: impl Into<String>, expected: &str) {
        let mut problem = Problem::new(self.source, span, message).of_rule("E01");
        if !expected.is_empty() {
            problem = problem.expected(expected);
        }
        self.problems.push(problem);
    }

    /// Records a problem with a suggestion.
    pub(crate) fn note_help(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
        expected: &str,
        help: impl Into<String>,
    ) {
        self.note(span, message, expected);
        if let Some(last) = self.problems.pop() {
            self.problems.push(last.with_help(help));
        }
    }

    /// Assigns the last problem to `rule`, instead of the rule of every file.
    pub(crate) fn of_rule(&mut self, rule: &'static str) {
        if let Some(last) = self.problems.pop() {
            self.problems.push(last.of_rule(rule));
        }
    }

    /// `node` as a mapping with no keys but `known`. `what` names it with its article: `a goal`.
    pub(crate) fn map<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        known: &[&str],
    ) -> Option<Map<'n>> {
        let map = self.any_map(node, what)?;
        for (key, _) in map.entries {
            if !known.contains(&key.text.as_str()) {
                self.unknown(key.span.clone(), "field", &key.text, what, known);
            }
        }
        Some(map)
    }

    /// `node` as a mapping with any keys.
    pub(crate) fn any_map<'n>(&mut self, node: &'n Node, what: &str) -> Option<Map<'n>> {
        match &node.value {
            Value::Map(entries) => Some(Map {
                entries,
                head: node.head(),
            }),
            _ => {
                self.wrong_kind(node, what, "a mapping (`key: value`)");
                None
            }
        }
    }

    /// Records that `written` is not one of `known`.
    pub(crate) fn unknown(
        &mut self,
        span: Range<usize>,
        kind: &str,
        written: &str,
        of: &str,
        known: &[&str],
    ) {
        let message = format!("unknown {kind} `{written}` of {of}");
        let list: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        let help = match nearest(written, known.iter().copied()) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("expected one of {}", list.join(", ")),
        };
        self.note_help(span, message, "", help);
    }

    /// Records that `node` is of the wrong kind.
    pub(crate) fn wrong_kind(&mut self, node: &Node, what: &str, expected: &str) {
        let message = format!("{what} cannot be {}", node.kind());
        self.note(node.head(), message, &format!("expected {expected}"));
    }

    /// The value of `key`, which is required.
    pub(crate) fn require<'n>(&mut self, map: &Map<'n>, key: &str, what: &str) -> Option<&'n Node> {
        let found = map.get(key);
        if found.is_none() {
            self.note_help(
                map.head(),
                format!("{what} has no `{key}`"),
                &format!("`{key}` is missing here"),
                format!("add `{key}:`"),
            );
        }
        found
    }

    /// `node` as text.
    pub(crate) fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match &node.value {
            Value::Text(text) => Some(text.clone()),
            _ => {
                self.wrong_kind(node, what, "text");
                None
            }
        }
    }

    /// `node` as non-empty text.
    pub(crate) fn words(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = self.text(node, what)?;
        if text.trim().is_empty() {
            self.note(node.head(), format!("{what} is empty"), "expected text");
            return None;
        }
        Some(text)
    }

    /// `node` as a name that can be a file name: letters, digits, `-`.
    pub(crate) fn slug(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = self.words(node, what)?;
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if text.len() > 48 || !text.chars().all(good) || text.starts_with('-') {
            self.note(
                node.head(),
                format!("`{text}` cannot be {what}"),
                "expected lower-case letters, digits and `-`, at most 48",
            );
            return None;
        }
        Some(text)
    }

    /// `node` as `true` or `false`.
    pub(crate) fn flag(&mut self, node: &Node, what: &str) -> Option<bool> {
        match &node.value {
            Value::Text(text) if text == "true" => Some(true),
            Value::Text(text) if text == "false" => Some(false),
            Value::Text(text) => {
                self.note(
                    node.head(),
                    format!("`{text}` is not a value of {what}"),
                    "expected `true` or `false`",
                );
                None
            }
            _ => {
                self.wrong_kind(node, what, "`true` or `false`");
                None
            }
        }
    }

    /// `node` as a whole number of at least `min`.
    pub(crate) fn whole(&mut self, node: &Node, what: &str, min: u32) -> Option<u32> {
        let expected = format!("a whole number, {min} or more");
        let Value::Text(text) = &node.value else {
            self.wrong_kind(node, what, &expected);
            return None;
        };
        match text.parse::<u32>() {
            Ok(number) if number >= min => Some(number),
            _ => {
                self.note(
                    node.head(),
                    format!("`{text}` is not a value of {what}"),
                    &format!("expected {expected}"),
                );
                None
            }
        }
    }

    /// `node` as a duration, such as `300ms` or `3s`; at most a minute.
    pub(crate) fn duration(&mut self, node: &Node, what: &str) -> Option<Duration> {
        let text = self.text(node, what)?;
        let parsed = match text.strip_suffix("ms") {
            Some(number) => number.trim().parse::<u64>().ok(),
            None => text
                .strip_suffix('s')
                .and_then(|number| number.trim().parse::<f64>().ok())
                .filter(|seconds| (0.0..=60.0).contains(seconds))
                .map(|seconds| (seconds * 1000.0) as u64),
        };
        match parsed {
            Some(ms @ 1..=60_000) => Some(Duration::from_millis(ms)),
            _ => {
                self.note(
                    node.head(),
                    format!("`{text}` is not a value of {what}"),
                    "expected a time from `1ms` to `60s`",
                );
                None
            }
        }
    }

    /// The items of `node`; a missing value (`key:`) is an empty list.
    pub(crate) fn list<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.value {
            Value::List(items) => items,
            Value::Null => &[],
            _ => {
                self.wrong_kind(node, what, "a list (`- item`)");
                &[]
            }
        }
    }

    /// `node` as a list of texts; a single text is a list of one.
    pub(crate) fn texts(&mut self, node: &Node, what: &str) -> Vec<String> {
        if let Value::Text(text) = &node.value {
            return vec![text.clone()];
        }
        self.list(node, what)
            .iter()
            .filter_map(|item| self.text(item, what))
            .collect()
    }
}

pub(crate) fn word(d: &mut Decoder<'_>, node: &Node, what: &str) -> Option<Word> {
    Some(Word {
        text: d.words(node, what)?,
        at: d.place(node.head()),
    })
}

pub(crate) fn words(d: &mut Decoder<'_>, node: &Node, what: &str) -> Vec<Word> {
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
pub(crate) fn inside(d: &mut Decoder<'_>, span: Range<usize>, path: &str) -> Option<String> {
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
