//! What a caller asks of a build: plain data.

use super::check;
use crate::error::Result;
use crate::image::remote::Remote;
use crate::store::containers::NetworkMode;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::PathBuf;

/// `docker build`.
#[derive(Debug, Default)]
pub struct BuildRequest {
    /// Where COPY and ADD find files.
    pub context: Context,
    /// Where the Dockerfile is.
    pub dockerfile: DockerfileAt,
    /// `-t`, as written.
    pub tags: Vec<String>,
    /// `--build-arg NAME=value`, in order. A bare `--build-arg NAME` is given the caller's variable, or left out.
    pub build_args: Vec<(String, String)>,
    /// `--target`.
    pub target: Option<String>,
    /// `--no-cache`.
    pub no_cache: bool,
    /// `--label`.
    pub labels: BTreeMap<String, String>,
    /// `--secret`: what a RUN may ask for, by its id.
    pub secrets: BTreeMap<String, Vec<u8>>,
    /// `--network`, for RUN.
    pub network: NetworkMode,
    /// `--platform`; only the machine's own is accepted.
    pub platform: Option<String>,
    /// The image goes somewhere else: none is recorded here (`--output`).
    pub unrecorded: bool,
    /// `--add-host`, as `name:address`; it does not count for the cache.
    pub extra_hosts: Vec<String>,
    /// How registries are reached for images that are not here; `None`: not at all.
    pub reach: Option<Reach>,
    /// `--pull`: registries are asked also for images that are here.
    pub pull: bool,
}

impl BuildRequest {
    /// What the checks are told on the command line.
    pub(crate) fn check_options(&self) -> Option<&str> {
        let mut given = self.build_args.iter().rev();
        let (_, value) = given.find(|(name, _)| name == check::ARGUMENT)?;
        Some(value)
    }
}

/// Tells how registries are reached, once the first of them is needed: a build of what is here reads none of its settings.
pub struct Reach(Box<dyn FnOnce() -> Result<Remote>>);

impl Reach {
    /// As `tell` says. Error: what was configured cannot be understood.
    pub fn new(tell: impl FnOnce() -> Result<Remote> + 'static) -> Self {
        Self(Box::new(tell))
    }

    /// What it tells.
    pub(super) fn tell(self) -> Result<Remote> {
        (self.0)()
    }
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reach")
    }
}

/// The build context.
#[derive(Default)]
pub enum Context {
    /// `docker build -`: a Dockerfile and no files.
    #[default]
    Empty,
    /// A folder.
    Folder(PathBuf),
    /// A tar archive, gzip or zstd allowed; it holds the Dockerfile, unless that is given otherwise.
    Tar(Box<dyn Read + Send>),
}

/// A Dockerfile, or a list of ignored files, may be this long, in bytes. Nobody writes longer ones by hand.
pub const LONGEST_DOCKERFILE: u64 = 16 << 20;

/// Where the Dockerfile is.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub enum DockerfileAt {
    /// `Dockerfile` in the context.
    #[default]
    Default,
    /// `-f`: a path on this machine, or, with a tar as context, within it.
    Path(PathBuf),
    /// The text itself: `-f -`, or `docker build -`.
    Text(Vec<u8>),
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Folder(path) => f.debug_tuple("Folder").field(path).finish(),
            Self::Tar(_) => f.write_str("Tar"),
        }
    }
}
