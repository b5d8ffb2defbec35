//! STOPSIGNAL: the signal that `docker stop` sends first.

use crate::build::syntax::error::BuildError;
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::Statement;

/// STOPSIGNAL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopsignal {
    /// A name, with or without `SIG`, or a number.
    pub signal: Word,
}

impl Stopsignal {
    pub(crate) fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        statement.flags(&[])?;
        let signal = statement.exactly_one()?;
        statement.check_word(&signal)?;
        Ok(Self { signal })
    }
}
