//! What all `prune` commands share: the question, and what was regained.

use crate::ctx::Ctx;
use crate::failure::{CommandResult, Failure};
use crate::render::human;
use crate::render::select::Filters;
use crate::render::select::prune::Prunable;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::io::{self, BufRead};

/// Understands the filters of a `prune` command, which knows `known`.
pub(super) fn choice(words: &[String], known: &[&str], now: Timestamp) -> CommandResult<Prunable> {
    let filters = Filters::parse(words).map_err(Failure::message)?;
    Ok(Prunable::new(filters, known, now, &TimeZone::system())?)
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
