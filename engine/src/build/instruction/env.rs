//! ENV: variables for the following steps and for the container.
//!
//! `ENV A=1 B="two words"` · the old form `ENV A the rest of the line`. All values of one ENV are expanded with the
//! variables from before it.

use super::Form;
use super::pairs::{self, Pair};
use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::statement::Statement;
use crate::build::work::Effect;

/// ENV.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Env {
    /// In the order written.
    pub pairs: Vec<Pair>,
}

impl Form for Env {
    const KEYWORD: &str = "ENV";

    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        Ok(Self {
            pairs: pairs::parse(statement)?,
        })
    }

    /// Sets the variables. All values are expanded before the first is set.
    fn apply(&self, state: &mut State<'_>, at: Place<'_>) -> Result<Effect, BuildError> {
        let mut set = Vec::new();
        for pair in &self.pairs {
            set.push((state.expand(at, &pair.key)?, state.expand(at, &pair.value)?));
        }
        let mut history = String::from("ENV");
        for (name, value) in &set {
            history.push_str(&format!(" {name}={value}"));
            state.set_env(name, value);
        }
        Ok(Effect::configured(history))
    }
}

#[cfg(test)]
mod tests {
    use crate::build::state::testing::{apply, check_history};
    use crate::oci::config::RunConfig;

    #[test]
    fn history_shows_the_values_without_quotes() {
        check_history("ENV A=1 B=\"x y\"", "ENV A=1 B=x y");
        check_history("ENV A some  words", "ENV A=some  words");
    }

    #[test]
    fn one_env_sees_the_variables_before_it() {
        let (config, _) = apply(RunConfig::default(), &[], "ENV a=hello\nENV a=bye b=$a").unwrap();
        assert_eq!(config.env.unwrap(), ["a=bye", "b=hello"]);
    }
}
