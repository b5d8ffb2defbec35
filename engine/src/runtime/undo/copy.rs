//! A copy of a folder that is quickly made: small files are copied, large ones linked.
//!
//! **Kernel feature.** A hard link is a second name of the same file: it costs nothing, and it shows what is later written
//! into the file. So a linked file is looked at again before the copy is relied on.

use crate::error::{Error, IoContext, Result};
use crate::tree::owners;
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, XattrFlags};
use serde::{Deserialize, Serialize};
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Files of more bytes are linked.
const LARGE: u64 = 256 << 10;
/// No more files than this are kept.
const MOST_FILES: u64 = 20_000;
/// No more bytes than this are copied.
const MOST_BYTES: u64 = 64 << 20;

/// A file that the copy shares with the original.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Linked {
    /// In the copy.
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
    /// Copies what is at `from`, if anything is, to `to`, where nothing is yet. Links are copied as links.
    ///
    /// # Errors
    /// Kind `Unsupported` when there is too much.
    pub(super) fn copy(&mut self, from: &Path, to: &Path) -> Result<()> {
        let about = match fs::symlink_metadata(from) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            about => about.on("read", from)?,
        };
        self.files += 1;
        let is_small_file = about.is_file() && about.len() <= LARGE;
        if is_small_file {
            self.bytes += about.len();
        }
        if self.files > MOST_FILES || self.bytes > MOST_BYTES {
            return Err(Error::unsupported(
                "there is more in this sandbox than is kept for `undo`",
            ));
        }
        if about.is_dir() {
            fs::create_dir(to).on("create the directory", to)?;
            for entry in fs::read_dir(from).on("read", from)? {
                let name = entry.on("read", from)?.file_name();
                self.copy(&from.join(&name), &to.join(&name))?;
            }
            return attributes(from, to, &about);
        }
        if is_small_file {
            let bytes = fs::read(from).on("read", from)?;
            fs::write(to, bytes).on("write", to)?;
            return attributes(from, to, &about);
        }
        fs::hard_link(from, to).on("link", from)?;
        if about.is_file() {
            self.linked.push(Linked::of(to, &about));
        }
        Ok(())
    }
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

    /// Whether the file is as it was when it was linked.
    pub(super) fn is_unchanged(&self) -> Result<bool> {
        let about = fs::symlink_metadata(&self.path).on("read", &self.path)?;
        Ok(Self::of(&self.path, &about) == *self)
    }
}

/// Gives `to` the attributes, owner, permissions and time of `from`.
fn attributes(from: &Path, to: &Path, about: &Metadata) -> Result<()> {
    let failed = |errno: rustix::io::Errno| Error::io("copy", from, errno.into());
    for (name, value) in owners::xattrs_at(from).map_err(failed)? {
        rustix::fs::lsetxattr(to, &*name, &value, XattrFlags::empty()).map_err(failed)?;
    }
    std::os::unix::fs::lchown(to, Some(about.uid()), Some(about.gid()))
        .on("change the owner of", to)?;
    let mode = fs::Permissions::from_mode(about.mode() & 0o7777);
    fs::set_permissions(to, mode).on("change the mode of", to)?;
    let time = |seconds, nanoseconds| Timespec {
        tv_sec: seconds,
        tv_nsec: nanoseconds,
    };
    let times = Timestamps {
        last_access: time(about.atime(), about.atime_nsec()),
        last_modification: time(about.mtime(), about.mtime_nsec()),
    };
    rustix::fs::utimensat(CWD, to, &times, AtFlags::SYMLINK_NOFOLLOW).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        // What happens to the original does not reach a small file, and is seen of a large one.
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
