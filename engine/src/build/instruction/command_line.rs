//! The two ways to write a command: shell form and exec form.
//!
//! Source: Dockerfile reference, "Shell and exec form".

use crate::build::syntax::error::BuildError;
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::Statement;

/// A command of RUN, CMD, ENTRYPOINT or HEALTHCHECK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CommandLine {
    /// Text for the shell.
    Shell(Word),
    /// `["word", …]`: no shell, no expansion.
    Exec(Vec<String>),
}

impl CommandLine {
    /// Reads the rest of `statement`.
    pub(crate) fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        Ok(match statement.json()? {
            Some(words) => Self::Exec(words.into_iter().map(|word| word.text).collect()),
            None => Self::Shell(statement.rest()),
        })
    }

    /// The same for an instruction without flags, where a command is required.
    pub(crate) fn required(statement: &Statement<'_>) -> Result<Self, BuildError> {
        statement.flags(&[])?;
        if statement.rest().text.is_empty() {
            return Err(statement.requires("at least one argument"));
        }
        Self::parse(statement)
    }

    /// The words to execute; `shell` precedes the shell form.
    pub(crate) fn argv(&self, shell: &[String]) -> Vec<String> {
        match self {
            Self::Exec(words) => words.clone(),
            Self::Shell(text) => {
                let mut argv = shell.to_vec();
                argv.push(text.text.clone());
                argv
            }
        }
    }

    /// Whether it is empty.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Exec(words) => words.is_empty(),
            Self::Shell(text) => text.text.is_empty(),
        }
    }
}
