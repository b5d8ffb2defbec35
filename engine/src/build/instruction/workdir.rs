//! WORKDIR: the working directory of the following instructions and of the container.
//!
//! A relative path is joined to the previous WORKDIR. A missing directory is created, which makes a layer.

use super::Form;
use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::Statement;
use crate::build::work::{Effect, Work};

/// WORKDIR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Workdir {
    /// As written.
    pub path: Word,
}

impl Form for Workdir {
    const KEYWORD: &str = "WORKDIR";
    const CHANGES_FILES: bool = true;

    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        statement.flags(&[])?;
        let path = statement.exactly_one()?;
        statement.check_word(&path)?;
        Ok(Self { path })
    }

    /// Sets the directory, which the build creates if it is missing.
    fn apply(&self, state: &mut State<'_>, at: Place<'_>) -> Result<Effect, BuildError> {
        let path = state.expand(at, &self.path)?;
        if path.is_empty() {
            return Err(at
                .source
                .error(self.path.span, "cannot normalize nothing: WORKDIR is empty"));
        }
        let path = state.absolute(&path);
        state.config.working_dir = path.clone();
        let history = format!("WORKDIR {path}");
        Ok(Effect {
            key: history.clone(),
            history: Some(history),
            work: Work::Directory {
                path,
                user: state.config.user.clone(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::build::state::testing::check_history;

    #[test]
    fn a_relative_path_joins_the_previous_one() {
        check_history("WORKDIR /a\nWORKDIR b\nWORKDIR ./c/../d", "WORKDIR /a/b/d");
        check_history("WORKDIR x", "WORKDIR /x");
        check_history("WORKDIR /../..", "WORKDIR /");
        check_history("ENV D=/app\nWORKDIR $D/x", "WORKDIR /app/x");
        check_history(
            "WORKDIR $NO",
            "! cannot normalize nothing: WORKDIR is empty",
        );
    }
}
