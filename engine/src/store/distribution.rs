//! Notes about our layers and images in registries: they save work and may be lost.
//!
//! **What Docker does.** `image/overlay2/distribution/` maps the digest of a layer's plain tar to those of its
//! compressed forms, and lists the repositories that have them. **What we do.** The same, a small file for each layer
//! and image:
//!
//! ```text
//! distribution/layers/<diffID>.json    the blobs in content/ that unpack to this layer, and their repositories
//! distribution/images/<image id>.json  the manifests in content/ that describe this image
//! ```
//!
//! A note is written before its blob is renamed into place, so that deletion finds every blob by its note. A note
//! guarantees nothing: each use checks that the blob exists.
//! **Try it.** `docker pull`, then `docker push` to another repository of the same registry: `Mounted from`.

use super::atomic::{self, Durability};
use super::blobs;
use crate::error::{IoContext, Result};
use crate::oci::digest::{Digest, ImageId};
use crate::paths::{Home, create_private_dir};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The most repositories recorded for a blob.
const MOST_SOURCES: usize = 20;

/// A layer in the form in which it is transferred.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// The digest of the blob.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Its media type in a manifest.
    pub media_type: String,
    /// Repositories that have it, by full name, such as `docker.io/library/busybox`; the latest first.
    #[serde(default)]
    pub sources: Vec<String>,
}

impl Form {
    /// Whether the blob exists here.
    pub fn is_here(&self, home: &Home) -> bool {
        fs::metadata(blobs::path(home, &self.digest)).is_ok_and(|found| found.len() == self.size)
    }
}

/// A manifest that describes an image, byte for byte as a registry has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    /// Its digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
}

/// The forms of the layer `diff_id`, the latest first.
pub fn forms(home: &Home, diff_id: &Digest) -> Vec<Form> {
    read(&layer_note(home, diff_id))
}

/// Records that the layer `diff_id` exists as `form`, in the repositories that `form` names.
pub fn note_form(home: &Home, diff_id: &Digest, form: &Form) -> Result<()> {
    let mut known = forms(home, diff_id);
    let mut new = form.clone();
    if let Some(at) = known.iter().position(|known| known.digest == form.digest) {
        let before = known.remove(at);
        new.sources.extend(before.sources);
        let mut seen = std::collections::BTreeSet::new();
        new.sources.retain(|source| seen.insert(source.clone()));
        new.sources.truncate(MOST_SOURCES);
    }
    known.insert(0, new);
    write(&layer_note(home, diff_id), &known)
}

/// The manifests that describe `image`, the latest first.
pub fn manifests(home: &Home, image: &ImageId) -> Vec<Described> {
    read(&image_note(home, image))
}

/// Stores the bytes of a manifest that describes `image`, and returns their digest.
pub fn keep_manifest(
    home: &Home,
    image: &ImageId,
    media_type: &str,
    bytes: &[u8],
) -> Result<Digest> {
    let digest = Digest::of(bytes);
    let mut known = manifests(home, image);
    known.retain(|known| known.digest != digest);
    let new = Described {
        digest,
        media_type: media_type.to_owned(),
    };
    known.insert(0, new);
    write(&image_note(home, image), &known)?;
    blobs::write(home, bytes)
}

/// The layers and images that have notes.
pub fn noted(home: &Home) -> Result<(Vec<Digest>, Vec<ImageId>)> {
    Ok((names(&layers(home))?, names(&images(home))?))
}

/// Removes the notes of a layer, and the blobs that they name.
pub fn remove_layer(home: &Home, diff_id: &Digest) -> Result<()> {
    for form in forms(home, diff_id) {
        blobs::remove(home, &form.digest)?;
    }
    remove(&layer_note(home, diff_id))
}

/// Removes the notes of an image, and the manifests that they name.
pub fn remove_image(home: &Home, image: &ImageId) -> Result<()> {
    for manifest in manifests(home, image) {
        blobs::remove(home, &manifest.digest)?;
    }
    remove(&image_note(home, image))
}

fn layers(home: &Home) -> PathBuf {
    home.distribution().join("layers")
}

fn images(home: &Home) -> PathBuf {
    home.distribution().join("images")
}

fn layer_note(home: &Home, diff_id: &Digest) -> PathBuf {
    layers(home).join(format!("{}.json", diff_id.hex()))
}

fn image_note(home: &Home, image: &ImageId) -> PathBuf {
    images(home).join(format!("{}.json", image.hex()))
}

/// An unreadable note counts as empty.
fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Vec<T> {
    atomic::read_json(path).ok().flatten().unwrap_or_default()
}

fn write<T: Serialize>(path: &Path, notes: &Vec<T>) -> Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.is_dir()) {
        create_private_dir(folder)?;
    }
    atomic::write_json(path, notes, Durability::Cached)
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).on("remove", path),
        _ => Ok(()),
    }
}

fn names(folder: &Path) -> Result<Vec<Digest>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.on("read", folder)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.on("read", folder)?.file_name();
        let hex = name.to_str().and_then(|name| name.strip_suffix(".json"));
        found.extend(hex.and_then(|hex| Digest::from_hex(hex).ok()));
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths::testing::world;

    fn form(home: &Home, bytes: &[u8], sources: &[&str]) -> Form {
        Form {
            digest: blobs::write(home, bytes).unwrap(),
            size: bytes.len() as u64,
            media_type: "t".to_owned(),
            sources: sources.iter().map(|source| (*source).to_owned()).collect(),
        }
    }

    #[test]
    fn forms_and_their_sources_are_remembered_and_go_with_their_layer() {
        let (_folder, home, _) = world();
        let layer = Digest::of(b"tar");
        let (gzip, zstd) = (form(&home, b"gz", &["h/a"]), form(&home, b"zst", &["h/b"]));
        note_form(&home, &layer, &gzip).unwrap();
        note_form(&home, &layer, &zstd).unwrap();
        note_form(
            &home,
            &layer,
            &Form {
                sources: vec!["h/c".to_owned()],
                ..gzip.clone()
            },
        )
        .unwrap();
        let known = forms(&home, &layer);
        assert_eq!(known[0].sources, ["h/c", "h/a"]);
        assert_eq!(known[1], zstd);
        assert!(known.iter().all(|form| form.is_here(&home)));
        assert_eq!(noted(&home).unwrap(), (vec![layer.clone()], vec![]));
        remove_layer(&home, &layer).unwrap();
        assert!(forms(&home, &layer).is_empty() && !gzip.is_here(&home) && !zstd.is_here(&home));
    }

    #[test]
    fn manifests_are_kept_and_go_with_their_image() {
        let (_folder, home, _) = world();
        let image = Digest::of(b"config");
        let digest = keep_manifest(&home, &image, "m", b"{}").unwrap();
        keep_manifest(&home, &image, "m", b"{}").unwrap();
        assert_eq!(manifests(&home, &image).len(), 1);
        assert_eq!(blobs::read(&home, &digest).unwrap(), b"{}");
        assert_eq!(noted(&home).unwrap().1, std::slice::from_ref(&image));
        remove_image(&home, &image).unwrap();
        assert!(!blobs::exists(&home, &digest) && manifests(&home, &image).is_empty());
    }
}
