//! ARG: variables that `--build-arg` sets and that only the build sees.
//!
//! Before the first FROM an ARG is seen by FROM only; a stage declares it again (`ARG NAME`) to see its value.
//! ENV of the same name always wins.

use super::pairs;
use crate::build::syntax::error::BuildError;
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::Statement;

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

impl Arg {
    pub(crate) fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
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
}
