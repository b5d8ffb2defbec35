//! What a registry keeps, as plain files. Content is shared by all repositories; what a repository has is told by small
//! files of its own, so that nobody reads through one name what was pushed under another.
//!
//! ```text
//! root/
//! ├── lock                                held by the one server that serves this folder
//! ├── blobs/sha256/<hex>                  blobs and manifests, as in an OCI image layout; never change
//! ├── repositories/<name>/
//! │   ├── _blobs/<hex>                    empty: the repository has this blob
//! │   ├── _manifests/<hex>                holds the media type under which it was pushed
//! │   ├── _tags/<tag>                     holds the digest of a manifest
//! │   ├── _referrers/<hex>/<hex>          empty: the second manifest refers to the first
//! │   └── _about.json                     what `docker search` shows
//! └── uploads/<id>/                       `repository` and `data`, until the digest is right
//! ```
//!
//! A part of a repository's name cannot begin with `_`, so the two never meet. Everything is written beside its place
//! and renamed into it: a registry that is killed at any moment has the old or the new, and what it was receiving can
//! go on or is swept. What no repository has any more is deleted at the next start, before anyone is served.

mod blobs;
mod collect;
mod manifests;
mod repositories;
mod uploads;

pub use manifests::Stored;
pub use repositories::About;
pub use uploads::{Chunk, Upload};

use crate::error::Result;
use crate::names::{Repository, UploadId};
use engine::error::{Error, IoContext};
use engine::oci::digest::Digest;
use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The files of one registry.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    /// How far the uploads are that this process has seen; `None` while somebody is at one.
    uploads: Mutex<HashMap<UploadId, Option<uploads::Progress>>>,
    _lock: File,
}

impl Store {
    /// Opens the registry at `root`, which is made if missing, and throws away what nobody needs.
    /// Errors: another server serves it (kind `Conflict`); it cannot be written.
    pub fn open(root: &Path) -> engine::error::Result<Self> {
        for folder in ["blobs/sha256", "repositories", "uploads"] {
            let folder = root.join(folder);
            private_dirs(&folder).on("make the directory", &folder)?;
        }
        let path = root.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .on("open", &path)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::conflict(format!(
                    "another registry serves `{}` already",
                    root.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(error).on("lock", &path),
        }
        let store = Self {
            root: root.to_owned(),
            uploads: Mutex::default(),
            _lock: lock,
        };
        store.collect().on("tidy", root)?;
        store.sweep_uploads(uploads::PATIENCE).on("tidy", root)?;
        Ok(store)
    }

    /// Throws away uploads that nobody has touched for hours. To be called now and then.
    pub fn sweep(&self) -> io::Result<()> {
        self.sweep_uploads(uploads::PATIENCE)
    }

    fn repository(&self, name: &Repository) -> PathBuf {
        self.root.join("repositories").join(name.as_str())
    }

    fn blob(&self, digest: &Digest) -> PathBuf {
        self.root.join("blobs/sha256").join(digest.hex())
    }

    fn upload(&self, id: &UploadId) -> PathBuf {
        self.root.join("uploads").join(id.as_str())
    }
}

/// Makes `path` and its missing parents, readable by the owner only.
fn private_dirs(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Replaces the file at `path`, whose folder is made if missing, so that a reader sees the old or the new one.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    private_dirs(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(".new-")
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Reads a small file; `None` if there is none.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    present(fs::read(path))
}

/// Removes a file, and tells whether it was there.
fn remove(path: &Path) -> io::Result<bool> {
    Ok(present(fs::remove_file(path))?.is_some())
}

/// `None` for what is missing.
fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The names in a folder, sorted, without those that are being written; a missing folder is empty.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let Some(entries) = present(fs::read_dir(folder))? else {
        return Ok(Vec::new());
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(
            entry?
                .file_name()
                .into_string()
                .ok()
                .filter(|name| !name.starts_with('.')),
        );
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests;
