//! A YAML document as a tree in which every key and value knows its place in the source.

use std::ops::Range;

/// A value and the bytes of the source that it stands in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// Where it stands; an alias stands where it is used.
    pub(crate) span: Range<usize>,
    /// What it is.
    pub(crate) value: Value,
}

/// What a node is. Scalars stay text, as written: `1.10` is a tag here as often as a number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// Nothing: `key:`, `~` or `null`.
    Null,
    /// A scalar.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the source. Keys are unique.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Key {
    /// Where it stands.
    pub(crate) span: Range<usize>,
    /// Its text.
    pub(crate) text: String,
}

impl Node {
    /// What to call it in a message, with its article.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// Where to point a caret: at a mapping's first key, at a list's first item, else at the value.
    pub(crate) fn head(&self) -> Range<usize> {
        match &self.value {
            Value::Map(entries) if !entries.is_empty() => entries[0].0.span.clone(),
            Value::List(items) if !items.is_empty() && self.span.is_empty() => items[0].head(),
            _ => self.span.clone(),
        }
    }

    /// The value of `key`, if this is a mapping that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries
                .iter()
                .find(|(name, _)| name.text == key)
                .map(|(_, node)| node),
            _ => None,
        }
    }
}
