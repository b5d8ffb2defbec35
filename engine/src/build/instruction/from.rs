//! FROM: the image that a stage starts from.
//!
//! `FROM [--platform=P] image[:tag][@digest] [AS name]`; the image can also be an earlier stage, or `scratch`.

use crate::build::syntax::error::BuildError;
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::{FlagKind, Statement};

/// FROM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct From {
    /// The image, with unexpanded variables.
    pub image: Word,
    /// `AS name`, as written.
    pub name: Option<Word>,
    /// The word `AS` as written.
    pub as_word: Option<Word>,
    /// `--platform`.
    pub platform: Option<Word>,
}

impl From {
    /// Its keyword.
    pub(crate) const KEYWORD: &str = "FROM";

    pub(crate) fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        let flags = statement.flags(&[("platform", FlagKind::Value)])?;
        let mut words = statement.plain_words().into_iter();
        let parts = (words.next(), words.next(), words.next(), words.next());
        let (image, as_word, name) = match parts {
            (Some(image), None, None, None) => (image, None, None),
            (Some(image), Some(word), Some(name), None) if word.text.eq_ignore_ascii_case("as") => {
                check_name(statement, &name)?;
                (image, Some(word), Some(name))
            }
            _ => {
                return Err(statement
                    .requires("either one or three arguments")
                    .with_hint("write `FROM image` or `FROM image AS name`"));
            }
        };
        statement.check_word(&image)?;
        Ok(Self {
            image,
            name,
            as_word,
            platform: flags.value("platform"),
        })
    }
}

/// A lower-case letter first, then letters, digits, `-`, `_` and `.`; names are case-insensitive.
fn check_name(statement: &Statement<'_>, name: &Word) -> Result<(), BuildError> {
    let lower = name.text.to_ascii_lowercase();
    let valid = lower.starts_with(|c: char| c.is_ascii_lowercase())
        && lower
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c));
    if valid {
        return Ok(());
    }
    Err(statement.error(
        name.span,
        format!(
            "invalid name for build stage: {:?}, name can't start with a number or contain symbols",
            name.text
        ),
    ))
}
