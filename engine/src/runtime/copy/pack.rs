//! Packs a file or folder as a tar stream.

use crate::error::{Error, Result};
use crate::tree::owners;
use crate::tree::tar::{Entry, EntryKind, Writer};
use rustix::io::Errno;
use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The bytes that are copied at once.
const PIECE: usize = 256 << 10;

/// Writes `path` as a tar; returns its bytes. Names begin with the last part of `path`, or with `.` if the path ends
/// with that; with `export` they are relative to it, and mounts below it are left out. The folders `hidden` are packed
/// without their contents.
pub(super) fn pack(
    path: &Path,
    follow: bool,
    export: bool,
    hidden: &[String],
    writer: impl Write + AsFd,
) -> Result<u64> {
    let contents = path.as_os_str().as_bytes().ends_with(b"/.") || path == Path::new(".");
    let follow = follow || path.as_os_str().as_bytes().ends_with(b"/") || contents;
    let source = if follow {
        fs::canonicalize(path).map_err(|error| Error::io("read", path, error))?
    } else {
        path.to_owned()
    };
    let name = path
        .file_name()
        .or(source.file_name())
        .filter(|_| !contents)
        .map_or_else(|| PathBuf::from("."), PathBuf::from);
    let about = fs::symlink_metadata(&source).map_err(|error| Error::io("read", path, error))?;
    let mut packer = Packer::new(writer, hidden);
    packer.device = export.then(|| about.dev());
    let packed = match export {
        true => packer.children(&source, Path::new("")),
        false => packer.entry(&source, &name, &about),
    };
    packer
        .end(packed)
        .map_err(|error| Error::io("pack", path, error))
}

struct Counter<W> {
    inner: W,
    bytes: u64,
}

impl<W: Write> Write for Counter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

struct Packer<'a, W: Write + AsFd> {
    out: Writer<BufWriter<Counter<W>>>,
    /// Files with several names, by device and inode, with the first name that was packed.
    links: HashMap<(u64, u64), PathBuf>,
    /// For an export: the file system to pack.
    device: Option<u64>,
    /// Folders that are packed without their contents.
    hidden: &'a [String],
    buffer: Vec<u8>,
    /// The file capabilities for the next header: the only attribute that Docker's archives of containers keep.
    capability: Option<Vec<u8>>,
}

impl<'a, W: Write + AsFd> Packer<'a, W> {
    fn new(writer: W, hidden: &'a [String]) -> Self {
        let counter = Counter {
            inner: writer,
            bytes: 0,
        };
        Self {
            out: Writer::new(BufWriter::with_capacity(PIECE, counter)),
            links: HashMap::new(),
            device: None,
            hidden,
            buffer: vec![0; PIECE],
            capability: None,
        }
    }

    /// Ends the stream, unless packing failed; returns its bytes.
    fn end(self, packed: io::Result<()>) -> io::Result<u64> {
        // Without the end mark, an incomplete tar does not pass for a complete one.
        packed?;
        let buffer = self.out.finish()?;
        let counter = buffer.into_inner().map_err(|error| error.into_error())?;
        Ok(counter.bytes)
    }

    fn entry(&mut self, path: &Path, name: &Path, about: &Metadata) -> io::Result<()> {
        let kind = about.file_type();
        if kind.is_dir() {
            self.header(name, about, EntryKind::Directory, 0, None)?;
            if self.hidden.iter().any(|folder| path == Path::new(folder)) {
                return Ok(());
            }
            return self.children(path, name);
        }
        if kind.is_file() {
            return self.file(path, name, about);
        }
        if kind.is_symlink() {
            let target = fs::read_link(path)?;
            return self.header(name, about, EntryKind::Symlink, 0, Some(&target));
        }
        let entry = if kind.is_fifo() {
            EntryKind::Fifo
        } else if kind.is_char_device() {
            EntryKind::CharDevice
        } else if kind.is_block_device() {
            EntryKind::BlockDevice
        } else {
            // A socket is useless without its process.
            return Ok(());
        };
        self.header(name, about, entry, 0, None)
    }

    fn children(&mut self, path: &Path, name: &Path) -> io::Result<()> {
        let mut entries = fs::read_dir(path)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            // A file that disappears meanwhile is skipped.
            let Ok(about) = entry.metadata() else {
                continue;
            };
            if self.device.is_some_and(|device| device != about.dev()) {
                // The mount point folder belongs to the container; its contents do not.
                if about.is_dir() {
                    self.header(
                        &name.join(entry.file_name()),
                        &about,
                        EntryKind::Directory,
                        0,
                        None,
                    )?;
                }
                continue;
            }
            match self.entry(&entry.path(), &name.join(entry.file_name()), &about) {
                // Skipped as well: either nothing of it was written yet, or it is a folder that stays empty.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, name: &Path, about: &Metadata) -> io::Result<()> {
        let file = File::open(path)?;
        if about.nlink() > 1 {
            let key = (about.dev(), about.ino());
            if let Some(first) = self.links.get(&key).cloned() {
                return self.header(name, about, EntryKind::HardLink, 0, Some(&first));
            }
            self.links.insert(key, name.to_owned());
        }
        // The size may have changed since the folder was read; the size in the header must be kept to.
        let size = file.metadata()?.len();
        self.capability = owners::capability(&file);
        self.header(name, about, EntryKind::File, size, None)?;
        let mut left = size;
        if size >= PIECE as u64 {
            left -= self.send(&file, size)?;
        }
        let mut source = file.take(left);
        while left > 0 {
            let length = match source.read(&mut self.buffer) {
                Ok(0) => {
                    // The file became shorter: the rest is zeroes, so that the stream stays valid.
                    self.buffer.fill(0);
                    self.buffer
                        .len()
                        .min(usize::try_from(left).unwrap_or(PIECE))
                }
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.out.inner().write_all(&self.buffer[..length])?;
            left -= length as u64;
        }
        self.out.pad(size)
    }

    /// Lets the kernel move up to `size` bytes of `file` into the stream, which saves two copies of each; returns the
    /// number of bytes moved. If the kernel cannot, the caller continues by reading.
    fn send(&mut self, file: &File, size: u64) -> io::Result<u64> {
        self.out.inner().flush()?;
        let counter = self.out.inner().get_mut();
        let mut sent = 0;
        while sent < size {
            let piece = usize::try_from(size - sent)
                .unwrap_or(usize::MAX)
                .min(1 << 20);
            match rustix::fs::sendfile(&counter.inner, file, None, piece) {
                Ok(0) | Err(Errno::INVAL | Errno::NOSYS) => break,
                Ok(length) => {
                    sent += length as u64;
                    counter.bytes += length as u64;
                }
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(sent)
    }

    fn header(
        &mut self,
        name: &Path,
        about: &Metadata,
        kind: EntryKind,
        size: u64,
        link: Option<&Path>,
    ) -> io::Result<()> {
        let mut path = name.as_os_str().as_bytes().to_vec();
        if kind == EntryKind::Directory {
            path.push(b'/');
        }
        let mut entry = Entry::new(path, kind, about.mode() & 0o7777);
        entry.size = size;
        (entry.uid, entry.gid) = (about.uid().into(), about.gid().into());
        entry.mtime = (about.mtime(), 0);
        if let Some(link) = link {
            entry.link = link.as_os_str().as_bytes().to_vec();
        }
        if matches!(kind, EntryKind::CharDevice | EntryKind::BlockDevice) {
            let device = about.rdev();
            entry.device = (rustix::fs::major(device), rustix::fs::minor(device));
        }
        if let Some(capability) = self.capability.take() {
            entry.xattrs = vec![(b"security.capability".to_vec(), capability)];
        }
        self.out.append_header(&entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek, SeekFrom};

    /// The stream that a packer writes for a folder with the file `f`, if packing ends with `ended`.
    fn packed(ended: io::Result<()>) -> (io::Result<u64>, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("f"), "x").unwrap();
        let mut stream = tempfile::tempfile().unwrap();
        let mut packer = Packer::new(stream.try_clone().unwrap(), &[]);
        packer.children(folder.path(), Path::new("d")).unwrap();
        let result = packer.end(ended);
        let mut bytes = Vec::new();
        stream.seek(SeekFrom::Start(0)).unwrap();
        stream.read_to_end(&mut bytes).unwrap();
        (result, bytes)
    }

    #[test]
    fn only_what_is_whole_has_an_end() {
        let (result, bytes) = packed(Ok(()));
        assert_eq!(result.unwrap(), bytes.len() as u64);
        assert!(bytes.ends_with(&[0; 1024]));
        let (result, bytes) = packed(Err(io::ErrorKind::PermissionDenied.into()));
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert!(!bytes.ends_with(&[0; 1024]), "{} bytes", bytes.len());
    }

    #[test]
    fn a_file_that_has_just_gone_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gone");
        fs::write(&path, "x").unwrap();
        let about = fs::metadata(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let mut packer = Packer::new(tempfile::tempfile().unwrap(), &[]);
        let failed = packer.entry(&path, Path::new("gone"), &about);
        assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(packer.end(Ok(())).unwrap(), 1024, "nothing but the end");
    }
}
