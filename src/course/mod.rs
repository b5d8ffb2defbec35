//! The course: the lesson shell, the verbs of `docklings`, and the tools for authors of exercises.
//!
//! What a learner types runs as the real `docker`. This module is everything around it.

mod author;
mod explain;
mod judge;
mod layout;
mod look;
mod play;
mod scripted;
pub(crate) mod shell;
mod show;
mod state;
mod steps;
pub(crate) mod verbs;
mod view;
pub(crate) mod workspace;

use crate::docker::commands;
use crate::docker::registry::hub;
use crate::failure::CommandResult;
use verbs::{doctor, show as print};

/// Runs `docklings words…`; without words, the lesson shell.
pub(crate) fn run(words: &[String]) -> CommandResult {
    let Some((verb, words)) = words.split_first() else {
        return shell::run(false);
    };
    match verb.as_str() {
        "--plain" if words.is_empty() => shell::run(true),
        "help" | "--help" | "-h" => print(&verbs::help()),
        "--version" | "-V" | "version" => print(&format!(
            "docklings {}, Docker command line {}\n",
            env!("CARGO_PKG_VERSION"),
            commands::DOCKER
        )),
        "author" => author::run(words),
        "explain" => {
            let look = look::Look::of_process(false);
            let text = view::explained(&shell_words::join(words), look);
            Ok(look.show(&text)?)
        }
        hub::STAGE => hub::stage::run(words),
        doctor::probe::PROBE => doctor::probe::run(words),
        shell::undo::KEEP => shell::undo::keep(words),
        shell::undo::TAKE_BACK => shell::undo::take_back(words),
        workspace::REMOVE => workspace::remove_as_root(words),
        verb => verbs::run(verb, words),
    }
}
