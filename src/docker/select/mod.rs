//! `--filter`: selects the rows to show.
//!
//! **What Docker does.** Filters with different names must all hold; of several values under one name, one is enough,
//! except for labels. Names and ids are regular expressions. An unknown filter is an error of the daemon.
//! **What we do.** The same, as pure functions over the engine's plain data.

pub(crate) mod containers;
pub(crate) mod events;
pub(crate) mod images;
pub(crate) mod prune;

use engine::{Error, Result};
use regex::Regex;
use std::collections::BTreeMap;

/// The values of `-f`, `--filter`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filters(Vec<(String, String)>);

impl Filters {
    /// Parses each `name=value`.
    ///
    /// # Errors
    /// Docker's words, for after `invalid argument "…" for "-f, --filter" flag: `.
    pub(crate) fn parse<S: AsRef<str>>(words: &[S]) -> std::result::Result<Self, String> {
        let mut pairs = Vec::new();
        for word in words.iter().map(AsRef::as_ref) {
            if word.is_empty() {
                continue;
            }
            let (name, value) = word
                .split_once('=')
                .ok_or("bad format of filter (expected name=value)")?;
            pairs.push((name.trim().to_lowercase(), value.trim().to_owned()));
        }
        Ok(Self(pairs))
    }

    /// Adds one more.
    pub(crate) fn push(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    /// The values under `name`.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        let named = move |(key, value): &'a (String, String)| (key == name).then_some(&**value);
        self.0.iter().filter_map(named)
    }

    /// Whether there is one called `name`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// Refuses filters whose name is not among `known`: `invalid filter 'x'`.
    pub(crate) fn check(&self, known: &[&str]) -> Result<()> {
        match self
            .0
            .iter()
            .find(|(name, _)| !known.contains(&name.as_str()))
        {
            Some((name, _)) => Err(Error::invalid(format!("invalid filter '{name}'"))),
            None => Ok(()),
        }
    }

    /// The boolean under `name`; `None` if there is no such filter.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>> {
        let values: Vec<&str> = self.values(name).collect();
        match values[..] {
            [] => Ok(None),
            ["1" | "true"] => Ok(Some(true)),
            ["0" | "false"] => Ok(Some(false)),
            _ => Err(Error::invalid(format!(
                "invalid filter '{name}=[{}]'",
                values.join(" ")
            ))),
        }
    }

    /// Whether one of the values under `name` is `found`; true without such a filter.
    pub(crate) fn is_one_of(&self, name: &str, found: &str) -> bool {
        !self.has(name) || self.values(name).any(|value| value == found)
    }

    /// The values under `name` as patterns. An invalid regular expression is taken literally.
    pub(crate) fn patterns(&self, name: &str) -> Vec<Pattern> {
        self.values(name).map(Pattern::new).collect()
    }

    /// Whether `labels` has all labels requested under `name`, each `key` or `key=value`.
    pub(crate) fn labels_match(&self, name: &str, labels: &BTreeMap<String, String>) -> bool {
        self.values(name)
            .all(|wanted| label_matches(wanted, labels))
    }
}

fn label_matches(wanted: &str, labels: &BTreeMap<String, String>) -> bool {
    match wanted.split_once('=') {
        Some((key, value)) => labels.get(key).is_some_and(|found| found == value),
        None => labels.contains_key(wanted),
    }
}

/// A name or an id to look for.
pub(crate) struct Pattern {
    text: String,
    regex: Option<Regex>,
}

impl Pattern {
    fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            regex: Regex::new(text).ok(),
        }
    }

    /// Whether it is `found`, or matches it.
    pub(crate) fn matches(&self, found: &str) -> bool {
        self.text == found
            || self
                .regex
                .as_ref()
                .is_some_and(|regex| regex.is_match(found))
    }
}

#[cfg(test)]
pub(crate) fn filters(words: &[&str]) -> Filters {
    Filters::parse(words).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_name_and_a_value() {
        let found = filters(&[" Name = web ", "label=a=b", ""]);
        assert_eq!(found.values("name").collect::<Vec<_>>(), ["web"]);
        assert_eq!(found.values("label").collect::<Vec<_>>(), ["a=b"]);
        assert_eq!(
            Filters::parse(&["status"]).unwrap_err(),
            "bad format of filter (expected name=value)"
        );
    }

    #[test]
    fn unknown_filters_and_odd_truths_are_refused() {
        let error = filters(&["color=red"]).check(&["name"]).unwrap_err();
        assert_eq!(error.to_string(), "invalid filter 'color'");
        let error = filters(&["dangling=x"]).boolean("dangling").unwrap_err();
        assert_eq!(error.to_string(), "invalid filter 'dangling=[x]'");
        assert_eq!(
            filters(&["dangling=1"]).boolean("dangling").unwrap(),
            Some(true)
        );
        assert_eq!(filters(&[]).boolean("dangling").unwrap(), None);
    }

    #[test]
    fn all_labels_must_be_there() {
        let labels = crate::docker::inspect::samples::labels();
        for (words, expected) in [
            (&["label=tier"][..], true),
            (&["label=tier=db"], true),
            (&["label=tier=web"], false),
            (&["label=tier=db", "label=app"], true),
            (&["label=tier=db", "label=x"], false),
            (&[], true),
        ] {
            assert_eq!(
                filters(words).labels_match("label", &labels),
                expected,
                "{words:?}"
            );
        }
    }
}
