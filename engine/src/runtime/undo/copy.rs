//! Copies a folder quickly: small files are copied, large ones linked.
//!
//! **Kernel feature.** A hard link is a second name of the same file: it costs nothing, but later writes to the file
//! show in it. So a linked file is checked again before the copy is used.

use crate::error::{Error, IoContext, Result};
use crate::tree::write::{self, Spot};
use crate::tree::{bytes, owners};
use rustix::fs::{Dir, FileType, Gid, Mode, Stat, Uid, XattrFlags, fchmod, fchown, fsetxattr};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Files larger than this are linked.
const LARGE: u64 = 256 << 10;
/// The most files in a copy.
const MOST_FILES: u64 = 20_000;
/// The most bytes that are copied.
const MOST_BYTES: u64 = 64 << 20;

/// A file that the copy shares with the original.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Linked {
    /// Its path in the copy.
    path: PathBuf,
    size: u64,
    modified: (i64, i64),
    mode: u32,
}

/// Makes copies, within limits.
#[derive(Debug, Default)]
pub(super) struct Copier {
    pub(super) linked: Vec<Linked>,
    files: u64,
    bytes: u64,
}

impl Copier {
    /// Copies the file or folder `from`, if it exists, to `to`, which must not exist. Links are copied as links.
    ///
    /// # Errors
    /// Kind `Unsupported` for too many files or bytes.
    pub(super) fn copy(&mut self, from: &Path, to: &Path) -> Result<()> {
        let failed = |errno: Errno| Error::io("copy", from, errno.into());
        if !from.parent().is_some_and(Path::is_dir) {
            return Ok(());
        }
        let (source, target) = (parent(from)?, parent(to)?);
        let source = spot(&source, from).map_err(failed)?;
        let target = spot(&target, to).map_err(failed)?;
        self.entry(source, target, to)
    }

    fn entry(&mut self, from: Spot<'_>, to: Spot<'_>, path: &Path) -> Result<()> {
        let failed = |errno: Errno| Error::io("copy to", path, errno.into());
        let Some(stat) = from.stat().map_err(failed)? else {
            return Ok(());
        };
        let kind = FileType::from_raw_mode(stat.st_mode);
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let is_small_file = kind.is_file() && size <= LARGE;
        self.files += 1;
        if is_small_file {
            self.bytes += size;
        }
        if self.files > MOST_FILES || self.bytes > MOST_BYTES {
            return Err(Error::unsupported(
                "there is more in this sandbox than is kept for `undo`",
            ));
        }
        if kind.is_dir() {
            let from = from.open_folder().map_err(failed)?;
            let to = to.make_folder().map_err(failed)?;
            for entry in Dir::read_from(&from).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let name = OsStr::from_bytes(entry.file_name().to_bytes());
                if name != "." && name != ".." {
                    let source = Spot::new(&from, name).map_err(failed)?;
                    let target = Spot::new(&to, name).map_err(failed)?;
                    self.entry(source, target, &path.join(name))?;
                }
            }
            return attributes(&from, &to, &stat).map_err(failed);
        }
        if is_small_file {
            let from = from.open_file().map_err(failed)?;
            let to = to.create(0o600).map_err(failed)?;
            bytes::copy(&from, &to, stat.st_size).map_err(failed)?;
            return attributes(&from, &to, &stat).map_err(failed);
        }
        to.hard_link(from).map_err(failed)?;
        if kind.is_file() {
            let about = fs::symlink_metadata(path).on("read", path)?;
            self.linked.push(Linked::of(path, &about));
        }
        Ok(())
    }
}

fn spot<'a>(folder: &'a OwnedFd, path: &'a Path) -> Result<Spot<'a>, Errno> {
    Spot::new(folder, path.file_name().unwrap_or_default())
}

/// Opens the parent of `path`, a folder that we made.
fn parent(path: &Path) -> Result<OwnedFd> {
    let parent = path.parent().unwrap_or(path);
    File::open(parent).map(OwnedFd::from).on("open", parent)
}

impl Linked {
    fn of(path: &Path, about: &Metadata) -> Self {
        Self {
            path: path.to_owned(),
            size: about.len(),
            modified: (about.mtime(), about.mtime_nsec()),
            mode: about.mode(),
        }
    }

    /// Whether the file is unchanged since it was linked.
    pub(super) fn is_unchanged(&self) -> Result<bool> {
        let about = fs::symlink_metadata(&self.path).on("read", &self.path)?;
        Ok(Self::of(&self.path, &about) == *self)
    }
}

/// Gives `to` the attributes, owner, permissions and time of `from`; all attributes, including overlayfs's marks.
fn attributes(from: &OwnedFd, to: impl AsFd, stat: &Stat) -> Result<(), Errno> {
    for (name, value) in owners::xattrs_of(from)? {
        fsetxattr(&to, &*name, &value, XattrFlags::empty())?;
    }
    let (uid, gid) = (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid));
    fchown(&to, Some(uid), Some(gid))?;
    fchmod(&to, Mode::from_raw_mode(stat.st_mode & 0o7777))?;
    write::set_times(to, write::mtime(stat))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_copy_is_as_the_original_was() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("d")).unwrap();
        fs::write(from.join("d/small"), "small").unwrap();
        fs::write(from.join("large"), vec![1; 300 << 10]).unwrap();
        std::os::unix::fs::symlink("/nowhere", from.join("link")).unwrap();
        fs::set_permissions(from.join("d"), fs::Permissions::from_mode(0o711)).unwrap();
        let mut copier = Copier::default();
        copier.copy(&from, &to).unwrap();
        copier
            .copy(&from.join("nothing"), &to.join("nothing"))
            .unwrap();
        // A change to the original does not affect a small file, and is detected for a large one.
        fs::write(from.join("d/small"), "other").unwrap();
        assert_eq!(fs::read_to_string(to.join("d/small")).unwrap(), "small");
        assert_eq!(
            fs::read_link(to.join("link")).unwrap(),
            Path::new("/nowhere")
        );
        let mode = fs::metadata(to.join("d")).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o711);
        let [large] = &copier.linked[..] else {
            panic!("{:?}", copier.linked);
        };
        assert!(large.is_unchanged().unwrap());
        fs::write(from.join("large"), "less").unwrap();
        assert!(!large.is_unchanged().unwrap());
    }

    #[test]
    fn too_much_is_not_copied() {
        let folder = tempfile::tempdir().unwrap();
        let mut copier = Copier {
            files: MOST_FILES,
            ..Copier::default()
        };
        let error = copier
            .copy(folder.path(), &folder.path().join("to"))
            .unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Unsupported);
    }
}
