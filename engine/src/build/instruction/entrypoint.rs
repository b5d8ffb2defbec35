//! ENTRYPOINT: the program that a container of this image is; CMD, or the words after IMAGE, are its arguments.
//!
//! Setting it clears a CMD that came from the base image, since that was meant for another program.

use super::command_line::CommandLine;
use crate::build::syntax::error::BuildError;
use crate::build::syntax::statement::Statement;

/// ENTRYPOINT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entrypoint {
    /// The command; an empty exec form (`[]`) clears the image's.
    pub command: CommandLine,
}

impl Entrypoint {
    pub(crate) fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        statement.flags(&[])?;
        if statement.rest().text.is_empty() {
            return Err(statement.requires("at least one argument"));
        }
        Ok(Self {
            command: CommandLine::parse(statement)?,
        })
    }
}
