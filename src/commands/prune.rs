//! What all `prune` commands share: the question, and what was regained.

use crate::ctx::Ctx;
use crate::failure::{CommandResult, Failure};
use crate::filters::Filters;
use crate::render::{human, timestamps};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::io::{self, BufRead};

/// The filters of `prune`: `until`, `label`, `label!`.
pub(super) struct Choice {
    filters: Filters,
    until: Option<Timestamp>,
}

impl Choice {
    /// Reads `pairs`; `known` are the names that the command has.
    pub(super) fn new(
        pairs: &[(String, String)],
        known: &[&str],
        now: Timestamp,
    ) -> CommandResult<Self> {
        let filters = Filters::new(pairs, known)?;
        let until = match filters.get("until") {
            [] => None,
            [text] => {
                Some(timestamps::parse(text, now, &TimeZone::system()).map_err(Failure::message)?)
            }
            _ => return Err(Failure::message("more than one until filter specified")),
        };
        Ok(Self { filters, until })
    }

    /// Whether something made at `created`, with these labels, is to go.
    pub(super) fn takes(&self, created: Timestamp, labels: &BTreeMap<String, String>) -> bool {
        let refused = self.filters.get("label!");
        let has = |wanted: &String| match wanted.split_once('=') {
            Some((key, value)) => labels.get(key).is_some_and(|found| found == value),
            None => labels.contains_key(wanted),
        };
        self.until.is_none_or(|until| created < until)
            && self.filters.labels("label", labels)
            && !refused.iter().any(has)
    }

    /// The filters themselves.
    pub(super) fn filters(&self) -> &Filters {
        &self.filters
    }
}

/// Asks whether to go on. Only `y` is a yes, as in Docker.
pub(super) fn confirm(ctx: &mut Ctx, warning: &str) -> CommandResult<bool> {
    write!(
        ctx.out,
        "{warning}\nAre you sure you want to continue? [y/N] "
    )?;
    ctx.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("y"))
}

/// Names what was removed under `title`, if anything was.
pub(super) fn tell(ctx: &mut Ctx, title: &str, removed: &[String]) -> CommandResult {
    if !removed.is_empty() {
        writeln!(ctx.out, "{title}")?;
        for name in removed {
            writeln!(ctx.out, "{name}")?;
        }
        writeln!(ctx.out)?;
    }
    Ok(())
}

/// The last line of every prune.
pub(super) fn tell_space(ctx: &mut Ctx, bytes: u64) -> CommandResult {
    Ok(writeln!(
        ctx.out,
        "Total reclaimed space: {}",
        human::size4(bytes)
    )?)
}
