//! The request for a build: plain data.

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
    /// `--build-arg NAME=value`, in order. A bare `--build-arg NAME` takes the caller's variable, or is left out.
    pub build_args: Vec<(String, String)>,
    /// `--target`.
    pub target: Option<String>,
    /// `--no-cache`.
    pub no_cache: bool,
    /// `--label`.
    pub labels: BTreeMap<String, String>,
    /// `--secret`: the secrets available to RUN, by id.
    pub secrets: BTreeMap<String, Vec<u8>>,
    /// `--network`, for RUN.
    pub network: NetworkMode,
    /// `--platform`; only the machine's platform is accepted.
    pub platform: Option<String>,
    /// The image goes elsewhere and is not recorded here (`--output`).
    pub unrecorded: bool,
    /// `--add-host`, as `name:address`; it is not part of the cache key.
    pub extra_hosts: Vec<String>,
    /// How to reach registries for images that are not local; `None`: not at all.
    pub reach: Option<Reach>,
    /// `--pull`: ask registries even for local images.
    pub pull: bool,
}

/// Provides access to registries when the first is needed: a build from local images reads no registry settings.
pub struct Reach(Box<dyn FnOnce() -> Result<Remote>>);

impl Reach {
    /// Uses the result of `tell`. Error: the configuration is invalid.
    pub fn new(tell: impl FnOnce() -> Result<Remote> + 'static) -> Self {
        Self(Box::new(tell))
    }

    /// Returns the access.
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
    /// A tar archive, optionally gzip or zstd; it holds the Dockerfile, unless that is given separately.
    Tar(Box<dyn Read + Send>),
}

/// The size limit of a Dockerfile or an ignore file, in bytes. Handwritten ones are shorter.
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
