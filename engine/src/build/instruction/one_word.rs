//! The instructions of one word.
//!
//! - USER: the user of the following RUNs and of the container: `user` or `user:group`, names or numbers. Names are looked
//!   up in the image when a command runs.
//! - WORKDIR: the working directory of the following instructions and of the container. A relative path is joined to the
//!   previous WORKDIR. A missing directory is created, which makes a layer.
//! - STOPSIGNAL: the signal that `docker stop` sends first.
//! - MAINTAINER: the image's author. Deprecated; a LABEL does the same.

use super::Form;
use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::Statement;
use crate::build::work::{Effect, Work};
use crate::near::nearest;
use crate::sys::signal;

/// The only word of `statement`, with its variables not expanded.
fn word(statement: &Statement<'_>) -> Result<Word, BuildError> {
    statement.flags(&[])?;
    let word = statement.exactly_one()?;
    statement.check_word(&word)?;
    Ok(word)
}

/// USER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    /// As written.
    pub user: Word,
}

impl Form for User {
    const KEYWORD: &str = "USER";

    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        Ok(Self {
            user: word(statement)?,
        })
    }

    /// Sets the user.
    fn apply(&self, state: &mut State<'_>, at: Place<'_>) -> Result<Effect, BuildError> {
        state.config.user = state.expand(at, &self.user)?;
        Ok(Effect::configured(format!("USER {}", state.config.user)))
    }
}

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
        Ok(Self {
            path: word(statement)?,
        })
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

/// STOPSIGNAL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stopsignal {
    /// A name, with or without `SIG`, or a number.
    pub signal: Word,
}

impl Form for Stopsignal {
    const KEYWORD: &str = "STOPSIGNAL";

    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        Ok(Self {
            signal: word(statement)?,
        })
    }

    /// Sets the signal. Error: there is no such signal.
    fn apply(&self, state: &mut State<'_>, at: Place<'_>) -> Result<Effect, BuildError> {
        let name = state.expand(at, &self.signal)?;
        signal::parse(&name).map_err(|error| {
            let error = at.source.error(self.signal.span, error.to_string());
            match nearest(&name, signal::names()) {
                Some(like) => error.with_hint(format!("did you mean `{like}`?")),
                None => error,
            }
        })?;
        let history = format!("STOPSIGNAL {name}");
        state.config.stop_signal = name;
        Ok(Effect::configured(history))
    }
}

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

#[cfg(test)]
mod tests {
    use crate::build::state::testing::{apply, check_history};
    use crate::oci::config::RunConfig;

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

    #[test]
    fn signals_have_names_and_numbers() {
        check_history("STOPSIGNAL SIGINT", "STOPSIGNAL SIGINT");
        check_history("STOPSIGNAL 9", "STOPSIGNAL 9");
        assert!(apply(RunConfig::default(), &[], "STOPSIGNAL SIGNOPE").is_err());
    }
}
