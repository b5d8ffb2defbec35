//! What all `prune` commands share: the question, and what was regained.

use crate::ctx::Ctx;
use crate::docker::select::Filters;
use crate::docker::select::prune::Prunable;
use crate::failure::{CommandResult, Failure};
use crate::term::human;
use engine::ErrorKind;
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

/// What a prune has removed, and what it could not remove.
#[derive(Default)]
pub(crate) struct Pruned {
    /// A line for each thing that went.
    pub(crate) removed: Vec<String>,
    /// The bytes of its files.
    pub(crate) space: u64,
    failures: Vec<Failure>,
}

impl Pruned {
    /// Notes what came of removing `name`, with `space` bytes. What is in use by now, or gone, was not to be removed.
    pub(super) fn note(&mut self, name: &str, space: u64, ended: engine::Result<()>) {
        match ended {
            Ok(()) => {
                self.removed.push(name.to_owned());
                self.space += space;
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Conflict) => {}
            Err(error) => self.failures.push(error.into()),
        }
    }

    /// Names what was removed under `title`. Returns the bytes, and what could not be removed.
    pub(super) fn tell(self, ctx: &mut Ctx, title: &str) -> CommandResult<(u64, Vec<Failure>)> {
        tell(ctx, title, &self.removed)?;
        Ok((self.space, self.failures))
    }

    /// Names what was removed under `title`, and the bytes. Error: what could not be removed.
    pub(super) fn tell_all(self, ctx: &mut Ctx, title: &str) -> CommandResult {
        let (space, failures) = self.tell(ctx, title)?;
        tell_space(ctx, space)?;
        all_well(failures)
    }
}

/// All failures together, if there are some.
pub(super) fn all_well(failures: Vec<Failure>) -> CommandResult {
    match failures.is_empty() {
        true => Ok(()),
        false => Err(Failure::Several(failures)),
    }
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
