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
use rustix::pipe::{self, SpliceFlags, fcntl_setpipe_size};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::{Component, Path, PathBuf};

/// The bytes that the kernel moves at once; also the largest pipe that anyone may have.
const PIECE: usize = 1 << 20;
const FLAGS: SpliceFlags = SpliceFlags::MOVE;
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

/// Unpacks `reader` into `folder`; returns the bytes read. `stream` is the socket that `reader` reads without a buffer,
/// if there is one: the kernel moves large files from it.
pub(super) fn extract(
    reader: impl Read,
    stream: Option<&UnixStream>,
    folder: &Path,
    rebase: &Rebase,
    owner: Owner,
) -> Result<u64> {
    let mut extractor = Extractor {
        root: RootDir::open(folder)?,
        stream,
        moved: 0,
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
    let moved = extractor.moved;
    extractor.finish()?;
    // Padding after the end mark is also part of the transfer.
    tar.finish().map_err(damaged)?;
    Ok(counter.bytes + moved)
}

/// Lets the kernel move up to `size` bytes of `stream` into `file`, which saves a copy of each; returns the number of
/// bytes moved. If the kernel cannot, the caller continues by reading.
fn splice(stream: &UnixStream, file: &File, size: u64) -> io::Result<u64> {
    let (reader, writer) = io::pipe()?;
    // A smaller pipe only makes it slower.
    let _ = fcntl_setpipe_size(&writer, PIECE);
    let mut moved = 0;
    while moved < size {
        let most = usize::try_from(size - moved).unwrap_or(usize::MAX);
        let taken = match pipe::splice(stream, None, &writer, None, most.min(PIECE), FLAGS) {
            Err(Errno::INTR) => continue,
            // The reader finds the same end or error.
            Ok(0) | Err(_) => break,
            Ok(taken) => taken,
        };
        let mut left = taken;
        while left > 0 {
            left -= match pipe::splice(&reader, None, file, None, left, FLAGS) {
                Err(Errno::INTR) => 0,
                // Not every file system can do that.
                Ok(0) | Err(Errno::INVAL) => {
                    io::copy(&mut (&reader).take(left as u64), &mut &*file)? as usize
                }
                other => other?,
            };
        }
        moved += taken as u64;
    }
    Ok(moved)
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
    stream: Option<&'a UnixStream>,
    /// Bytes of files that did not pass through the reader.
    moved: u64,
    rebase: &'a Rebase,
    owner: Owner,
    owners: Owners,
    /// Folders get their times at the end: filling them would change them.
    folders: Vec<(PathBuf, (i64, u32))>,
}

impl Extractor<'_> {
    fn take(&mut self, entry: &Entry, tar: &mut Reader<impl Read, io::Sink>) -> Result<()> {
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
                if let Some(stream) = self.stream.filter(|_| entry.size >= PIECE as u64) {
                    let moved = tar.bypass(|size| splice(stream, &file, size));
                    self.moved += moved.map_err(|error| Error::io("write", &path, error))?;
                }
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
mod tests;
