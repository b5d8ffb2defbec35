//! Blobs: files named by the sha256 of their bytes.
//!
//! **What Docker does.** Keeps configurations, manifests and compressed layers in content-addressed folders.
//! **What we do.** The same, as an OCI image layout: `content/blobs/sha256/<hex>`. A blob is verified when it is read,
//! so a damaged disk is noticed.
//! **Try it.** `docklings where`, then `sha256sum` the files in `content/blobs/sha256`: each file's name is its digest.

use super::atomic::{self, Durability};
use crate::error::{Error, IoContext, Result};
use crate::oci::digest::Digest;
use crate::paths::{Home, create_private_dir};
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;

/// Configurations and manifests are read into memory; a genuine one is far smaller than this.
pub const LARGEST_IN_MEMORY: u64 = 4 << 20;

/// The blob's path, whether or not it exists.
pub fn path(home: &Home, digest: &Digest) -> PathBuf {
    home.blobs().join(digest.hex())
}

/// Whether the blob exists with some content: a power cut can empty a file.
pub fn exists(home: &Home, digest: &Digest) -> bool {
    fs::metadata(path(home, digest)).is_ok_and(|file| file.len() > 0)
}

/// Writes a blob durably and returns its digest. An existing one stays untouched unless it is damaged.
pub fn write(home: &Home, bytes: &[u8]) -> Result<Digest> {
    let digest = Digest::of(bytes);
    let path = path(home, &digest);
    if fs::read(&path).ok().as_deref() != Some(bytes) {
        create_private_dir(&home.blobs())?;
        atomic::write(&path, bytes, Durability::Durable)?;
    }
    Ok(digest)
}

/// The prefix of an unfinished blob; see [`super::layers::DRAFT_PREFIX`].
pub const DRAFT_PREFIX: &str = "blob-";

/// A large blob being written; dropped without [`Draft::publish`], it leaves nothing. The caller holds the content
/// lock.
#[derive(Debug)]
pub struct Draft(tempfile::NamedTempFile);

impl Draft {
    /// Creates a blob in `content/tmp`.
    pub fn new(home: &Home) -> Result<Self> {
        let tmp = home.content_tmp();
        if !tmp.is_dir() {
            create_private_dir(&tmp)?;
        }
        let file = tempfile::Builder::new()
            .prefix(DRAFT_PREFIX)
            .tempfile_in(&tmp);
        file.map(Self).on("create a file in", &tmp)
    }

    /// The file for its bytes.
    pub fn file(&self) -> &fs::File {
        self.0.as_file()
    }

    /// Its temporary path.
    pub fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    /// Renames it to its digest, which has been checked. It may be lost in a power cut, and is then fetched or packed
    /// again.
    pub fn publish(self, home: &Home, digest: &Digest) -> Result<()> {
        create_private_dir(&home.blobs())?;
        let path = path(home, digest);
        let length = self.0.as_file().metadata().on("read", self.0.path())?.len();
        // An existing blob stays untouched unless a power cut has truncated it.
        if fs::metadata(&path).is_ok_and(|there| there.len() == length) {
            return Ok(());
        }
        self.0
            .persist(&path)
            .map_err(|error| error.error)
            .on("write", &path)?;
        Ok(())
    }
}

/// Reads a configuration or a manifest and verifies its digest.
/// Error: kind `NotFound` if it is missing, `Internal` if it is damaged.
pub fn read(home: &Home, digest: &Digest) -> Result<Vec<u8>> {
    let path = path(home, digest);
    let file = match fs::File::open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Error::not_found(format!("blob {digest} is missing")));
        }
        other => other.on("open", &path)?,
    };
    // Listing images reads hundreds of blobs: use one open file for both the length and the content.
    let length = file.metadata().on("read", &path)?.len();
    if length > LARGEST_IN_MEMORY {
        return Err(Error::internal(format!(
            "blob {digest} is too large: {length} bytes"
        )));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
    file.take(LARGEST_IN_MEMORY)
        .read_to_end(&mut bytes)
        .on("read", &path)?;
    if Digest::of(&bytes) != *digest {
        return Err(Error::internal(format!("blob {digest} is damaged")));
    }
    Ok(bytes)
}

/// Removes a blob; a missing one is not an error.
pub fn remove(home: &Home, digest: &Digest) -> Result<()> {
    let path = path(home, digest);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).on("remove", &path),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_read_back_and_a_damaged_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path(), folder.path());
        let digest = write(&home, b"{}").unwrap();
        assert_eq!(read(&home, &digest).unwrap(), b"{}");
        fs::write(path(&home, &digest), b"[]").unwrap();
        assert!(
            read(&home, &digest)
                .unwrap_err()
                .message()
                .ends_with("is damaged")
        );
        remove(&home, &digest).unwrap();
        assert!(!exists(&home, &digest));
        remove(&home, &digest).unwrap();
    }
}
