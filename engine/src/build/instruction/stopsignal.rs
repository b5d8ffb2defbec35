//! STOPSIGNAL: the signal that `docker stop` sends first.

use super::Form;
use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::Statement;
use crate::build::work::Effect;
use crate::near::nearest;
use crate::sys::signal;

/// STOPSIGNAL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stopsignal {
    /// A name, with or without `SIG`, or a number.
    pub signal: Word,
}

impl Form for Stopsignal {
    const KEYWORD: &str = "STOPSIGNAL";

    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        statement.flags(&[])?;
        let signal = statement.exactly_one()?;
        statement.check_word(&signal)?;
        Ok(Self { signal })
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

#[cfg(test)]
mod tests {
    use crate::build::state::testing::{apply, check_history};
    use crate::oci::config::RunConfig;

    #[test]
    fn signals_have_names_and_numbers() {
        check_history("STOPSIGNAL SIGINT", "STOPSIGNAL SIGINT");
        check_history("STOPSIGNAL 9", "STOPSIGNAL 9");
        assert!(apply(RunConfig::default(), &[], "STOPSIGNAL SIGNOPE").is_err());
    }
}
