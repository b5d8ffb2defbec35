//! The lesson shell: what `docklings` without words starts.

mod carry;
mod complete;
mod editor;
mod highlight;
mod job;
mod lexer;
mod line;
mod words;

use crate::failure::{CommandResult, Failure};

/// Runs the lesson shell until the student leaves it.
pub(crate) fn run() -> CommandResult {
    Err(Failure::message(
        "the lesson shell is not part of this build; `docklings docker --help` shows the engine's commands",
    ))
}
