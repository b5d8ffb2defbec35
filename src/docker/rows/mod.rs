//! The rows of Docker's lists, with the fields for `--format`.
//!
//! Each file has the columns of one list, and a function from the engine's plain data to a row.

pub(crate) mod cache;
pub(crate) mod container;
pub(crate) mod disk_usage;
pub(crate) mod event;
pub(crate) mod history;
pub(crate) mod image;
pub(crate) mod stats;
pub(crate) mod volume;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::time::Duration;

/// How to show rows.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// The current time.
    pub(crate) now: Timestamp,
    /// The caller's time zone.
    pub(crate) zone: TimeZone,
    /// Short ids and cut commands: not `--no-trunc`.
    pub(crate) truncate: bool,
}

impl View {
    /// `3 hours`: from `moment` until now; empty if it is in the future.
    fn since(&self, moment: Timestamp) -> String {
        let span = self.now.duration_since(moment);
        crate::term::human::span(Duration::try_from(span).unwrap_or_default())
    }

    /// `id`, cut to 12 digits unless the user requested all.
    pub(crate) fn id<'a>(&self, id: &'a str) -> &'a str {
        match self.truncate {
            true => crate::term::human::short_id(id),
            false => id,
        }
    }
}

/// `app=shop,tier=db`.
fn labels(labels: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    pairs.join(",")
}

#[cfg(test)]
impl View {
    /// At noon of the day when the samples were created.
    pub(crate) fn sample() -> Self {
        Self {
            now: crate::docker::inspect::samples::moment("2026-11-21T12:00:00Z"),
            zone: TimeZone::UTC,
            truncate: true,
        }
    }
}
