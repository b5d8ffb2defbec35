//! ENV and LABEL: `KEY=value KEY="two words"`, and the old form `KEY the rest of the line`.
//!
//! ENV sets variables for the following steps and for the container; all values of one ENV are expanded with the
//! variables from before it. LABEL sets notes on the image, for people and programs; a later label with the same key
//! replaces an earlier one.

use super::Form;
use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::source::{Span, Word};
use crate::build::syntax::statement::Statement;
use crate::build::work::Effect;

/// A key and its value, both as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    /// The part before `=`.
    pub key: Word,
    /// The part after it.
    pub value: Word,
    /// Written as `KEY value`.
    pub old_form: bool,
}

/// Reads the rest of `statement` as pairs, at least one.
pub(super) fn parse(statement: &Statement<'_>) -> Result<Vec<Pair>, BuildError> {
    statement.flags(&[])?;
    let words = statement.quoted_words();
    let Some(first) = words.first() else {
        return Err(statement.requires("at least one argument"));
    };
    let pairs = match first.text.contains('=') {
        true => words
            .iter()
            .map(|word| pair(statement, word))
            .collect::<Result<Vec<_>, _>>()?,
        false => vec![old_pair(statement)?],
    };
    for pair in &pairs {
        statement.check_word(&pair.key)?;
        statement.check_word(&pair.value)?;
    }
    Ok(pairs)
}

fn pair(statement: &Statement<'_>, word: &Word) -> Result<Pair, BuildError> {
    let Some((key, _)) = word.text.split_once('=') else {
        let message = format!(
            "Syntax error - can't find = in {:?}. Must be of the form: name=value",
            word.text
        );
        return Err(statement
            .error(word.span, message)
            .with_hint("a value with blanks needs quotes: `NAME=\"two words\"`"));
    };
    let (key, value) = cut(word, key.len());
    if key.text.is_empty() {
        let message = format!("{} names can not be blank", statement.keyword.text);
        return Err(statement.error(word.span, message));
    }
    Ok(Pair {
        key,
        value,
        old_form: false,
    })
}

fn old_pair(statement: &Statement<'_>) -> Result<Pair, BuildError> {
    let rest = statement.rest();
    let Some(at) = rest.text.find(char::is_whitespace) else {
        return Err(statement
            .error(
                rest.span,
                format!("{} must have two arguments", statement.keyword.text),
            )
            .with_hint(format!(
                "write `{} {}=value`",
                statement.keyword.text, rest.text
            )));
    };
    let value = rest.text[at..].trim_start();
    let start = rest.text.len() - value.len();
    Ok(Pair {
        key: part(&rest, 0, at),
        value: part(&rest, start, rest.text.len()),
        old_form: true,
    })
}

/// `word` before and after the `=` at byte `at`.
pub(super) fn cut(word: &Word, at: usize) -> (Word, Word) {
    (part(word, 0, at), part(word, at + 1, word.text.len()))
}

fn part(word: &Word, start: usize, end: usize) -> Word {
    let place = |offset: usize| (word.span.start + offset).min(word.span.end);
    Word {
        text: word.text[start..end].to_owned(),
        span: Span {
            start: place(start),
            end: place(end),
        },
    }
}

/// Keys and values with their variables expanded.
fn expanded(
    pairs: &[Pair],
    state: &State<'_>,
    at: Place<'_>,
) -> Result<Vec<(String, String)>, BuildError> {
    let both = |pair: &Pair| Ok((state.expand(at, &pair.key)?, state.expand(at, &pair.value)?));
    pairs.iter().map(both).collect()
}

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
            pairs: parse(statement)?,
        })
    }

    /// Sets the variables. All values are expanded before the first is set.
    fn apply(&self, state: &mut State<'_>, at: Place<'_>) -> Result<Effect, BuildError> {
        let set = expanded(&self.pairs, state, at)?;
        let mut history = String::from("ENV");
        for (name, value) in &set {
            history.push_str(&format!(" {name}={value}"));
            state.set_env(name, value);
        }
        Ok(Effect::configured(history))
    }
}

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
            pairs: parse(statement)?,
        })
    }

    /// Sets the labels.
    fn apply(&self, state: &mut State<'_>, at: Place<'_>) -> Result<Effect, BuildError> {
        let mut history = String::from("LABEL");
        for (key, value) in expanded(&self.pairs, state, at)? {
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

    #[test]
    fn history_shows_the_labels() {
        check_history("ENV V=2\nLABEL a=\"b c\" d=$V", "LABEL a=b c d=2");
    }
}
