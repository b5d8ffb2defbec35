//! A file or folder as a tar stream.

use crate::error::{Error, Result};
use crate::tree::owners;
use rustix::io::Errno;
use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use tar::{Builder, EntryType, Header};

/// Bytes that are moved at once.
const PIECE: usize = 256 << 10;

/// Writes `path` as a tar; returns its bytes. Names begin with the last part of `path`, or with `.` if that is the path's end; with `export` they are relative
/// to it, and what is mounted below is left out. Of the folders
/// `hidden`, nothing but the folder is packed.
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
    /// Nothing may follow any more.
    is_broken: bool,
}

impl<W: Write> Write for Counter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_broken {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let written = self.inner.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

struct Packer<'a, W: Write + AsFd> {
    builder: Builder<BufWriter<Counter<W>>>,
    /// Files with several names, by device and inode: the first name that was packed.
    links: HashMap<(u64, u64), PathBuf>,
    /// With an export: the file system that is packed.
    device: Option<u64>,
    /// Folders that are packed without what they show.
    hidden: &'a [String],
    buffer: Vec<u8>,
    /// The file capabilities of the next header's file: the one attribute that Docker's archives of containers keep.
    capability: Option<Vec<u8>>,
}

impl<'a, W: Write + AsFd> Packer<'a, W> {
    fn new(writer: W, hidden: &'a [String]) -> Self {
        let counter = Counter {
            inner: writer,
            bytes: 0,
            is_broken: false,
        };
        Self {
            builder: Builder::new(BufWriter::with_capacity(PIECE, counter)),
            links: HashMap::new(),
            device: None,
            hidden,
            buffer: vec![0; PIECE],
            capability: None,
        }
    }

    /// Ends the stream, unless packing failed; returns its bytes.
    fn end(mut self, packed: io::Result<()>) -> io::Result<u64> {
        if let Err(error) = packed {
            // A builder that is dropped writes the end mark, and what lacks files would pass for whole.
            self.builder.get_mut().get_mut().is_broken = true;
            return Err(error);
        }
        let buffer = self.builder.into_inner()?;
        let counter = buffer.into_inner().map_err(|error| error.into_error())?;
        Ok(counter.bytes)
    }

    fn entry(&mut self, path: &Path, name: &Path, about: &Metadata) -> io::Result<()> {
        let kind = about.file_type();
        if kind.is_dir() {
            self.header(name, about, EntryType::Directory, 0, None)?;
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
            return self.header(name, about, EntryType::Symlink, 0, Some(&target));
        }
        let entry = if kind.is_fifo() {
            EntryType::Fifo
        } else if kind.is_char_device() {
            EntryType::Char
        } else if kind.is_block_device() {
            EntryType::Block
        } else {
            // A socket means nothing without the process behind it.
            return Ok(());
        };
        self.header(name, about, entry, 0, None)
    }

    fn children(&mut self, path: &Path, name: &Path) -> io::Result<()> {
        let mut entries = fs::read_dir(path)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            // What vanishes meanwhile is not there to be copied.
            let Ok(about) = entry.metadata() else {
                continue;
            };
            if self.device.is_some_and(|device| device != about.dev()) {
                // The folder that something is mounted on belongs to the container; its contents do not.
                if about.is_dir() {
                    self.header(
                        &name.join(entry.file_name()),
                        &about,
                        EntryType::Directory,
                        0,
                        None,
                    )?;
                }
                continue;
            }
            match self.entry(&entry.path(), &name.join(entry.file_name()), &about) {
                // The same: nothing of it was written yet, or it is a folder that is empty now.
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
                return self.header(name, about, EntryType::Link, 0, Some(&first));
            }
            self.links.insert(key, name.to_owned());
        }
        // The size may have changed since the folder was read; what is promised must be kept.
        let size = file.metadata()?.len();
        self.capability = owners::capability(&file);
        self.header(name, about, EntryType::Regular, size, None)?;
        let mut left = size;
        if size >= PIECE as u64 {
            left -= self.send(&file, size)?;
        }
        let mut source = file.take(left);
        while left > 0 {
            let length = match source.read(&mut self.buffer) {
                Ok(0) => {
                    // It became shorter: the rest is zeroes, so that the stream stays whole.
                    self.buffer.fill(0);
                    self.buffer
                        .len()
                        .min(usize::try_from(left).unwrap_or(PIECE))
                }
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.builder.get_mut().write_all(&self.buffer[..length])?;
            left -= length as u64;
        }
        let padding = (512 - size % 512) % 512;
        self.builder
            .get_mut()
            .write_all(&[0; 512][..padding as usize])
    }

    /// Lets the kernel move up to `size` bytes of `file` into the stream, which saves two copies of each; returns how many
    /// it moved. Where it cannot, the caller goes on by reading.
    fn send(&mut self, file: &File, size: u64) -> io::Result<u64> {
        self.builder.get_mut().flush()?;
        let counter = self.builder.get_mut().get_mut();
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
        kind: EntryType,
        size: u64,
        link: Option<&Path>,
    ) -> io::Result<()> {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(about.mode() & 0o7777);
        header.set_uid(about.uid().into());
        header.set_gid(about.gid().into());
        header.set_mtime(u64::try_from(about.mtime()).unwrap_or(0));
        if matches!(kind, EntryType::Char | EntryType::Block) {
            header.set_device_major(rustix::fs::major(about.rdev()))?;
            header.set_device_minor(rustix::fs::minor(about.rdev()))?;
        }
        let mut path = name.as_os_str().as_bytes().to_vec();
        if kind == EntryType::Directory {
            path.push(b'/');
        }
        let mut long: Vec<(&str, Vec<u8>)> = Vec::new();
        // `set_path` would tidy `./name` away, by which the other side knows the contents of a folder.
        match header.as_old_mut().name.get_mut(..path.len()) {
            Some(place) => place.copy_from_slice(&path),
            None => {
                long.push(("path", path));
                header.set_path("long-name")?;
            }
        }
        if let Some(capability) = self.capability.take() {
            long.push(("SCHILY.xattr.security.capability", capability));
        }
        if let Some(link) = link {
            let bytes = link.as_os_str().as_bytes();
            // `set_link_name` would tidy the text, which is somebody's link; so only a plain one goes there.
            if bytes.len() > 100 || header.set_link_name_literal(bytes).is_err() {
                long.push(("linkpath", bytes.to_vec()));
            }
        }
        if !long.is_empty() {
            self.builder
                .append_pax_extensions(long.iter().map(|(key, value)| (*key, &**value)))?;
        }
        header.set_size(size);
        header.set_cksum();
        self.builder.get_mut().write_all(header.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek, SeekFrom};

    /// What a packer writes of a folder with the file `f`, if it is told that packing ended so.
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
