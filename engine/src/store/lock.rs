//! One lock per thing, taken with `flock`: on a separate lock file, or on the thing's own folder.
//!
//! **Kernel feature.** `flock(2)` locks belong to the open file: the kernel releases them when the process ends,
//! however it ends, so no lock outlives a crash. A folder can be locked as well as a file, and then the lock needs no
//! extra file.
//! **Try it.** `cat /proc/locks` while a command runs.

use crate::error::{IoContext, Result};
use crate::paths::Home;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Held until dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Takes the lock at `path`, waiting until it is free.
pub fn exclusive(path: &Path) -> Result<Lock> {
    let file = open(path)?;
    file.lock().on("lock", path)?;
    Ok(Lock { _file: file })
}

/// Takes the lock at `path` shared, waiting until it is not held exclusively.
pub fn shared(path: &Path) -> Result<Lock> {
    let file = open(path)?;
    file.lock_shared().on("lock", path)?;
    Ok(Lock { _file: file })
}

/// To be held from before a layer is published until the image, container or cache record that needs it is written:
/// nothing is deleted from `content/` meanwhile.
pub fn keep_content(home: &Home) -> Result<Lock> {
    shared(&home.content_lock())
}

/// The lock at `path`, or `None` if it is held.
pub fn try_exclusive(path: &Path) -> Result<Option<Lock>> {
    let taken = try_take(open(path)?, path)?;
    Ok(taken.map(|file| Lock { _file: file }))
}

/// The lock on the existing folder at `path`, as a file that can be passed on. `None` if it is held, perhaps only for
/// the moment of a probe (see [`is_held`]), so the caller must then find out what the holder is.
pub fn try_folder(path: &Path) -> Result<Option<File>> {
    try_take(File::open(path).on("open", path)?, path)
}

fn try_take(file: File, path: &Path) -> Result<Option<File>> {
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error).on("lock", path),
    }
}

/// Whether the lock at `path`, a file or a folder, is held. A missing one is not held, and is not created.
pub fn is_held(path: &Path) -> Result<bool> {
    let file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        other => other.on("open", path)?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error).on("lock", path),
    }
}

/// Open for reading and writing: over NFS, a shared lock needs the former and an exclusive lock the latter (`flock(2)`,
/// notes).
fn open(path: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)
        .on("open", path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exclusive_lock_keeps_others_out_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        assert!(!is_held(&path).unwrap());
        let held = exclusive(&path).unwrap();
        assert!(is_held(&path).unwrap());
        assert!(try_exclusive(&path).unwrap().is_none());
        drop(held);
        assert!(try_exclusive(&path).unwrap().is_some());
    }

    #[test]
    fn a_folder_is_locked_like_a_file_and_keeps_its_lock_when_it_is_renamed() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        std::fs::create_dir(&old).unwrap();
        let held = try_folder(&old).unwrap();
        assert!(held.is_some() && try_folder(&old).unwrap().is_none());
        std::fs::rename(&old, &new).unwrap();
        assert!(is_held(&new).unwrap() && !is_held(&old).unwrap());
        drop(held);
        assert!(!is_held(&new).unwrap());
        assert!(try_folder(&old).is_err());
    }

    #[test]
    fn shared_locks_do_not_keep_each_other_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let _first = shared(&path).unwrap();
        let _second = shared(&path).unwrap();
        assert!(!is_held(&path).unwrap());
        assert!(try_exclusive(&path).unwrap().is_none());
    }
}
