//! ADD: like COPY, and it also fetches `http(s)://` sources and unpacks local tar archives.
//!
//! `ADD [--checksum=sha256:…] [--unpack=true|false] source… destination`. Git sources are not part of docklings.

use super::Form;
use super::transfer::{self, Transfer};
use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::{FlagKind, Statement};
use crate::build::work::{CopySource, Effect};
use crate::oci::digest::Digest;

/// ADD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Add {
    /// The sources and the destination.
    pub transfer: Transfer,
    /// `--checksum`, for a single `http(s)://` source.
    pub checksum: Option<Word>,
    /// `--unpack`; `None` unpacks local archives and keeps fetched ones.
    pub unpack: Option<bool>,
}

impl Form for Add {
    const KEYWORD: &str = "ADD";
    const CHANGES_FILES: bool = true;

    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        let own = [
            ("checksum", FlagKind::Value),
            ("unpack", FlagKind::Switch),
            ("keep-git-dir", FlagKind::Switch),
        ];
        let flags = statement.flags(&[&transfer::FLAGS[..], &own].concat())?;
        let transfer = Transfer::parse(statement, &flags)?;
        if let Some(git) = transfer.sources.iter().find(|source| is_git(&source.text)) {
            return Err(statement
                .error(
                    git.span,
                    "`ADD` of a git repository is not part of docklings",
                )
                .with_hint("clone it beside the Dockerfile and COPY it; see docs/limits.md"));
        }
        let checksum = flags.value("checksum");
        if let Some(checksum) = &checksum {
            statement.check_word(checksum)?;
            let fetched = transfer.sources.iter().all(|source| is_url(&source.text));
            if transfer.sources.len() != 1 || !fetched {
                return Err(statement.error(
                    checksum.span,
                    "checksum can't be specified for multiple or non-http sources",
                ));
            }
        }
        Ok(Self {
            transfer,
            checksum,
            unpack: flags.given("unpack").then(|| flags.switch("unpack")),
        })
    }

    /// Plans the copying.
    fn apply(&self, state: &mut State<'_>, at: Place<'_>) -> Result<Effect, BuildError> {
        let mut work = self.transfer.work(state, at, "ADD")?;
        for source in &mut work.sources {
            if let CopySource::Path(path, word) = source
                && is_url(path)
            {
                *source = CopySource::Url(std::mem::take(path), word.clone());
            }
        }
        if let Some(word) = &self.checksum {
            let checksum = state.expand(at, word)?;
            Digest::parse(&checksum)
                .map_err(|error| at.source.error(word.span, error.to_string()))?;
            work.checksum = Some(checksum);
        }
        work.unpack = self.unpack;
        Ok(transfer::effect(work))
    }
}

/// Whether ADD fetches `source`.
pub(crate) fn is_url(source: &str) -> bool {
    let scheme = source.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()))
}

fn is_git(source: &str) -> bool {
    source.starts_with("git@")
        || source.starts_with("git://")
        || source.starts_with("ssh://")
        || is_url(source)
            && source
                .split('#')
                .next()
                .is_some_and(|url| url.ends_with(".git"))
}
