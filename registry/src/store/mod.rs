//! A registry's content as plain files. All repositories share the content; small files record what each repository
//! has, so that content pushed under one name cannot be read through another.
//!
//! Several registries may share content: [`Store::beside`] keeps its repositories in its own folder, and sees the
//! namespace `library` of the registry beside it.
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
//! └── uploads/<id>/                       `repository`, its folder, and `data`, until the digest is right
//! ```
//!
//! A part of a repository's name cannot begin with `_`, so the two never collide. Everything is written to a temporary
//! file and renamed: a registry killed at any moment has the old or the new file, and an unfinished upload can be
//! resumed or is swept. Content that no repository has is deleted at the next start, before any request is served.

mod blobs;
mod collect;
mod manifests;
mod repositories;
mod uploads;

pub use manifests::{Opened, Stored};
pub use repositories::About;
pub use uploads::{Chunk, Upload};

use crate::error::Result;
use crate::names::{OFFICIAL, Repository, UploadId};
use engine::error::{Error, IoContext};
use engine::oci::digest::Digest;
use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tempfile::SpooledTempFile;

/// The prefix of a file being written; no name sent by a client begins with it.
const DRAFT: &str = ".new-";

/// Larger content is not held in memory during a transfer.
pub(crate) const IN_MEMORY: usize = 64 * 1024;

/// The files of one registry.
#[derive(Debug, Clone)]
pub struct Store {
    content: Arc<Shared>,
    /// The root for new folders. It is never created itself, so that a deleted registry stays deleted.
    place: PathBuf,
    /// The folder of the official repositories, if separate.
    official: Option<PathBuf>,
}

/// What neighbouring registries share.
#[derive(Debug)]
struct Shared {
    root: PathBuf,
    /// The progress of the uploads that this process has seen; `None` while a request uses one.
    uploads: Mutex<HashMap<UploadId, Option<uploads::Progress>>>,
    /// `None` for a read-only view.
    _lock: Option<File>,
}

impl Store {
    /// Opens the registry at `root`, creating it if missing, and deletes what is no longer needed.
    /// Errors: another server serves it (kind `Conflict`); it cannot be written.
    pub fn open(root: &Path) -> engine::error::Result<Self> {
        Self::open_with(root, &[])
    }

    /// The same for a registry with neighbours in the folders `beside`: their content is needed, too.
    pub fn open_with(root: &Path, beside: &[PathBuf]) -> engine::error::Result<Self> {
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
        let store = Self::at(root, Some(lock));
        store.collect(beside).on("tidy", root)?;
        store.sweep_uploads(uploads::PATIENCE).on("tidy", root)?;
        Ok(store)
    }

    /// A read-only view of the registry at `root`, which another process may serve.
    pub fn look(root: &Path) -> Self {
        Self::at(root, None)
    }

    /// A registry with the content and official repositories of this one, and everything else in the folder `place`. If
    /// the folder is deleted, pushes to it fail.
    #[must_use]
    pub fn beside(&self, place: PathBuf) -> Self {
        Self {
            content: Arc::clone(&self.content),
            place,
            official: Some(self.own()),
        }
    }

    fn at(root: &Path, lock: Option<File>) -> Self {
        Self {
            content: Arc::new(Shared {
                root: root.to_owned(),
                uploads: Mutex::default(),
                _lock: lock,
            }),
            place: root.to_owned(),
            official: None,
        }
    }

    /// Deletes uploads untouched for hours. Call it now and then.
    pub fn sweep(&self) -> io::Result<()> {
        self.sweep_uploads(uploads::PATIENCE)
    }

    /// A buffer that is read once: small content stays in memory, larger content in an unnamed file on the registry's
    /// disk.
    pub(crate) fn spool(&self) -> SpooledTempFile {
        tempfile::spooled_tempfile_in(IN_MEMORY, self.uploads())
    }

    /// The folder of this registry's own repositories.
    fn own(&self) -> PathBuf {
        self.place.join("repositories")
    }

    fn repository(&self, name: &Repository) -> PathBuf {
        let elsewhere = self.official.as_ref();
        let folder = elsewhere.filter(|_| name.namespace() == OFFICIAL);
        folder
            .cloned()
            .unwrap_or_else(|| self.own())
            .join(name.as_str())
    }

    fn blobs(&self) -> PathBuf {
        self.content.root.join("blobs/sha256")
    }

    fn blob(&self, digest: &Digest) -> PathBuf {
        self.blobs().join(digest.hex())
    }

    fn uploads(&self) -> PathBuf {
        self.content.root.join("uploads")
    }

    fn upload(&self, id: &UploadId) -> PathBuf {
        self.uploads().join(id.as_str())
    }

    /// Replaces a file that describes a repository.
    fn note(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        make_below(&self.place, folder)?;
        write(path, bytes)
    }
}

/// Creates `folder` and its missing parents, but not `place`.
fn make_below(place: &Path, folder: &Path) -> io::Result<()> {
    let make = || match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    };
    match make() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        made => return made,
    }
    match folder.parent() {
        Some(parent) if parent != place && parent.starts_with(place) => make_below(place, parent)?,
        _ => {}
    }
    make()
}

/// Creates `path` and its missing parents, readable only by the owner.
fn private_dirs(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Replaces the file at `path`, so that a reader sees the old or the new one, even after a power cut.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(DRAFT).tempfile_in(folder)?;
    file.write_all(bytes)?;
    if !bytes.is_empty() {
        file.as_file().sync_data()?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Reads a small file; `None` if there is none.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    present(fs::read(path))
}

/// Removes a file; returns whether it existed.
fn remove(path: &Path) -> io::Result<bool> {
    Ok(present(fs::remove_file(path))?.is_some())
}

/// `None` if missing.
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

/// The names in a folder, sorted, without drafts; a missing folder is empty.
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
