//! CMD: what a container runs unless `docker run` says otherwise; also the words after the ENTRYPOINT.

use super::command_line::CommandLine;
use crate::build::syntax::error::BuildError;
use crate::build::syntax::statement::Statement;

/// CMD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cmd {
    /// The command; an empty exec form (`[]`) clears the image's.
    pub command: CommandLine,
}

impl Cmd {
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
