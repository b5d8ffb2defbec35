//! The course's verbs outside the shell: `docklings list`, `check`, `hint`, …

pub(crate) mod course;
pub(crate) mod judge;
pub(crate) mod play;
pub(crate) mod steps;
pub(crate) mod workbench;

use crate::failure::{CommandResult, Failure};
use crate::shell;

/// Runs `docklings verb words…`.
pub(crate) fn run(verb: &str, words: &[String]) -> CommandResult {
    match verb {
        "--plain" => shell::run(true),
        workbench::REMOVE => workbench::remove_as_root(words),
        _ => Err(Failure::message(format!(
            "docklings: unknown command: docklings {verb}\n\nRun 'docklings docker --help' for the engine's commands"
        ))),
    }
}
