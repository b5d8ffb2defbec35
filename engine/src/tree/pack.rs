//! A folder of changes → a layer's tar; the same folder always gives the same bytes.
//!
//! **What Docker does.** It tars overlayfs's upper folder, and writes its marks as whiteouts.
//! **What we do.** The same, sorted by name, with numbers instead of user names, times in whole seconds, deletions
//! before everything else in a folder, and further names of a file as hard links. Owners that this machine could not
//! set are restored from their record (see [`super::owners`]).
//! **What we leave out.** Sockets, which belong to a process, and names that begin with `.wh.`, which a layer cannot
//! hold.
//! **Try it.** `docker save busybox | tar -t`.
//! Source: OCI image specification, `layer.md`.

use super::marks::{Marks, OPAQUE_MARK, WHITEOUT_PREFIX, is_whiteout};
use super::owners::{self, Owners, Xattrs};
use super::tar::{Entry, EntryKind, Writer};
use super::upper::{Item, check_depth, items, open, open_top};
use super::view::{Folder, Node, View};
use crate::error::{Error, IoContext, Result};
use rustix::fs::{FileType, Mode, OFlags, Stat, openat, readlinkat};
use rustix::io::Errno;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What was packed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Packed {
    /// Bytes of files.
    pub size: u64,
    /// Entries.
    pub entries: u64,
}

/// Writes the tar of the layer `upper`, stacked on `lowers` (folders, lowest first), to `sink`.
pub(crate) fn pack(upper: &Path, lowers: &[PathBuf], sink: impl Write) -> Result<Packed> {
    let mut packer = Packer::new(sink);
    let below = View::open(lowers)?;
    packer.folder(&open_top(upper)?, b"", Some(below.root()))?;
    packer.finish()
}

/// Writes files as entries of a tar.
pub(crate) struct Packer<W> {
    out: Writer<W>,
    owners: Owners,
    marks: Marks,
    /// The first name of each file that has several.
    links: HashMap<(u64, u64), Vec<u8>>,
    done: Packed,
}

impl<W: Write> Packer<W> {
    pub(crate) fn new(sink: W) -> Self {
        Self {
            out: Writer::new(sink),
            owners: Owners::detect(),
            marks: Marks::detect(),
            links: HashMap::new(),
            done: Packed::default(),
        }
    }

    /// Writes `name` in the folder `parent` as the entry `path`. A directory is written without its contents, and its
    /// path must end with a slash; a socket is skipped.
    pub(crate) fn add(
        &mut self,
        parent: &OwnedFd,
        name: &OsStr,
        stat: Stat,
        path: Vec<u8>,
    ) -> Result<()> {
        let item = Item {
            name: name.to_owned(),
            stat,
        };
        if !item.kind().is_dir() {
            return self.other(parent, &item, path);
        }
        let entry = self.named(parent, &item, &path, EntryKind::Directory)?;
        self.append(&entry, io::empty())
    }

    pub(crate) fn finish(self) -> Result<Packed> {
        self.out.finish().on("write", "the tar stream")?;
        Ok(self.done)
    }

    /// The contents of `folder`, whose path is empty or ends with a slash.
    fn folder(&mut self, folder: &OwnedFd, path: &[u8], lower: Option<&Folder>) -> Result<()> {
        check_depth(path)?;
        let items = items(folder).map_err(|errno| failed(path, errno))?;
        for item in items.iter().filter(|item| is_whiteout(&item.stat)) {
            self.deletion(&[path, WHITEOUT_PREFIX, item.name.as_bytes()].concat())?;
        }
        for item in &items {
            let name = item.name.as_bytes();
            if is_whiteout(&item.stat)
                || item.kind().is_socket()
                || name.starts_with(WHITEOUT_PREFIX)
            {
                continue;
            }
            let path = [path, name].concat();
            if item.kind().is_dir() {
                self.directory(folder, item, path, lower)?;
            } else {
                self.other(folder, item, path)?;
            }
        }
        Ok(())
    }

    fn directory(
        &mut self,
        parent: &OwnedFd,
        item: &Item,
        mut path: Vec<u8>,
        lower: Option<&Folder>,
    ) -> Result<()> {
        path.push(b'/');
        let entry = self.named(parent, item, &path, EntryKind::Directory)?;
        self.append(&entry, io::empty())?;
        let on = |errno| failed(&path, errno);
        let below = match lower {
            Some(lower) => lower.child(&item.name).map_err(on)?,
            None => None,
        };
        let below = below.as_ref().and_then(Node::folder);
        let folder = open(parent, &item.name).map_err(on)?;
        // A new directory hides nothing, but overlayfs marks it as opaque anyway.
        if below.is_some() && self.marks.is_opaque(&folder) {
            self.deletion(&[path.as_slice(), OPAQUE_MARK].concat())?;
        }
        self.folder(&folder, &path, below)
    }

    fn other(&mut self, parent: &OwnedFd, item: &Item, path: Vec<u8>) -> Result<()> {
        let stat = &item.stat;
        let kind = match item.kind() {
            FileType::RegularFile => EntryKind::File,
            FileType::Symlink => EntryKind::Symlink,
            FileType::CharacterDevice => EntryKind::CharDevice,
            FileType::BlockDevice => EntryKind::BlockDevice,
            FileType::Fifo => EntryKind::Fifo,
            _ => return Ok(()),
        };
        if stat.st_nlink > 1 {
            if let Some(first) = self.links.get(&(stat.st_dev, stat.st_ino)) {
                let first = first.clone();
                let mut entry = self.named(parent, item, &path, EntryKind::HardLink)?;
                entry.link = first;
                entry.xattrs.clear();
                return self.append(&entry, io::empty());
            }
            self.links.insert((stat.st_dev, stat.st_ino), path.clone());
        }
        if kind == EntryKind::File {
            return self.file(parent, item, &path);
        }
        let mut entry = self.named(parent, item, &path, kind)?;
        match kind {
            EntryKind::Symlink => {
                entry.link = readlinkat(parent, item.name.as_os_str(), Vec::new())
                    .map_err(|errno| failed(&path, errno))?
                    .into_bytes();
                self.done.size += entry.stored();
            }
            EntryKind::CharDevice | EntryKind::BlockDevice => {
                entry.device = (
                    rustix::fs::major(stat.st_rdev),
                    rustix::fs::minor(stat.st_rdev),
                );
            }
            _ => {}
        }
        self.append(&entry, io::empty())
    }

    fn file(&mut self, parent: &OwnedFd, item: &Item, path: &[u8]) -> Result<()> {
        let on = |errno| failed(path, errno);
        // If a pipe replaced the file meanwhile, opening it must not block.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(parent, item.name.as_os_str(), flags, Mode::empty()).map_err(on)?;
        let stat = rustix::fs::fstat(&file).map_err(on)?;
        if !FileType::from_raw_mode(stat.st_mode).is_file() {
            return Err(on(Errno::STALE));
        }
        let xattrs = owners::xattrs_of(&file).map_err(on)?;
        let mut entry = self.entry(item, path, EntryKind::File, xattrs);
        entry.size = u64::try_from(stat.st_size).unwrap_or(0);
        self.done.size += entry.stored();
        self.append(&entry, File::from(file))
    }

    /// The entry of a file that is not opened.
    fn named(&self, parent: &OwnedFd, item: &Item, path: &[u8], kind: EntryKind) -> Result<Entry> {
        let xattrs =
            owners::xattrs(parent, item.name.as_bytes()).map_err(|errno| failed(path, errno))?;
        Ok(self.entry(item, path, kind, xattrs))
    }

    fn entry(&self, item: &Item, path: &[u8], kind: EntryKind, xattrs: Xattrs) -> Entry {
        let mut entry = Entry::new(path, kind, item.stat.st_mode & 0o7777);
        let owner = self
            .owners
            .seen((item.stat.st_uid, item.stat.st_gid), &xattrs);
        (entry.uid, entry.gid) = (owner.0.into(), owner.1.into());
        entry.mtime = (item.stat.st_mtime, 0);
        entry.xattrs = owners::travelling(xattrs);
        entry
    }

    fn deletion(&mut self, path: &[u8]) -> Result<()> {
        self.append(&Entry::new(path, EntryKind::File, 0o600), io::empty())
    }

    fn append(&mut self, entry: &Entry, content: impl io::Read) -> Result<()> {
        self.done.entries += 1;
        self.out
            .append(entry, content)
            .on("pack", String::from_utf8_lossy(&entry.path).as_ref())
    }
}

fn failed(path: &[u8], errno: Errno) -> Error {
    Error::io("read", String::from_utf8_lossy(path).as_ref(), errno.into())
}

#[cfg(test)]
mod tests;
