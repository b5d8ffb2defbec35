//! Blobs: files named by their digest, and the marks that say which repository has which.

use super::{Store, present, remove, write};
use crate::error::Result;
use crate::names::Repository;
use engine::oci::digest::Digest;
use std::fs::{self, File};
use std::path::PathBuf;

impl Store {
    /// The blob, opened, and its length; `None` if the repository does not have it.
    pub fn open_blob(&self, name: &Repository, digest: &Digest) -> Result<Option<(File, u64)>> {
        if !self.has_blob(name, digest)? {
            return Ok(None);
        }
        self.open_content(digest)
    }

    /// Whether the repository has the blob.
    pub fn has_blob(&self, name: &Repository, digest: &Digest) -> Result<bool> {
        Ok(
            present(fs::metadata(self.blob_mark(name, digest)))?.is_some()
                && present(fs::metadata(self.blob(digest)))?.is_some(),
        )
    }

    /// Says that the repository has the blob, whose content is here.
    pub fn mark_blob(&self, name: &Repository, digest: &Digest) -> Result<()> {
        write(&self.blob_mark(name, digest), b"")
    }

    /// Gives `name` the blob of the repository `from`. Returns false if that has none.
    pub fn mount_blob(
        &self,
        name: &Repository,
        from: &Repository,
        digest: &Digest,
    ) -> Result<bool> {
        if !self.has_blob(from, digest)? {
            return Ok(false);
        }
        self.mark_blob(name, digest)?;
        Ok(true)
    }

    /// Takes the blob from the repository. Returns false if it has none.
    pub fn forget_blob(&self, name: &Repository, digest: &Digest) -> Result<bool> {
        Ok(remove(&self.blob_mark(name, digest))?)
    }

    /// Content by its digest alone, whosever it is.
    pub(super) fn open_content(&self, digest: &Digest) -> Result<Option<(File, u64)>> {
        match present(File::open(self.blob(digest)))? {
            None => Ok(None),
            Some(file) => {
                let length = file.metadata()?.len();
                Ok(Some((file, length)))
            }
        }
    }

    fn blob_mark(&self, name: &Repository, digest: &Digest) -> PathBuf {
        self.repository(name).join("_blobs").join(digest.hex())
    }
}
