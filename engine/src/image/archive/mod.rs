//! `docker save` and `docker load`: images as one tar file.
//!
//! **What Docker does.** Since version 25 its archive has two formats at once: Docker's own (`manifest.json`) and an
//! OCI image layout (`index.json`), over the same blobs:
//!
//! ```text
//! blobs/sha256/<hex>   configurations, layers (plain tars), manifests
//! index.json           OCI: manifests and names
//! manifest.json        Docker: [{"Config": …, "RepoTags": […], "Layers": […]}]
//! oci-layout           {"imageLayoutVersion": "1.0.0"}
//! repositories         names, for very old readers
//! ```
//!
//! **What we do.** We write the same, and read it, Docker's older archives, and OCI layouts of others (skopeo, podman,
//! buildah), plain, gzip or zstd. The configuration's bytes and the layers' tars are kept unchanged, so ids stay the
//! same.
//! **What we leave out.** Docker's format before 1.10, which names no configuration.
//! **Try it.** `docker save busybox | tar -t`.
//! Sources: OCI image specification `image-layout.md`; moby `daemon/internal/image/tarexport`.
//!
//! **Lesson.** `carry-an-image`

pub mod load;
mod parts;
pub(crate) mod save;

use crate::oci::config::History;
use crate::oci::digest::{Digest, ImageId};
use serde::{Deserialize, Serialize};

/// One image in `manifest.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DockerManifest {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
    /// The image that it was made from by one instruction, if the archive has that image too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<ImageId>,
}

/// Whether `parent` is `child` without its last instruction. Docker refuses an archive whose parent is not.
fn is_one_older(parent: &[History], child: &[History]) -> bool {
    child
        .split_last()
        .is_some_and(|(_, before)| before == parent)
}

/// `oci-layout`.
const LAYOUT: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

/// The path of a blob in an archive.
fn blob_path(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

#[cfg(test)]
mod tests;
