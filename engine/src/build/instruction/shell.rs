//! SHELL: the words before every following shell-form command.

use super::Form;
use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::statement::Statement;
use crate::build::work::Effect;

/// SHELL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shell {
    /// Such as `["/bin/bash", "-c"]`.
    pub words: Vec<String>,
}

impl Form for Shell {
    const KEYWORD: &str = "SHELL";

    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        statement.flags(&[])?;
        match statement.json()? {
            Some(words) if !words.is_empty() => Ok(Self {
                words: words.into_iter().map(|word| word.text).collect(),
            }),
            Some(_) => Err(statement.requires("at least one argument")),
            None => Err(statement
                .error(
                    statement.rest().span,
                    "SHELL requires the arguments to be in JSON form",
                )
                .with_hint("such as `SHELL [\"/bin/bash\", \"-c\"]`, in double quotes")),
        }
    }

    /// Sets the shell.
    fn apply(&self, state: &mut State<'_>, _at: Place<'_>) -> Result<Effect, BuildError> {
        state.config.shell = Some(self.words.clone());
        Ok(Effect::configured(format!(
            "SHELL [{}]",
            self.words.join(" ")
        )))
    }
}
