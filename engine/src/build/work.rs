//! The remaining work of an instruction: what is not done by changing the stage's configuration.

use super::syntax::source::Word;

/// The remaining work of an instruction, and its records.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Effect {
    /// The entry for `docker history`; `None` for an instruction without one.
    pub(crate) history: Option<String>,
    /// The instruction in canonical form, for the cache key.
    pub(crate) key: String,
    /// The remaining work.
    pub(crate) work: Work,
}

/// Remaining work.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Work {
    /// Nothing: only the configuration changed.
    Configured,
    /// Run a command.
    Run(Box<RunWork>),
    /// Copy files.
    Copy(Box<CopyWork>),
    /// Create a directory, if it is missing.
    Directory {
        path: String,
        /// Its owner.
        user: String,
    },
}

/// A command to run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RunWork {
    pub(crate) argv: Vec<String>,
    /// `KEY=value`: the image's, then the arguments in scope.
    pub(crate) env: Vec<String>,
    /// Proxies: in the environment, but not in the key.
    pub(crate) proxies: Vec<String>,
    /// Arguments in scope, which are also in `env` unless ENV overrides them.
    pub(crate) args: Vec<(String, String)>,
    pub(crate) user: String,
    pub(crate) working_dir: String,
    pub(crate) network: Option<RunNetwork>,
    /// A script that names its own interpreter; `argv` is then its path.
    pub(crate) script: Option<String>,
    /// The mounts while it runs.
    pub(crate) mounts: Vec<MountWork>,
}

/// Files to copy.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CopyWork {
    /// `COPY` or `ADD`.
    pub(crate) keyword: &'static str,
    /// `--from`.
    pub(crate) from: Option<Word>,
    /// In the order written.
    pub(crate) sources: Vec<CopySource>,
    /// Absolute; ends in `/` if it must be a directory.
    pub(crate) destination: String,
    pub(crate) destination_word: Word,
    pub(crate) chown: Option<String>,
    pub(crate) chmod: Option<String>,
    pub(crate) exclude: Vec<String>,
    /// `--parents`.
    pub(crate) parents: bool,
    pub(crate) checksum: Option<String>,
    /// ADD: unpack local archives (`None`), all (`true`), none (`false`).
    pub(crate) unpack: Option<bool>,
}

/// One source of COPY or ADD.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CopySource {
    /// A path or pattern, and its word in the file.
    Path(String, Word),
    /// `http(s)://…`.
    Url(String, Word),
    /// A small file written in the Dockerfile.
    Inline { name: String, content: String },
}

/// `RUN --network`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunNetwork {
    /// The network of the build.
    Default,
    /// No network.
    None,
    /// The host network.
    Host,
}

impl Effect {
    /// An instruction that only sets configuration, with the same text in history and key.
    pub(crate) fn configured(history: impl Into<String>) -> Self {
        let history = history.into();
        Self {
            key: history.clone(),
            history: Some(history),
            work: Work::Configured,
        }
    }
}

/// A mount to be made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MountWork {
    pub(crate) what: What,
    /// Absolute; `None` for a secret that is only a variable.
    pub(crate) target: Option<String>,
    pub(crate) read_only: bool,
    /// As written, with variables expanded.
    pub(crate) text: String,
}

impl MountWork {
    /// The files of a bind mount, or the initial files of a cache.
    pub(crate) fn files(&self) -> Option<&CopyWork> {
        match &self.what {
            What::Bind(copy) => Some(copy),
            What::Cache { begins, .. } => begins.as_deref(),
            _ => None,
        }
    }
}

impl What {
    /// Its name in messages.
    pub(crate) fn source(&self) -> String {
        match self {
            Self::Bind(copy) => copy
                .sources
                .iter()
                .map(|source| match source {
                    CopySource::Path(path, _) | CopySource::Url(path, _) => path.as_str(),
                    CopySource::Inline { name, .. } => name,
                })
                .collect(),
            Self::Cache { id, .. } | Self::Secret { id, .. } => id.clone(),
            Self::Tmpfs { .. } => "tmpfs".to_owned(),
        }
    }
}

/// The kinds of mounts, with their specific fields.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    Bind(Box<CopyWork>),
    Cache {
        id: String,
        owner: Owner,
        /// Its initial content; `None` is empty.
        begins: Option<Box<CopyWork>>,
        sharing: Sharing,
    },
    Tmpfs {
        /// In bytes.
        size: Option<u64>,
    },
    Secret {
        id: String,
        owner: Owner,
        env: Option<String>,
        required: bool,
    },
}

/// The owner of a mount, and its permissions unless they are the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) mode: Option<u32>,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// How two builds share one cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    Shared,
    /// Each has a separate one.
    Private,
    /// The second waits.
    Locked,
}
