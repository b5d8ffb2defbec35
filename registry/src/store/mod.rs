//! What a registry keeps, as plain files. Content is shared by all repositories; what a repository has is told by small
//! files of its own, so that nobody reads through one name what was pushed under another.
//!
//! Several registries may share content: [`Store::beside`] has repositories in a folder of its own, and sees those of the
//! namespace `library` of the registry that it stands beside.
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
//! A part of a repository's name cannot begin with `_`, so the two never meet. Everything is written beside its place
//! and renamed into it: a registry that is killed at any moment has the old or the new, and what it was receiving can
//! go on or is swept. What no repository has any more is deleted at the next start, before anyone is served.

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

/// How a file is called while it is written; no name of a client's begins so.
const DRAFT: &str = ".new-";

/// Larger content is not kept in memory while a client takes or sends it.
pub(crate) const IN_MEMORY: usize = 64 * 1024;

/// The files of one registry.
#[derive(Debug, Clone)]
pub struct Store {
    content: Arc<Shared>,
    /// What is made below it; it is never made itself, so that what was thrown away stays away.
    place: PathBuf,
    /// Where the official repositories are, if that is elsewhere.
    official: Option<PathBuf>,
}

/// What registries share that stand beside each other.
#[derive(Debug)]
struct Shared {
    root: PathBuf,
    /// How far the uploads are that this process has seen; `None` while somebody is at one.
    uploads: Mutex<HashMap<UploadId, Option<uploads::Progress>>>,
    /// `None` for who only looks.
    _lock: Option<File>,
}

impl Store {
    /// Opens the registry at `root`, which is made if missing, and throws away what nobody needs.
    /// Errors: another server serves it (kind `Conflict`); it cannot be written.
    pub fn open(root: &Path) -> engine::error::Result<Self> {
        Self::open_with(root, &[])
    }

    /// The same, of a registry beside which others stand, in the folders `beside`: what they have is needed, too.
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

    /// The registry at `root` for somebody who only looks, while another process may serve it.
    pub fn look(root: &Path) -> Self {
        Self::at(root, None)
    }

    /// A registry with the content and the official repositories of this one, and everything else in the folder `place`. If
    /// that goes away, nothing can be pushed to it any more.
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

    /// Throws away uploads that nobody has touched for hours. To be called now and then.
    pub fn sweep(&self) -> io::Result<()> {
        self.sweep_uploads(uploads::PATIENCE)
    }

    /// What may be large and is read once: a few bytes in memory, more in a file without a name on the registry's disk.
    pub(crate) fn spool(&self) -> SpooledTempFile {
        tempfile::spooled_tempfile_in(IN_MEMORY, self.uploads())
    }

    /// The folder of its own repositories.
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

    /// Replaces a file that says something about a repository.
    fn note(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        make_below(&self.place, folder)?;
        write(path, bytes)
    }
}

/// Makes `folder` and its missing parents, but not `place`.
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

/// Makes `path` and its missing parents, readable by the owner only.
fn private_dirs(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Replaces the file at `path`, so that a reader sees the old or the new one, also after a power cut.
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
