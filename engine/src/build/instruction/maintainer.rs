//! MAINTAINER: the image's author. Deprecated; a LABEL does the same.

use super::Form;
use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::statement::Statement;
use crate::build::work::Effect;

/// MAINTAINER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Maintainer {
    /// Free text.
    pub author: String,
}

impl Form for Maintainer {
    const KEYWORD: &str = "MAINTAINER";

    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        statement.flags(&[])?;
        Ok(Self {
            author: statement.exactly_one()?.text,
        })
    }

    /// Sets the author.
    fn apply(&self, state: &mut State<'_>, _at: Place<'_>) -> Result<Effect, BuildError> {
        state.author = self.author.clone();
        Ok(Effect::configured(format!("MAINTAINER {}", self.author)))
    }
}
