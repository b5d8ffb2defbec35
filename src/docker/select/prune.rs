//! `--filter` of the `prune` commands.

use super::{Filters, label_matches};
use crate::docker::timestamps;
use engine::{Error, Result};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// The things that `prune` may remove.
#[derive(Debug, Clone)]
pub(crate) struct Prunable {
    filters: Filters,
    until: Option<Timestamp>,
}

impl Prunable {
    /// Parses the filters of a `prune` command that supports `known`: of `until`, `label`, `label!`, `dangling`, `all`.
    ///
    /// # Errors
    /// In Docker's words: an unknown filter, or an invalid time.
    pub(crate) fn new(
        filters: Filters,
        known: &[&str],
        now: Timestamp,
        zone: &TimeZone,
    ) -> Result<Self> {
        filters.check(known)?;
        let mut moments = filters.values("until");
        let until = moments
            .next()
            .map(|text| timestamps::parse(text, now, zone).map_err(Error::invalid))
            .transpose()?;
        if moments.next().is_some() {
            return Err(Error::invalid("more than one until filter specified"));
        }
        drop(moments);
        Ok(Self { filters, until })
    }

    /// Whether something created at `created` with these labels may be removed.
    pub(crate) fn allows(
        &self,
        created: Option<Timestamp>,
        labels: &BTreeMap<String, String>,
    ) -> bool {
        let old_enough = match (self.until, created) {
            (Some(until), Some(created)) => created <= until,
            _ => true,
        };
        old_enough
            && self.filters.labels_match("label", labels)
            && !self
                .filters
                .values("label!")
                .any(|label| label_matches(label, labels))
    }

    /// The boolean of a filter such as `dangling` or `all`.
    ///
    /// # Errors
    /// In Docker's words, if it is not a boolean.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>> {
        self.filters.boolean(name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::filters;
    use super::*;
    use crate::docker::inspect::samples::{labels, moment};

    fn prunable(words: &[&str]) -> Result<Prunable> {
        let now = moment("2026-11-21T12:00:00Z");
        Prunable::new(
            filters(words),
            &["until", "label", "label!"],
            now,
            &TimeZone::UTC,
        )
    }

    #[test]
    fn age_and_labels_decide() {
        let created = Some(moment("2026-11-21T10:00:00Z"));
        for (words, expected) in [
            (&[][..], true),
            (&["until=1h"], true),
            (&["until=3h"], false),
            (&["label=tier=db"], true),
            (&["label!=tier"], false),
            (&["label!=x"], true),
        ] {
            assert_eq!(
                prunable(words).unwrap().allows(created, &labels()),
                expected,
                "{words:?}"
            );
        }
    }

    #[test]
    fn bad_filters_are_told_in_dockers_words() {
        for (words, message) in [
            (&["name=x"][..], "invalid filter 'name'"),
            (
                &["until=1h", "until=2h"],
                "more than one until filter specified",
            ),
            (
                &["until=soon"],
                "failed to parse value as time or duration: \"soon\"",
            ),
        ] {
            assert_eq!(prunable(words).unwrap_err().to_string(), message);
        }
    }
}
