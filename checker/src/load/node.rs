//! A YAML document as a tree with the source position of every key and value.

use std::ops::Range;

/// A value and its bytes in the source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// Its position; for an alias, the place where it is used.
    pub(crate) span: Range<usize>,
    /// The value.
    pub(crate) value: Value,
}

/// The value of a node. Scalars stay text, as written: here `1.10` is a tag as often as a number.
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
    /// Its position.
    pub(crate) span: Range<usize>,
    /// Its text.
    pub(crate) text: String,
}

impl Node {
    /// Its name in messages, with its article.
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

    /// The text, if this is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
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
