//! The parts that COPY and ADD share: sources, destination and their flags.

use crate::build::place::rights::Mode;
use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::heredoc::{self, Heredoc};
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::{FlagKind, Flags, Statement};
use crate::build::work::{CopySource, CopyWork, Effect, Work};

/// Files to bring into the image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Transfer {
    /// Paths or patterns, variables not expanded.
    pub sources: Vec<Word>,
    /// Sources written in the Dockerfile itself.
    pub heredocs: Vec<Heredoc>,
    /// The destination; a trailing `/` means a directory.
    pub destination: Word,
    /// Written as a JSON array.
    pub json: bool,
    /// `--chown`.
    pub chown: Option<Word>,
    /// `--chmod`.
    pub chmod: Option<Word>,
    /// `--exclude`, repeatable.
    pub exclude: Vec<Word>,
    /// `--link`: accepted, without effect; our layers never depend on the ones below.
    pub link: bool,
}

/// The flags that COPY and ADD share.
pub(super) const FLAGS: [(&str, FlagKind); 4] = [
    ("chown", FlagKind::Value),
    ("chmod", FlagKind::Value),
    ("exclude", FlagKind::Values),
    ("link", FlagKind::Switch),
];

impl Transfer {
    pub(super) fn parse(statement: &Statement<'_>, flags: &Flags) -> Result<Self, BuildError> {
        let (mut words, json) = statement.list()?;
        if !json {
            // Quoted words may contain blanks if a heredoc is declared: `<<"a b"`.
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

impl Transfer {
    /// All words in which variables are expanded.
    pub(crate) fn words(&self) -> Vec<&Word> {
        let rights = [&self.chown, &self.chmod].into_iter().flatten();
        let sources = self.sources.iter().chain([&self.destination]);
        sources.chain(rights).chain(&self.exclude).collect()
    }

    /// The work, with all variables expanded.
    pub(super) fn work(
        &self,
        state: &State<'_>,
        at: Place<'_>,
        keyword: &'static str,
    ) -> Result<CopyWork, BuildError> {
        let mut sources = Vec::new();
        for word in &self.sources {
            sources.push(CopySource::Path(state.expand(at, word)?, word.clone()));
        }
        for heredoc in &self.heredocs {
            let text = Word {
                text: heredoc.text(),
                span: heredoc.span,
            };
            let content = match heredoc.expand {
                true => state.expand_text(at, &text)?,
                false => text.text,
            };
            sources.push(CopySource::Inline {
                name: heredoc.name.clone(),
                content,
            });
        }
        let expand = |word: &Option<Word>| -> Result<Option<String>, BuildError> {
            match word {
                Some(word) => Ok(Some(state.expand(at, word)?)),
                None => Ok(None),
            }
        };
        let chmod = expand(&self.chmod)?;
        if let (Some(chmod), Some(word)) = (&chmod, &self.chmod) {
            Mode::parse(chmod).map_err(|error| at.source.error(word.span, error.to_string()))?;
        }
        let written = state.expand(at, &self.destination)?;
        let mut destination = state.absolute(&written);
        let is_dir = [".", ""].contains(&written.as_str())
            || written.ends_with('/')
            || written.ends_with("/.");
        if is_dir && !destination.ends_with('/') {
            destination.push('/');
        }
        let mut exclude = Vec::new();
        for word in &self.exclude {
            exclude.push(state.expand(at, word)?);
        }
        Ok(CopyWork {
            keyword,
            sources,
            destination,
            destination_word: Word {
                text: written,
                span: self.destination.span,
            },
            chown: expand(&self.chown)?,
            chmod,
            exclude,
            ..CopyWork::default()
        })
    }
}

/// The effect of COPY or ADD.
pub(super) fn effect(work: CopyWork) -> Effect {
    let mut words = vec![work.keyword.to_owned()];
    if work.parents {
        words.push("--parents".to_owned());
    }
    if let Some(chown) = &work.chown {
        words.push(format!("--chown={chown}"));
    }
    if let Some(chmod) = &work.chmod {
        words.push(format!("--chmod={chmod}"));
    }
    for source in &work.sources {
        words.push(match source {
            CopySource::Path(text, _) | CopySource::Url(text, _) => text.clone(),
            CopySource::Inline { name, .. } => format!("<<{name}"),
        });
    }
    words.push(work.destination_word.text.clone());
    let history = format!("{} # buildkit", words.join(" "));
    // The key contains the content of the sources, not their names; see `cache`.
    let mut key = format!("{} -> {}", work.keyword, work.destination);
    for (name, value) in [
        ("chown", &work.chown),
        ("chmod", &work.chmod),
        ("checksum", &work.checksum),
    ] {
        if let Some(value) = value {
            key.push_str(&format!(" --{name}={value}"));
        }
    }
    for pattern in &work.exclude {
        key.push_str(&format!(" --exclude={pattern}"));
    }
    if work.parents {
        key.push_str(" --parents");
    }
    if let Some(unpack) = work.unpack {
        key.push_str(&format!(" --unpack={unpack}"));
    }
    Effect {
        history: Some(history),
        key,
        work: Work::Copy(Box::new(work)),
    }
}
