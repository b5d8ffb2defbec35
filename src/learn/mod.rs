//! The course's verbs outside the shell: `docklings list`, `check`, `hint`, …

use crate::failure::{CommandResult, Failure};

/// Runs `docklings verb words…`.
pub(crate) fn run(verb: &str, _words: &[String]) -> CommandResult {
    Err(Failure::message(format!(
        "docklings: unknown command: docklings {verb}\n\nRun 'docklings docker --help' for the engine's commands"
    )))
}
