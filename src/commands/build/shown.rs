//! Which form the progress of a build has, and following it on standard error.

use crate::ctx::{self, Ctx};
use crate::failure::CommandResult;
use crate::render::progress::{Follower, Form, Screen};
use engine::build::observe::BuildObserver;
use std::io::{self, Write};
use std::time::Instant;

/// The line around what a failing step wrote.
const RULE: &str = "------\n";

/// The form of the progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing but what a failing step wrote.
    Quiet,
    /// Lines with the number of their step; nothing ever moves.
    Plain,
    /// A block that is drawn over.
    Terminal,
}

impl Kind {
    /// The form that `--progress` and `-q` ask for; `None` if there is no such form.
    pub(super) fn choose(progress: &str, quiet: bool, is_terminal: bool) -> Option<Self> {
        let can_move = is_terminal && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Some(match progress {
            _ if quiet => Self::Quiet,
            "quiet" => Self::Quiet,
            "plain" => Self::Plain,
            "tty" => Self::Terminal,
            "auto" | "" if can_move => Self::Terminal,
            "auto" | "" => Self::Plain,
            _ => return None,
        })
    }
}

/// Does `build`, and shows its progress in the form of `kind`.
pub(super) fn follow<T>(
    ctx: &mut Ctx,
    kind: Kind,
    build: impl FnOnce(&mut dyn BuildObserver) -> T,
) -> CommandResult<T> {
    let began = Instant::now();
    let clock = move || began.elapsed();
    let form = match kind {
        Kind::Quiet | Kind::Plain => Form::Plain,
        Kind::Terminal => {
            let (rows, columns) = ctx::terminal_size().unwrap_or((24, 80));
            Form::Terminal(Screen {
                columns: usize::from(columns),
                rows: usize::from(rows),
                colour: anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never,
            })
        }
    };
    if kind == Kind::Quiet {
        let mut follower = Follower::new(Vec::new(), form, clock);
        let result = build(&mut follower);
        let log = follower.finish()?;
        ctx.err
            .write_all(failing(&String::from_utf8_lossy(&log)).as_bytes())?;
        return Ok(result);
    }
    let mut follower = Follower::new(&mut ctx.err, form, clock);
    let result = build(&mut follower);
    follower.finish()?;
    Ok(result)
}

/// What the failing step wrote, of a whole log; empty if none failed.
fn failing(log: &str) -> &str {
    let end = log.trim_end_matches('\n').strip_suffix(RULE.trim_end());
    end.and_then(|front| front.rfind(RULE))
        .map_or("", |at| &log[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_follows_the_flag_and_the_terminal() {
        assert_eq!(Kind::choose("auto", false, false), Some(Kind::Plain));
        assert_eq!(Kind::choose("tty", false, false), Some(Kind::Terminal));
        assert_eq!(Kind::choose("plain", true, true), Some(Kind::Quiet));
        assert_eq!(Kind::choose("loud", false, true), None);
    }

    #[test]
    fn of_a_quiet_build_only_the_failing_step_is_shown() {
        assert_eq!(failing("#1 a\n#1 DONE 0.1s\n"), "");
        assert_eq!(
            failing("#1 a\n#1 ERROR: x\n------\n > a:\n0.1 no\n------\n"),
            "------\n > a:\n0.1 no\n------\n"
        );
    }
}
