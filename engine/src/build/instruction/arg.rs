//! ARG: variables that `--build-arg` sets and that only the build sees.
//!
//! An ARG before the first FROM is visible to FROM only; a stage declares it again (`ARG NAME`) to see its value. ENV
//! of the same name always wins.
//!
//! **Lesson.** `settings-of-an-image`

use super::Form;
use super::pairs;
use crate::build::state::{ArgValue, Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::Statement;
use crate::build::work::{Effect, Work};

/// ARG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arg {
    /// In the order written.
    pub declared: Vec<Declared>,
}

/// One name and its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The name.
    pub name: Word,
    /// The default, if one is written.
    pub default: Option<Word>,
}

impl Form for Arg {
    const KEYWORD: &str = "ARG";

    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        statement.flags(&[])?;
        let words = statement.quoted_words();
        if words.is_empty() {
            return Err(statement.requires("at least one argument"));
        }
        let mut declared = Vec::new();
        for word in &words {
            let (name, default) = match word.text.find('=') {
                Some(at) => {
                    let (name, value) = pairs::cut(word, at);
                    (name, Some(value))
                }
                None => (word.clone(), None),
            };
            if name.text.is_empty() {
                return Err(statement.error(word.span, "ARG names can not be blank"));
            }
            statement.check_word(&name)?;
            if let Some(default) = &default {
                statement.check_word(default)?;
            }
            declared.push(Declared { name, default });
        }
        Ok(Self { declared })
    }

    /// Declares the arguments in order, so that a later one sees an earlier one.
    fn apply(&self, state: &mut State<'_>, at: Place<'_>) -> Result<Effect, BuildError> {
        let (mut history, mut key) = (String::from("ARG"), String::from("ARG"));
        for declared in &self.declared {
            let name = state.expand(at, &declared.name)?;
            let global = || {
                let global = state.globals.iter().find(|global| global.name == name);
                global.and_then(|global| global.value.clone())
            };
            // An unused default is not expanded: `${X:?message}` is then not an error.
            let value = match (state.build_args.take(&name), &declared.default) {
                (Some(given), _) => Some(given),
                (None, Some(default)) => Some(state.expand(at, default)?),
                (None, None) => global(),
            };
            key.push_str(&format!(" {name}"));
            history.push_str(&format!(" {name}"));
            if let Some(value) = &value {
                history.push_str(&format!("={value}"));
            }
            state.args.retain(|arg| arg.name != name);
            state.args.push(ArgValue { name, value });
        }
        // A value counts from the first RUN that sees it, so it is not in this key.
        Ok(Effect {
            history: Some(history),
            key,
            work: Work::Configured,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::build::state::testing::apply;
    use crate::oci::config::RunConfig;

    fn check(given: &[(&str, &str)], lines: &str, history: &str) {
        let (_, effect) = apply(RunConfig::default(), given, lines).unwrap();
        assert_eq!(effect.history.as_deref(), Some(history), "{lines}");
    }

    #[test]
    fn a_given_value_wins_over_the_default_and_the_global_one() {
        check(&[], "ARG V=1", "ARG V=1");
        check(&[("V", "2")], "ARG V=1", "ARG V=2");
        check(&[], "ARG V", "ARG V");
        check(&[], "ARG GLOBAL", "ARG GLOBAL=g");
        check(&[], "ARG A=1 B=${A}2", "ARG A=1 B=12");
        check(&[("B", "2")], "ARG B=${A:?\"no A\"}", "ARG B=2");
        check(&[], "ARG A=x\nENV B=$A", "ENV B=x");
        check(
            &[("A", "no")],
            "ENV A=env\nARG A=arg\nENV B=$A",
            "ENV B=env",
        );
    }

    #[test]
    fn the_value_is_no_part_of_the_key() {
        let key =
            |given: &[(&str, &str)]| apply(RunConfig::default(), given, "ARG V=1").unwrap().1.key;
        assert_eq!(key(&[]), key(&[("V", "2")]));
    }
}
