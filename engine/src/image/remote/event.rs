//! The progress events of a transfer: facts in Docker's words, for the caller to display.

use crate::oci::digest::Digest;
use crate::oci::reference::Reference;
use std::fmt;

/// Something that happened during `pull` or `push`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferEvent {
    /// A pull of one tag begins: `latest: Pulling from library/busybox`.
    Pulling {
        /// The tag, or the whole name with its digest.
        tag: String,
        /// The repository, without its registry.
        repository: String,
    },
    /// No registry was asked, or none could be reached; what another sandbox has pulled is used.
    Copying {
        /// As in [`Self::Pulling`].
        tag: String,
    },
    /// A push begins: `The push refers to repository [docker.io/library/busybox]`.
    Pushing {
        /// The repository, in full.
        repository: String,
    },
    /// A layer's progress.
    Layer {
        /// The first 12 digits of its digest: of the blob when pulling, of the plain tar when pushing.
        id: String,
        /// What is happening to it.
        status: LayerStatus,
    },
    /// A pull of one tag ends: `Digest: sha256:…`.
    Digest(Digest),
    /// A push of one tag ends: `latest: digest: sha256:… size: 527`.
    Pushed {
        /// The tag.
        tag: String,
        /// The manifest's digest.
        digest: Digest,
        /// The manifest's bytes.
        size: u64,
    },
    /// A pull ends: `Status: Downloaded newer image for busybox:latest`.
    Status {
        /// Whether the image is new here.
        newer: bool,
        /// The requested name.
        reference: Reference,
        /// Whether all its tags were requested.
        all_tags: bool,
    },
}

/// What is happening to a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayerStatus {
    /// It will be pulled.
    PullingFsLayer,
    /// It waits for other layers.
    Waiting,
    /// Bytes of the blob came.
    Downloading {
        /// The bytes so far.
        done: u64,
        /// The bytes in total.
        total: u64,
    },
    /// The connection broke, or the server is busy; it will be retried.
    Retrying {
        /// After this many seconds, rounded up.
        seconds: u64,
    },
    /// All bytes have arrived; their digest is being checked.
    VerifyingChecksum,
    /// The digest is right.
    DownloadComplete,
    /// It was pulled.
    PullComplete,
    /// It was already here.
    AlreadyExists,
    /// It will be pushed.
    Preparing,
    /// Bytes of its tar were sent.
    Pushing {
        /// The bytes so far.
        done: u64,
        /// The bytes in total.
        total: u64,
    },
    /// It was pushed.
    Pushed,
    /// The registry already had it.
    LayerAlreadyExists,
    /// The registry had it in another repository.
    MountedFrom(String),
}

/// Docker's words, without the bar.
impl fmt::Display for LayerStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PullingFsLayer => f.write_str("Pulling fs layer"),
            Self::Waiting => f.write_str("Waiting"),
            Self::Downloading { .. } => f.write_str("Downloading"),
            Self::Retrying { seconds: 1 } => f.write_str("Retrying in 1 second"),
            Self::Retrying { seconds } => write!(f, "Retrying in {seconds} seconds"),
            Self::VerifyingChecksum => f.write_str("Verifying Checksum"),
            Self::DownloadComplete => f.write_str("Download complete"),
            Self::PullComplete => f.write_str("Pull complete"),
            Self::AlreadyExists => f.write_str("Already exists"),
            Self::Preparing => f.write_str("Preparing"),
            Self::Pushing { .. } => f.write_str("Pushing"),
            Self::Pushed => f.write_str("Pushed"),
            Self::LayerAlreadyExists => f.write_str("Layer already exists"),
            Self::MountedFrom(repository) => write!(f, "Mounted from {repository}"),
        }
    }
}
