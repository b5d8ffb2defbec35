//! Docker's command line: the commands, the values of their flags, and their output.
//!
//! Nothing in this module depends on the course.

pub(crate) mod commands;
pub(crate) mod inspect;
pub(crate) mod listing;
pub(crate) mod ports;
pub(crate) mod registry;
pub(crate) mod rows;
pub(crate) mod select;
pub(crate) mod session;
pub(crate) mod template;
pub(crate) mod timestamps;
mod tutor;
pub(crate) mod value;
pub(crate) mod values;

use crate::failure::CommandResult;

/// Runs the command line `words`, which come after `docker`.
pub(crate) fn run(words: &[String]) -> CommandResult {
    commands::run(words).map_err(|failure| tutor::advised(words, failure))
}
