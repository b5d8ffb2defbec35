//! The form of a build's progress, and showing it on standard error.

use crate::ctx::Ctx;
use crate::failure::CommandResult;
use crate::term::progress::{Follower, Form, Screen};
use engine::build::observe::{BuildObserver, Quiet};
use std::io;
use std::time::Instant;

/// The form of the progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing; the output of a failing step is part of the error.
    Quiet,
    /// Lines with the number of their step; nothing is redrawn.
    Plain,
    /// A redrawn block.
    Terminal,
}

impl Kind {
    /// The form that `--progress` and `-q` request; `None` if it does not exist.
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

/// Runs `build`, and shows its progress in the form of `kind`.
pub(super) fn follow<T>(
    ctx: &mut Ctx,
    kind: Kind,
    build: impl FnOnce(&mut dyn BuildObserver) -> T,
) -> CommandResult<T> {
    let began = Instant::now();
    let clock = move || began.elapsed();
    let form = match kind {
        Kind::Quiet => return Ok(build(&mut Quiet)),
        Kind::Plain => Form::Plain,
        Kind::Terminal => {
            let (rows, columns) = crate::output::terminal_size().unwrap_or((24, 80));
            Form::Terminal(Screen {
                columns: usize::from(columns),
                rows: usize::from(rows),
                colour: anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never,
            })
        }
    };
    let screen = match kind {
        // It moves the cursor, and writes no other control sequences.
        Kind::Terminal => ctx.err.raw(),
        _ => &mut ctx.err,
    };
    let mut follower = Follower::new(screen, form, clock);
    let result = build(&mut follower);
    follower.finish()?;
    Ok(result)
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
}
