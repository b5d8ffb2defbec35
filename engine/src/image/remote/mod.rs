//! Registries: downloading images (`pull`) and uploading them (`push`).
//!
//! **What Docker does.** A registry is an HTTP server that stores blobs by digest and manifests by digest or tag. A
//! pull reads a manifest, and then the blobs that it names; a push does the reverse, with the manifest last.
//!
//! ```text
//! GET  /v2/                                 is it one? what does it ask for?           connect
//! GET  /v2/<name>/manifests/<tag>           which configuration, which layers          manifest
//! GET  /v2/<name>/blobs/<digest>            the configuration, each layer              blob, pull
//! HEAD /v2/<name>/blobs/<digest>            is it there already?                       push
//! POST /v2/<name>/blobs/uploads/            PATCH …, PUT …?digest=…: a blob            upload
//! PUT  /v2/<name>/manifests/<tag>           from now on the image has this name        push
//! ```
//!
//! **What we do.** The same, over `ureq`; digests are checked as the bytes pass, and nothing is used before.
//! **What we leave out.** Registries of version 1, and manifests of schema 1, which name no configuration.
//! **Lesson.** `registries`
//!
//! | file | subject |
//! |---|---|
//! | [`url`], [`endpoint`] | where a registry is |
//! | `challenge`, `auth` | what it asks for, and our authentication |
//! | `transport`, `certificates`, `http`, `problem` | requests, redirects, retries and errors |
//! | `connect` | the first contact, [`login`] |
//! | `source`, `reach` | what the hub lacks, and whether its upstream can be reached |
//! | `manifest`, `platform` | which image of several |
//! | `blob`, [`pull`] | downloads |
//! | `parallel` | several layers at a time |
//! | `upload`, [`push`] | uploads |
//! | [`search`] | the repositories of a registry |
//!
//! **Try it.** `docker pull localhost:5000/hello`, `curl localhost:5000/v2/hello/manifests/latest`.
//! Source: OCI distribution specification; distribution `docs/content/spec/auth/token.md`.

mod auth;
mod blob;
mod certificates;
mod challenge;
mod connect;
mod download;
pub mod endpoint;
pub mod event;
mod http;
mod manifest;
mod parallel;
mod platform;
mod problem;
pub mod pull;
pub(crate) mod push;
mod reach;
pub mod search;
mod source;
mod stream;
mod transport;
mod upload;
pub mod url;

pub use connect::login;
pub(crate) use download::{download, patiently};
pub use endpoint::Endpoint;
pub use event::{LayerStatus, TransferEvent};
pub use source::{accepts, is_here};

use crate::error::Result;
use crate::oci::digest::{Digest, ImageId};
use crate::oci::reference::Reference;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The user's credentials for one registry.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// A name and a password, or a token that is used as one.
    Password {
        /// The name.
        username: String,
        /// The password.
        password: String,
    },
    /// The token that the registry gave at `docker login` in place of the password; only its token server accepts it.
    IdentityToken {
        /// The name that belongs to it; may be empty.
        username: String,
        /// The token.
        token: String,
    },
}

impl Credential {
    /// The name; empty for a token without one.
    pub fn username(&self) -> &str {
        match self {
            Self::Password { username, .. } | Self::IdentityToken { username, .. } => username,
        }
    }
}

/// `Debug` does not print secrets.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { username, .. } => write!(f, "Password({username}, …)"),
            Self::IdentityToken { username, .. } => write!(f, "IdentityToken({username}, …)"),
        }
    }
}

/// Proxies, in the format of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`; empty for none. This machine is always reached
/// directly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// For `https` addresses.
    pub https: String,
    /// For `http` addresses.
    pub http: String,
    /// Hosts that are reached directly, separated by commas.
    pub none: String,
}

/// Timeouts and retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// To connect.
    pub connect: Duration,
    /// For the next byte, for the start of an answer, and for a whole answer other than a blob.
    pub silence: Duration,
    /// For a registry's whole first answer, from the connection on. Docker's `PingV2Registry` has the same.
    pub first: Duration,
    /// Before a message shows which registry is slow.
    pub quiet: Duration,
    /// How often a request is retried after a temporary failure.
    pub retries: u32,
    /// Before the first retry; doubled each time.
    pub delay: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            silence: Duration::from_secs(60),
            first: Duration::from_secs(15),
            quiet: Duration::from_secs(3),
            retries: 5,
            delay: Duration::from_millis(250),
        }
    }
}

/// Looks up the user's credentials for a registry: `docker.io`, `localhost:5000`.
pub type Credentials = dyn Fn(&str) -> Result<Option<Credential>> + Send + Sync;
/// The registry for names of docker.io; called when the first of them is needed. `None` means Docker Hub.
pub type Hub = dyn Fn() -> Result<Option<Endpoint>> + Send + Sync;

/// A registry that is asked for what the hub lacks.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// Its name for people, such as `Docker Hub`.
    pub name: String,
    /// Where it is.
    pub endpoint: Endpoint,
    /// Where it is searched; the same, except for Docker Hub.
    pub index: Endpoint,
    /// The user's credentials there.
    pub credential: Option<Credential>,
}

/// Where else an image may be that the hub lacks.
#[derive(Debug, Clone, Default)]
pub struct Beyond {
    /// The upstream, if there is one.
    pub upstream: Option<Upstream>,
    /// A copy on this machine is preferred to the upstream. Otherwise it is used if the upstream cannot be reached.
    pub copies_first: bool,
}

/// Called with a name that the hub lacks, or with `None` for a search that found nothing there. `None` if there is
/// nothing beyond the hub.
pub type WhenMissing = dyn Fn(Option<&Reference>) -> Result<Option<Beyond>> + Send + Sync;

/// Whether the user has cancelled. Called several times a second during a transfer, by the thread that began it.
pub type Stop = dyn Fn() -> bool + Send + Sync;

/// Called once with a server that has not answered for a few seconds. It must not block, nor take a lock.
pub type Waiting = dyn Fn(&str) + Send + Sync;

/// The settings for registries that come from outside the engine.
#[derive(Clone)]
pub struct Remote {
    /// The user's credentials. Those for a registry are sent only to that registry, and to the token server that it
    /// names.
    pub credentials: Arc<Credentials>,
    /// The registry for names of docker.io.
    pub hub: Arc<Hub>,
    /// What is beyond the hub.
    pub beyond: Arc<WhenMissing>,
    /// Registries for which plain HTTP and any certificate are accepted: `host`, `host:port`, or a network
    /// `10.0.0.0/8`.
    pub insecure: Vec<String>,
    /// Folders like `/etc/docker/certs.d`: in `<host:port>/`, `*.crt` are authorities, and `*.cert` with `*.key` are
    /// client certificates.
    pub certificates: Vec<PathBuf>,
    /// Proxies.
    pub proxies: Proxies,
    /// Timeouts and retries.
    pub patience: Patience,
    /// Ends a transfer with `context canceled`; unfinished parts are removed.
    pub stop: Arc<Stop>,
    /// Called with a registry that is slow to answer, before any other event.
    pub waiting: Arc<Waiting>,
}

/// Docker Hub, without login, nothing insecure except this machine.
impl Default for Remote {
    fn default() -> Self {
        Self {
            credentials: Arc::new(|_| Ok(None)),
            hub: Arc::new(|| Ok(None)),
            beyond: Arc::new(|_| Ok(None)),
            insecure: Vec::new(),
            certificates: vec![PathBuf::from("/etc/docker/certs.d")],
            proxies: Proxies::default(),
            patience: Patience::default(),
            stop: Arc::new(|| false),
            waiting: Arc::new(|_| ()),
        }
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("insecure", &self.insecure)
            .field("certificates", &self.certificates)
            .field("proxies", &self.proxies)
            .finish_non_exhaustive()
    }
}

/// `docker pull`.
#[derive(Debug, Clone, Default)]
pub struct PullRequest {
    /// The name, as written; without tag and digest it means `latest`.
    pub reference: String,
    /// `--all-tags`: the name has neither tag nor digest.
    pub all_tags: bool,
    /// `--platform`.
    pub platform: Option<String>,
}

/// An image that was pulled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// Its name, in full.
    pub reference: Reference,
    /// The image.
    pub image: ImageId,
    /// The digest of the manifest, or of the index, that the registry has for the name.
    pub digest: Digest,
    /// The name meant a different image here before, or none.
    pub newer: bool,
    /// Layers fetched over the network.
    pub fetched: usize,
    /// Layers that were already here.
    pub existing: usize,
    /// Bytes of blobs fetched over the network.
    pub bytes: u64,
}

/// `docker push`.
#[derive(Debug, Clone, Default)]
pub struct PushRequest {
    /// The name, as written; without a tag it means `latest`.
    pub reference: String,
    /// `--all-tags`: the name has no tag.
    pub all_tags: bool,
}

/// An image that was pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Its name, in full.
    pub reference: Reference,
    /// The digest of its manifest.
    pub digest: Digest,
    /// Bytes of its manifest.
    pub size: u64,
    /// Layers sent over the network.
    pub uploaded: usize,
    /// Layers that the repository had.
    pub existing: usize,
    /// Layers that another repository of the registry had.
    pub mounted: usize,
    /// Bytes of blobs sent over the network.
    pub bytes: u64,
}

/// The result of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// The credential to store: the one that was checked, or the identity token that the registry gave for it.
    pub credential: Credential,
}

/// A repository that a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Its name, such as `busybox` or `alice/hello`.
    pub name: String,
    /// The maker's description.
    pub description: String,
    /// Stars.
    pub stars: u64,
    /// Whether it is one of Docker's own.
    pub official: bool,
}

/// The result of a search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Searched {
    /// What was found, the best first.
    pub found: Vec<Found>,
    /// Why the upstream, which may have more, could not be asked.
    pub unreached: Option<String>,
}

#[cfg(test)]
mod tests;
