//! ENV: variables for the steps that follow and for the container.
//!
//! `ENV A=1 B="two words"` · the old form `ENV A the rest of the line`. All values of one ENV are expanded with the
//! variables as they were before it.

use super::pairs::{self, Pair};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::statement::Statement;

/// ENV.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Env {
    /// In the order written.
    pub pairs: Vec<Pair>,
}

impl Env {
    pub(crate) fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        Ok(Self {
            pairs: pairs::parse(statement)?,
        })
    }
}
