//! A tar stream as files in a folder.
//!
//! The stream may come from a container, so nothing in it is trusted: each name is split, its folder is opened from the
//! target's descriptor without following a link, and the entry is made there, never through something that was there.

use super::Rebase;
use crate::error::{Error, Result};
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, ResolveFlags, Timestamps, Uid};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};
use tar::{Archive, Entry, EntryType};

/// Bytes that are moved at once.
const PIECE: usize = 256 << 10;
/// Longest name, in bytes.
const LONGEST: usize = 4096;

/// Whom the files of a tar are to belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// To whoever unpacks them.
    Caller,
    /// To whom the tar says.
    Tar,
    /// All to this user and group.
    User(u32, u32),
}

/// Unpacks `reader` into `folder`; returns the bytes read.
pub(super) fn extract(
    reader: impl Read,
    folder: &Path,
    rebase: &Rebase,
    owner: Owner,
) -> Result<u64> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = rustix::fs::open(folder, flags, Mode::empty())
        .map_err(|error| Error::io("open", folder, error.into()))?;
    let mut counter = Counting {
        inner: reader,
        bytes: 0,
    };
    let mut extractor = Extractor {
        root,
        rebase,
        owner,
        folders: Vec::new(),
        buffer: vec![0; PIECE],
    };
    let mut archive = Archive::new(&mut counter);
    let bad = broken;
    for entry in archive.entries().map_err(bad)? {
        extractor.take(&mut entry.map_err(bad)?)?;
    }
    extractor.finish()?;
    // What follows the end mark is padding, and part of the transfer.
    std::io::copy(&mut counter, &mut std::io::sink()).map_err(bad)?;
    Ok(counter.bytes)
}

/// What is wrong with a tar, in Docker's words where it has some.
fn broken(error: io::Error) -> Error {
    let text = error.to_string();
    let is_cut = error.kind() == io::ErrorKind::UnexpectedEof
        || text.contains("failed to read entire block")
        || text.contains("unexpected EOF");
    match text {
        _ if is_cut => Error::invalid("unexpected EOF"),
        text if text.contains("header") || text.contains("numeric field") => {
            Error::invalid("archive/tar: invalid tar header")
        }
        _ => Error::invalid("the tar stream cannot be read").with_source(error),
    }
}

struct Counting<R> {
    inner: R,
    bytes: u64,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.bytes += length as u64;
        Ok(length)
    }
}

struct Extractor<'a> {
    root: OwnedFd,
    rebase: &'a Rebase,
    owner: Owner,
    /// Folders get their times at the end: filling them would change them.
    folders: Vec<(PathBuf, Timestamps)>,
    buffer: Vec<u8>,
}

/// What an entry says of itself, whatever its kind.
struct Metadata {
    mode: Mode,
    owner: (u32, u32),
    times: Timestamps,
}

impl Extractor<'_> {
    fn take<R: Read>(&mut self, entry: &mut Entry<'_, R>) -> Result<()> {
        let name = PathBuf::from(OsString::from_vec(entry.path_bytes().into_owned()));
        if name.as_os_str().len() > LONGEST {
            return Err(Error::invalid("a name in the tar stream is too long"));
        }
        let Some(path) = self.place(&name)? else {
            return Ok(());
        };
        let header = entry.header();
        let number = |value: io::Result<u64>| {
            // Cut off, the number of a stranger could become root's; the last one means nobody.
            let number = u32::try_from(value.map_err(broken)?).ok();
            number
                .filter(|number| *number != u32::MAX)
                .ok_or_else(|| Error::invalid("the tar stream has an owner that no file can have"))
        };
        let time = rustix::fs::Timespec {
            tv_sec: header.mtime().map_err(broken)?.min(i64::MAX as u64) as i64,
            tv_nsec: 0,
        };
        let about = Metadata {
            mode: Mode::from_raw_mode(header.mode().map_err(broken)? & 0o7777),
            owner: (number(header.uid())?, number(header.gid())?),
            times: Timestamps {
                last_access: time,
                last_modification: time,
            },
        };
        let made = self.make(entry, &path, &about);
        made.map_err(|error| match error {
            Failure::Errno(errno) => Error::io("write", &path, errno.into()),
            Failure::Error(error) => error,
        })
    }

    /// The name relative to the folder, after rebasing; `None` for the folder itself.
    fn place(&self, name: &Path) -> Result<Option<PathBuf>> {
        let mut parts: Vec<&OsStr> = Vec::new();
        for part in name.components() {
            match part {
                Component::Normal(part) => parts.push(part),
                // Only in front: the contents of a folder come as `./name`.
                Component::CurDir => parts.push(OsStr::new(".")),
                Component::RootDir => {}
                Component::ParentDir | Component::Prefix(_) => {
                    return Err(Error::invalid(format!(
                        "the name `{}` in the tar stream leads out of the folder",
                        name.display()
                    )));
                }
            }
        }
        let path: PathBuf = match self.rebase {
            Rebase::Keep => parts.iter().filter(|part| **part != ".").collect(),
            Rebase::Drop => parts.iter().skip(1).collect(),
            Rebase::To(first) => {
                let rest = parts.iter().skip(1);
                std::iter::once(&OsStr::new(first)).chain(rest).collect()
            }
        };
        Ok(Some(path).filter(|path| !path.as_os_str().is_empty()))
    }

    fn parent(&self, path: &Path) -> Result<OwnedFd, Errno> {
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let parent = parent.unwrap_or(Path::new("."));
        match rustix::fs::openat2(&self.root, parent, flags, Mode::empty(), how) {
            Err(Errno::NOENT) => {
                // A tar need not name its folders.
                let above = self.parent(parent)?;
                let name = parent.file_name().ok_or(Errno::INVAL)?;
                match rustix::fs::mkdirat(&above, name, Mode::from_raw_mode(0o755)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(error),
                }
                rustix::fs::openat2(&self.root, parent, flags, Mode::empty(), how)
            }
            other => other,
        }
    }

    fn make<R: Read>(
        &mut self,
        entry: &mut Entry<'_, R>,
        path: &Path,
        about: &Metadata,
    ) -> Result<(), Failure> {
        let parent = self.parent(path)?;
        let name = path.file_name().ok_or(Errno::INVAL)?;
        let kind = match entry.header().entry_type() {
            // Before POSIX a directory was a file whose name ends so.
            kind if kind.is_file() && entry.path_bytes().ends_with(b"/") => EntryType::Directory,
            kind => kind,
        };
        if self.clear(&parent, name, path, kind)? {
            // The folder is there already; it takes the mode and owner of the one that is copied.
            let folder = open_entry(&parent, name, OFlags::RDONLY | OFlags::DIRECTORY)?;
            self.adopt(&folder, about)?;
            self.folders.push((path.to_owned(), about.times.clone()));
            return Ok(());
        }
        match kind {
            EntryType::Directory => {
                rustix::fs::mkdirat(&parent, name, Mode::from_raw_mode(0o700))?;
                let folder = open_entry(&parent, name, OFlags::RDONLY | OFlags::DIRECTORY)?;
                self.adopt(&folder, about)?;
                self.folders.push((path.to_owned(), about.times.clone()));
            }
            EntryType::Symlink => {
                let target = entry.link_name_bytes().ok_or(Errno::INVAL)?;
                rustix::fs::symlinkat(OsStr::from_bytes(&target), &parent, name)?;
                self.chown_at(&parent, name, about)?;
                let flags = AtFlags::SYMLINK_NOFOLLOW;
                rustix::fs::utimensat(&parent, name, &about.times, flags)?;
            }
            EntryType::Link => {
                let target = entry.link_name_bytes().ok_or(Errno::INVAL)?;
                let target = self
                    .place(Path::new(OsStr::from_bytes(&target)))?
                    .ok_or(Errno::INVAL)?;
                let folder = self.parent(&target)?;
                let first = target.file_name().ok_or(Errno::INVAL)?;
                rustix::fs::linkat(&folder, first, &parent, name, AtFlags::empty())?;
            }
            EntryType::Fifo | EntryType::Char | EntryType::Block => {
                self.make_node(entry, &parent, name, about)?;
            }
            kind if kind.is_file() => self.make_file(entry, &parent, name, about)?,
            _ => {}
        }
        Ok(())
    }

    /// Makes room for an entry. Returns whether it is a folder that exists already.
    /// Docker's sentences where a folder and something else would replace each other.
    fn clear(
        &self,
        parent: &OwnedFd,
        name: &OsStr,
        path: &Path,
        kind: EntryType,
    ) -> Result<bool, Failure> {
        let found = match rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(false),
            other => other?,
        };
        let was_dir = FileType::from_raw_mode(found.st_mode).is_dir();
        let shown = path.display();
        match (was_dir, kind == EntryType::Directory) {
            (true, true) => Ok(true),
            (true, false) => Err(Failure::Error(Error::invalid(format!(
                "cannot overwrite directory \"{shown}\" with non-directory \"{shown}\""
            )))),
            (false, true) => Err(Failure::Error(Error::invalid(format!(
                "cannot overwrite non-directory \"{shown}\" with directory \"{shown}\""
            )))),
            (false, false) => {
                // A file that something is mounted on cannot be replaced, only written.
                match rustix::fs::unlinkat(parent, name, AtFlags::empty()) {
                    Err(Errno::BUSY) if kind.is_file() => Ok(false),
                    other => Ok(other.map(|()| false)?),
                }
            }
        }
    }

    fn make_file<R: Read>(
        &mut self,
        entry: &mut Entry<'_, R>,
        parent: &OwnedFd,
        name: &OsStr,
        about: &Metadata,
    ) -> Result<(), Failure> {
        let flags = OFlags::CREATE | OFlags::TRUNC | OFlags::WRONLY;
        let mut file = File::from(open_entry(parent, name, flags)?);
        loop {
            let length = entry
                .read(&mut self.buffer)
                .map_err(|error| Error::invalid("the tar stream ended early").with_source(error))?;
            if length == 0 {
                break;
            }
            file.write_all(&self.buffer[..length])
                .map_err(|error| Error::io("write", name, error))?;
        }
        let file = OwnedFd::from(file);
        self.adopt(&file, about)?;
        Ok(rustix::fs::futimens(&file, &about.times)?)
    }

    fn make_node<R: Read>(
        &self,
        entry: &Entry<'_, R>,
        parent: &OwnedFd,
        name: &OsStr,
        about: &Metadata,
    ) -> Result<(), Failure> {
        let header = entry.header();
        let number = |value: std::io::Result<Option<u32>>| value.ok().flatten().unwrap_or(0);
        let device =
            rustix::fs::makedev(number(header.device_major()), number(header.device_minor()));
        let kind = match header.entry_type() {
            EntryType::Fifo => FileType::Fifo,
            EntryType::Char => FileType::CharacterDevice,
            _ => FileType::BlockDevice,
        };
        match rustix::fs::mknodat(parent, name, kind, about.mode, device) {
            // A user namespace has no devices; the rest of the copy is worth having.
            Err(Errno::PERM) => Ok(()),
            other => Ok(other?),
        }
    }

    fn chown_at(&self, parent: &OwnedFd, name: &OsStr, about: &Metadata) -> Result<(), Errno> {
        let Some((uid, gid)) = self.owner.of(about) else {
            return Ok(());
        };
        tolerate(rustix::fs::chownat(
            parent,
            name,
            uid,
            gid,
            AtFlags::SYMLINK_NOFOLLOW,
        ))
    }

    fn adopt(&self, file: &OwnedFd, about: &Metadata) -> Result<(), Errno> {
        if let Some((uid, gid)) = self.owner.of(about) {
            tolerate(rustix::fs::fchown(file, uid, gid))?;
        }
        rustix::fs::fchmod(file, about.mode)
    }

    fn finish(self) -> Result<()> {
        for (path, times) in self.folders.iter().rev() {
            let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            if let Ok(folder) = rustix::fs::openat2(&self.root, path, flags, Mode::empty(), how) {
                rustix::fs::futimens(folder.as_fd(), times)
                    .map_err(|error| Error::io("write", path, error.into()))?;
            }
        }
        Ok(())
    }
}

/// Opens what was just made, or is there, and never through a link.
fn open_entry(parent: &OwnedFd, name: &OsStr, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    rustix::fs::openat(parent, name, flags, Mode::from_raw_mode(0o600))
}

impl Owner {
    /// Whom a file is given to.
    fn of(self, about: &Metadata) -> Option<(Option<Uid>, Option<Gid>)> {
        let (uid, gid) = match self {
            Self::Caller => return None,
            Self::Tar => about.owner,
            Self::User(uid, gid) => (uid, gid),
        };
        Some((Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid))))
    }
}

/// An id that does not exist in the user namespace leaves the file with its maker.
fn tolerate(result: Result<(), Errno>) -> Result<(), Errno> {
    match result {
        Err(Errno::INVAL | Errno::PERM) => Ok(()),
        other => other,
    }
}

enum Failure {
    Errno(Errno),
    Error(Error),
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

#[cfg(test)]
#[path = "extract_tests.rs"]
mod tests;
