//! WORKDIR: where the following instructions, and the container, start.
//!
//! A relative path joins the previous WORKDIR. A directory that is missing is made, and that is a layer.

use crate::build::syntax::error::BuildError;
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::Statement;

/// WORKDIR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workdir {
    /// As written.
    pub path: Word,
}

impl Workdir {
    pub(crate) fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        statement.flags(&[])?;
        let path = statement.exactly_one()?;
        statement.check_word(&path)?;
        Ok(Self { path })
    }
}
