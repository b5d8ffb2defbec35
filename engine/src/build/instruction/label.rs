//! LABEL: notes on the image, for people and programs.
//!
//! `LABEL org.opencontainers.image.source="…" stage=test`; a later label with the same key replaces an earlier one.

use super::Form;
use super::pairs::{self, Pair};
use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::statement::Statement;
use crate::build::work::Effect;

/// LABEL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label {
    /// In the order written.
    pub pairs: Vec<Pair>,
}

impl Form for Label {
    const KEYWORD: &str = "LABEL";

    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        Ok(Self {
            pairs: pairs::parse(statement)?,
        })
    }

    /// Sets the labels.
    fn apply(&self, state: &mut State<'_>, at: Place<'_>) -> Result<Effect, BuildError> {
        let mut history = String::from("LABEL");
        for pair in &self.pairs {
            let (key, value) = (state.expand(at, &pair.key)?, state.expand(at, &pair.value)?);
            history.push_str(&format!(" {key}={value}"));
            state
                .config
                .labels
                .get_or_insert_default()
                .insert(key, value);
        }
        Ok(Effect::configured(history))
    }
}

#[cfg(test)]
mod tests {
    use crate::build::state::testing::check_history;

    #[test]
    fn history_shows_the_labels() {
        check_history("ENV V=2\nLABEL a=\"b c\" d=$V", "LABEL a=b c d=2");
    }
}
