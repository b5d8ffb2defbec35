//! Reading a container's writable layer, folder by folder.
//!
//! A container may run and rename things while we read, so a folder is opened by its name in its open parent, and never
//! through a link: the target of a link on this machine is not part of the container.

use crate::error::{Error, Result};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, openat, statat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// The deepest allowed nesting of folders. A walk keeps each one open, and a program in the container can make as many
/// as it likes.
pub(super) const DEEPEST: usize = 500;

/// An error for `path`, which begins without a slash or ends with one, if it is nested deeper than that.
pub(super) fn check_depth(path: &[u8]) -> Result<()> {
    match path.iter().filter(|byte| **byte == b'/').count() > DEEPEST {
        true => Err(Error::invalid(format!(
            "more than {DEEPEST} folders lie in each other: `{}…`",
            String::from_utf8_lossy(&path[..path.len().min(40)])
        ))),
        false => Ok(()),
    }
}

/// One entry of a folder.
pub(super) struct Item {
    pub(super) name: OsString,
    pub(super) stat: Stat,
}

impl Item {
    pub(super) fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.stat.st_mode)
    }
}

/// Opens a folder; not through a link.
pub(super) fn open(parent: impl AsFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(parent, name, flags, Mode::empty())
}

/// Opens the top folder.
pub(super) fn open_top(path: &Path) -> Result<OwnedFd> {
    open(rustix::fs::CWD, path.as_os_str()).map_err(|errno| Error::io("read", path, errno.into()))
}

/// The entries of an open folder, sorted by name. Entries that disappear meanwhile are left out.
pub(super) fn items(folder: &OwnedFd) -> Result<Vec<Item>, Errno> {
    let mut items = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_bytes().to_vec();
        if matches!(name.as_slice(), b"." | b"..") {
            continue;
        }
        match statat(folder, name.as_slice(), AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => {}
            stat => items.push(Item {
                name: OsString::from_vec(name),
                stat: stat?,
            }),
        }
    }
    items.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    Ok(items)
}
