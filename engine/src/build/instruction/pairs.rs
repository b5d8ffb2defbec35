//! `KEY=value KEY=value`, as in ENV and LABEL, and the old form `KEY value`.

use crate::build::syntax::error::BuildError;
use crate::build::syntax::source::{Span, Word};
use crate::build::syntax::statement::Statement;

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
