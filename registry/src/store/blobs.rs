//! Blobs: files named by their digest, and marks that say which repository has which blob.

use super::{DRAFT, Store, present, remove};
use crate::error::{Code, Fault, Result};
use crate::names::Repository;
use engine::oci::digest::Digest;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

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

    /// Records that the repository has the blob, whose content exists here.
    pub fn mark_blob(&self, name: &Repository, digest: &Digest) -> Result<()> {
        self.note(&self.blob_mark(name, digest), b"")
    }

    /// Gives `name` the blob of the repository `from`. Returns false if `from` does not have it.
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

    /// Gives `name` the blob in the file at `path`, which must no longer change: as a hard link where possible. The
    /// file is read to verify the digest. Error: `DIGEST_INVALID`.
    pub fn adopt_blob(&self, name: &Repository, digest: &Digest, path: &Path) -> Result<()> {
        let place = self.blob(digest);
        let length = fs::metadata(path)?.len();
        let there = present(fs::metadata(&place))?;
        if there.is_none_or(|there| there.len() != length) {
            let mut hash = Sha256::new();
            io::copy(&mut File::open(path)?, &mut Hashing(&mut hash))?;
            let found = Digest::from_hash(&hash.finalize());
            if found != *digest {
                let detail = json!({ "digest": digest, "found": found });
                return Err(Fault::new(Code::DigestInvalid).about(detail));
            }
            // A power cut may have truncated the existing file.
            remove(&place)?;
            match fs::hard_link(path, &place) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                // Another file system, or one without hard links.
                Err(_) => copy(path, &place)?,
            }
        }
        self.mark_blob(name, digest)
    }

    /// Removes the blob from the repository. Returns false if it does not have it.
    pub fn forget_blob(&self, name: &Repository, digest: &Digest) -> Result<bool> {
        Ok(remove(&self.blob_mark(name, digest))?)
    }

    /// Content by its digest alone, in any repository.
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

/// Copies the file at `path`, so that a reader of `place` sees all of it or nothing.
fn copy(path: &Path, place: &Path) -> Result<()> {
    let mut copied = tempfile::Builder::new()
        .prefix(DRAFT)
        .tempfile_in(place.parent().unwrap_or(Path::new(".")))?;
    io::copy(&mut File::open(path)?, &mut copied)?;
    copied.persist(place).map_err(|error| error.error)?;
    Ok(())
}

/// Writes into a hash.
struct Hashing<'a>(&'a mut Sha256);

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
