//! Docker's command line: the commands, the values of their flags, and their output.
//!
//! Nothing in this module depends on the course.

pub(crate) mod commands;
pub mod inspect;
pub mod listing;
pub mod ports;
pub(crate) mod registry;
pub mod rows;
pub mod select;
pub(crate) mod session;
pub mod template;
pub mod timestamps;
pub mod tree;
mod tutor;
pub mod value;
pub(crate) mod values;

use crate::failure::CommandResult;

/// Runs the command line `words`, which come after `docker`.
pub(crate) fn run(words: &[String]) -> CommandResult {
    commands::run(words).map_err(|failure| tutor::advised(words, failure))
}
