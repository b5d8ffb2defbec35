//! Unpacks a tar stream into a folder.
//!
//! The stream may come from a container, so nothing in it is trusted: each name is split, its folder is opened from the
//! target's descriptor without following a link, and the entry is made there, never through an existing file.

use super::Rebase;
use crate::error::{Error, Result};
use crate::sys::rootdir::RootDir;
use crate::tree::owners::Owners;
use crate::tree::tar::{Entry, EntryKind, Reader, damaged};
use crate::tree::write::{self, Metadata, Spot};
use rustix::fs::{FileType, OFlags};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// The longest name, in bytes.
const LONGEST: usize = 4096;

/// The owner of the unpacked files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// The caller.
    Caller,
    /// The owner in the tar.
    Tar,
    /// This user and group, for all files.
    User(u32, u32),
}

/// Unpacks `reader` into `folder`; returns the bytes read.
pub(super) fn extract(
    reader: impl Read,
    folder: &Path,
    rebase: &Rebase,
    owner: Owner,
) -> Result<u64> {
    let mut extractor = Extractor {
        root: RootDir::open(folder)?,
        rebase,
        owner,
        // If an owner does not exist in the user namespace, the file keeps the owner that made it.
        owners: Owners::detect().without_records(),
        folders: Vec::new(),
    };
    let mut counter = Counting {
        inner: reader,
        bytes: 0,
    };
    let mut tar = Reader::new(&mut counter).with_holes();
    while let Some(entry) = tar.next_entry().map_err(damaged)? {
        extractor.take(&entry, &mut tar)?;
    }
    extractor.finish()?;
    // Padding after the end mark is also part of the transfer.
    tar.finish().map_err(damaged)?;
    Ok(counter.bytes)
}

struct Counting<R> {
    inner: R,
    bytes: u64,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.bytes += length as u64;
        Ok(length)
    }
}

struct Extractor<'a> {
    root: RootDir,
    rebase: &'a Rebase,
    owner: Owner,
    owners: Owners,
    /// Folders get their times at the end: filling them would change them.
    folders: Vec<(PathBuf, (i64, u32))>,
}

impl Extractor<'_> {
    fn take(&mut self, entry: &Entry, tar: &mut impl Read) -> Result<()> {
        let name = Path::new(OsStr::from_bytes(&entry.path));
        if name.as_os_str().len() > LONGEST {
            return Err(Error::invalid("a name in the tar stream is too long"));
        }
        let Some(path) = self.place(name)? else {
            return Ok(());
        };
        let about = self.about(entry)?;
        let on = |errno: Errno| Error::io("write", &path, errno.into());
        let parent = self.parent(&path).map_err(on)?;
        let name = path.file_name().ok_or(Errno::INVAL).map_err(on)?;
        let spot = Spot::new(&parent, name).map_err(on)?;
        let existing = make_room(spot, &path, entry.kind)?;
        let made = match (entry.kind, existing) {
            (EntryKind::Directory, existing) => match existing {
                // It gets the mode and owner of the copied folder.
                Existing::Kept => spot.open_folder(),
                Existing::Nothing => spot.make_folder(),
            }
            .and_then(|folder| write::grant(folder, &self.owners, &about))
            .map(|()| self.folders.push((path.clone(), about.mtime))),
            (EntryKind::File, existing) => {
                let file = match existing {
                    Existing::Kept => spot.overwrite(),
                    Existing::Nothing => spot.create(0o600),
                };
                let mut file = file.map_err(on)?;
                write::fill(&mut file, tar, entry.size, &path)?;
                write::finish(&file, &self.owners, &about)
            }
            (EntryKind::Symlink, _) => spot
                .symlink(OsStr::from_bytes(&entry.link))
                .and_then(|()| spot.finish(&self.owners, &about)),
            (EntryKind::HardLink, _) => self.hard_link(spot, &entry.link)?,
            (EntryKind::Fifo, _) => self.node(spot, FileType::Fifo, entry, &about),
            (EntryKind::CharDevice, _) => self.node(spot, FileType::CharacterDevice, entry, &about),
            (EntryKind::BlockDevice, _) => self.node(spot, FileType::BlockDevice, entry, &about),
        };
        made.map_err(on)
    }

    fn about(&self, entry: &Entry) -> Result<Metadata> {
        // Truncated, an arbitrary id could become root's; the largest value means "no change".
        let id = |number: u64| {
            u32::try_from(number)
                .ok()
                .filter(|number| *number != u32::MAX)
                .ok_or_else(|| Error::invalid("the tar stream has an owner that no file can have"))
        };
        let of_tar = (id(entry.uid)?, id(entry.gid)?);
        Ok(Metadata {
            owner: match self.owner {
                Owner::Caller => None,
                Owner::Tar => Some(of_tar),
                Owner::User(uid, gid) => Some((uid, gid)),
            },
            xattrs: Vec::new(),
            mode: entry.mode,
            mtime: entry.mtime,
        })
    }

    /// The name relative to the folder, after rebasing; `None` for the folder itself.
    fn place(&self, name: &Path) -> Result<Option<PathBuf>> {
        let mut parts: Vec<&OsStr> = Vec::new();
        for part in name.components() {
            match part {
                Component::Normal(part) => parts.push(part),
                // Only at the start: the contents of a folder come as `./name`.
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

    /// Opens the folder of `path`. A tar need not list its folders: missing ones are made.
    fn parent(&self, path: &Path) -> Result<OwnedFd, Errno> {
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let open = || {
            self.root
                .resolve_without_links(parent, OFlags::PATH | OFlags::DIRECTORY)
        };
        match open() {
            Err(Errno::NOENT) => {
                let above = self.parent(parent)?;
                let name = parent.file_name().ok_or(Errno::INVAL)?;
                match Spot::new(&above, name)?.make_folder() {
                    Ok(folder) => write::grant(folder, &self.owners, &Metadata::of_new_folder())?,
                    Err(Errno::EXIST) => {}
                    Err(error) => return Err(error),
                }
                open()
            }
            other => other,
        }
    }

    fn hard_link(&self, spot: Spot<'_>, target: &[u8]) -> Result<Result<(), Errno>> {
        let Some(target) = self.place(Path::new(OsStr::from_bytes(target)))? else {
            return Ok(Err(Errno::INVAL));
        };
        Ok(self.parent(&target).and_then(|folder| {
            let name = target.file_name().ok_or(Errno::INVAL)?;
            spot.hard_link(Spot::new(&folder, name)?)
        }))
    }

    fn node(
        &self,
        spot: Spot<'_>,
        kind: FileType,
        entry: &Entry,
        about: &Metadata,
    ) -> Result<(), Errno> {
        let device = rustix::fs::makedev(entry.device.0, entry.device.1);
        match spot.node(kind, device) {
            // Devices cannot be made in a user namespace; the rest is still copied.
            Err(Errno::PERM) => Ok(()),
            other => other.and_then(|()| spot.finish(&self.owners, about)),
        }
    }

    fn finish(&self) -> Result<()> {
        for (path, mtime) in self.folders.iter().rev() {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY;
            if let Ok(folder) = self.root.resolve_without_links(path, flags) {
                write::set_times(folder, *mtime)
                    .map_err(|error| Error::io("write", path, error.into()))?;
            }
        }
        Ok(())
    }
}

/// The state of the place for an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Existing {
    Nothing,
    /// An existing folder for a folder entry, or a file that cannot be replaced.
    Kept,
}

/// Makes room for an entry. Errors in Docker's words if a folder and another kind of file would replace each other.
fn make_room(spot: Spot<'_>, path: &Path, kind: EntryKind) -> Result<Existing> {
    let on = |errno: Errno| Error::io("write", path, errno.into());
    let Some(found) = spot.stat().map_err(on)? else {
        return Ok(Existing::Nothing);
    };
    let was_dir = FileType::from_raw_mode(found.st_mode).is_dir();
    let shown = path.display();
    match (was_dir, kind == EntryKind::Directory) {
        (true, true) => Ok(Existing::Kept),
        (true, false) => Err(Error::invalid(format!(
            "cannot overwrite directory \"{shown}\" with non-directory \"{shown}\""
        ))),
        (false, true) => Err(Error::invalid(format!(
            "cannot overwrite non-directory \"{shown}\" with directory \"{shown}\""
        ))),
        (false, false) => match spot.unlink() {
            // A file with a mount on it cannot be replaced, only overwritten.
            Err(Errno::BUSY) if kind == EntryKind::File => Ok(Existing::Kept),
            other => other.map(|()| Existing::Nothing).map_err(on),
        },
    }
}

#[cfg(test)]
#[path = "extract_tests.rs"]
mod tests;
