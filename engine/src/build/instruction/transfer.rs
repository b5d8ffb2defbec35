//! What COPY and ADD share: sources, destination and the flags about them.

use crate::build::syntax::error::BuildError;
use crate::build::syntax::heredoc::{self, Heredoc};
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::{FlagKind, Flags, Statement};

/// Files to bring into the image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transfer {
    /// Paths or patterns, variables not expanded.
    pub sources: Vec<Word>,
    /// Sources written in the Dockerfile itself.
    pub heredocs: Vec<Heredoc>,
    /// Where to; a trailing `/` means a directory.
    pub destination: Word,
    /// Written as a JSON array.
    pub json: bool,
    /// `--chown`.
    pub chown: Option<Word>,
    /// `--chmod`.
    pub chmod: Option<Word>,
    /// `--exclude`, several.
    pub exclude: Vec<Word>,
    /// `--link`: accepted; a layer of ours never depends on the ones below.
    pub link: bool,
}

/// The flags that COPY and ADD share.
pub(super) const FLAGS: [(&str, FlagKind); 5] = [
    ("chown", FlagKind::Value),
    ("chmod", FlagKind::Value),
    ("exclude", FlagKind::Values),
    ("link", FlagKind::Switch),
    ("parents", FlagKind::Switch),
];

impl Transfer {
    pub(super) fn parse(statement: &Statement<'_>, flags: &Flags) -> Result<Self, BuildError> {
        let keyword = &statement.keyword.text;
        if flags.switch("parents") {
            return Err(statement
                .error_here(format!("`{keyword} --parents` is not part of docklings"))
                .with_hint("see docs/limits.md"));
        }
        let (mut words, json) = statement.list()?;
        if !json {
            // Words in quotes may hold blanks when a heredoc is announced: `<<"a b"`.
            words = match statement.heredocs() {
                [] => words,
                _ => statement.quoted_words(),
            };
        }
        let destination = match (words.len(), words.pop()) {
            (0, _) | (_, None) => return Err(statement.requires("at least two arguments")),
            (1, _) => {
                return Err(statement.requires(
                    "at least two arguments, but only one was provided. Destination could not be determined",
                ));
            }
            (_, Some(destination)) => destination,
        };
        let mut sources = Vec::new();
        for word in words {
            statement.check_word(&word)?;
            if json || heredoc::mark(&word.text).is_none() {
                sources.push(word);
            }
        }
        statement.check_word(&destination)?;
        for value in ["chown", "chmod"]
            .iter()
            .filter_map(|name| flags.value(name))
        {
            statement.check_word(&value)?;
        }
        Ok(Self {
            sources,
            heredocs: statement.heredocs().to_vec(),
            destination,
            json,
            chown: flags.value("chown"),
            chmod: flags.value("chmod"),
            exclude: flags.values("exclude"),
            link: flags.switch("link"),
        })
    }
}
