//! USER: the user of the following RUNs and of the container.
//!
//! `user` or `user:group`, names or numbers; names are looked up in the image when a command runs.

use super::Form;
use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::Statement;
use crate::build::work::Effect;

/// USER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    /// As written.
    pub user: Word,
}

impl Form for User {
    const KEYWORD: &str = "USER";

    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        statement.flags(&[])?;
        let user = statement.exactly_one()?;
        statement.check_word(&user)?;
        Ok(Self { user })
    }

    /// Sets the user.
    fn apply(&self, state: &mut State<'_>, at: Place<'_>) -> Result<Effect, BuildError> {
        state.config.user = state.expand(at, &self.user)?;
        Ok(Effect::configured(format!("USER {}", state.config.user)))
    }
}
