//! Registries: images come from there (`pull`), and go there (`push`).
//!
//! **What Docker does.** A registry is an HTTP server that keeps blobs by digest and manifests by digest or tag. Pulling is
//! reading a manifest, and then what it names; pushing is the same the other way round, the manifest last.
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
//! **What we do.** The same, over `ureq`; digests are checked while the bytes pass, and nothing is used before.
//! **What we leave out.** Registries of version 1, and manifests of schema 1, which name no configuration.
//! **Lesson.** `registries`
//!
//! | file | subject |
//! |---|---|
//! | [`url`], [`endpoint`] | where a registry is |
//! | `challenge`, `auth` | what it asks for, and what it is told |
//! | `transport`, `certificates`, `http`, `problem` | requests, redirects, retries, and what went wrong |
//! | `connect` | the first contact, [`login`] |
//! | `manifest`, `platform` | which image of several |
//! | `blob`, [`pull`] | down |
//! | `upload`, [`push`] | up |
//! | [`search`] | what a registry has |
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
mod platform;
mod problem;
pub mod pull;
pub(crate) mod push;
pub mod search;
mod stream;
mod transport;
mod upload;
pub mod url;

pub use connect::login;
pub(crate) use download::{download, patiently};
pub use endpoint::Endpoint;
pub use event::{LayerStatus, TransferEvent};

use crate::error::Result;
use crate::oci::digest::{Digest, ImageId};
use crate::oci::reference::Reference;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Who the user is, to one registry.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// A name and a password, or what a registry gave instead of one.
    Password {
        /// The name.
        username: String,
        /// The password.
        password: String,
    },
    /// What the registry gave at `docker login` in place of the password; only its token server knows it.
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

/// Secrets are not printed by accident.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { username, .. } => write!(f, "Password({username}, …)"),
            Self::IdentityToken { username, .. } => write!(f, "IdentityToken({username}, …)"),
        }
    }
}

/// Proxies, in the words of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`; empty for none. This machine is never asked for
/// through one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// For `https` addresses.
    pub https: String,
    /// For `http` addresses.
    pub http: String,
    /// Hosts that are reached directly, separated by commas.
    pub none: String,
}

/// How long is waited, and how often something is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For the next byte, for the beginning of an answer, and for all of one that is no blob.
    pub silence: Duration,
    /// For all of a registry's first answer, from the connection on. Docker's `PingV2Registry` has the same.
    pub first: Duration,
    /// Before the user reads which registry is waited for.
    pub quiet: Duration,
    /// How often a request is tried again after a failure that may pass.
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

/// Looks up what the user logged in with. It is asked with the registry of a name: `docker.io`, `localhost:5000`.
pub type Credentials = dyn Fn(&str) -> Result<Option<Credential>> + Send + Sync;
/// Where names of docker.io are; asked when the first of them is needed. `None`: at Docker Hub.
pub type Hub = dyn Fn() -> Result<Option<Endpoint>> + Send + Sync;

/// Whether the user wants no more of it; asked while layers travel, by the thread that began, several times a second.
pub type Stop = dyn Fn() -> bool + Send + Sync;

/// Called once with the server that is waited for and has not answered for a few seconds. It may hold no lock, and not wait.
pub type Waiting = dyn Fn(&str) + Send + Sync;

/// All that the engine does not know by itself about registries.
#[derive(Clone)]
pub struct Remote {
    /// What the user logged in with. What it gives for a registry is told to that registry, and to the token server that
    /// the registry names, and to nobody else.
    pub credentials: Arc<Credentials>,
    /// Where names of docker.io are.
    pub hub: Arc<Hub>,
    /// Registries with which plain HTTP, and any certificate, will do: `host`, `host:port`, or a network `10.0.0.0/8`.
    pub insecure: Vec<String>,
    /// Folders like `/etc/docker/certs.d`: in `<host:port>/`, `*.crt` are authorities, `*.cert` with `*.key` who we are.
    pub certificates: Vec<PathBuf>,
    /// Proxies.
    pub proxies: Proxies,
    /// Waiting and trying again.
    pub patience: Patience,
    /// Ends a transfer: `context canceled`, and what was not finished is removed.
    pub stop: Arc<Stop>,
    /// Hears which registry is waited for, before any other event.
    pub waiting: Arc<Waiting>,
}

/// Docker Hub, nobody logged in, nothing insecure but this machine.
impl Default for Remote {
    fn default() -> Self {
        Self {
            credentials: Arc::new(|_| Ok(None)),
            hub: Arc::new(|| Ok(None)),
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
    /// The digest of the manifest, or of the index, that the registry has under the name.
    pub digest: Digest,
    /// The name meant another image here before, or none.
    pub newer: bool,
    /// Layers that came over the network.
    pub fetched: usize,
    /// Layers that were here.
    pub existing: usize,
    /// Bytes of blobs that came over the network.
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
    /// Layers that went over the network.
    pub uploaded: usize,
    /// Layers that the repository had.
    pub existing: usize,
    /// Layers that another repository of the registry had.
    pub mounted: usize,
    /// Bytes of blobs that went over the network.
    pub bytes: u64,
}

/// What a login gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// What is to be kept: the credential that was checked, or the identity token that the registry gave for it.
    pub credential: Credential,
}

/// A repository that a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Its name, such as `busybox` or `alice/hello`.
    pub name: String,
    /// What it is, in its maker's words.
    pub description: String,
    /// Stars.
    pub stars: u64,
    /// Whether it is one of Docker's own.
    pub official: bool,
}

#[cfg(test)]
mod tests;
