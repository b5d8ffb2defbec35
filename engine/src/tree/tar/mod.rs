//! Tar streams: what layers and archives are made of.
//!
//! A tar is a sequence of 512-byte headers, each followed by its file's bytes padded to 512, and then two blocks of
//! zeros. Fields that do not fit in a header (long names, large numbers, extended attributes) are in a separate entry
//! before it: a list of `length key=value` records (POSIX calls that *pax*), or, from GNU tar, a bare long name.
//! **What we do.** The `tar` crate reads and fills the headers themselves. The stream is our own code, because a layer
//! is untrusted: the size of every header is limited, attributes may hold any byte, and every byte is read, so a digest
//! covers all of them.
//! **What we leave out.** Sparse files in a layer, and pax sparse files everywhere: they are refused by name.
//! Sources: POSIX pax "ustar Interchange Format"; GNU tar manual § Standard; Go's archive/tar, whose messages we use.

mod read;
mod sparse;
mod write;

pub use read::Reader;
pub use write::Writer;

use crate::error::Error;
use std::io::{self, Read, Write};

/// Copies up to `limit` bytes, and returns how many were copied. [`io::copy`] uses pieces of 8 KiB, which is slow for a
/// file of a gigabyte.
pub(crate) fn copy(
    from: &mut impl Read,
    to: &mut (impl Write + ?Sized),
    limit: u64,
) -> io::Result<u64> {
    let mut buffer = vec![
        0;
        usize::try_from(limit)
            .unwrap_or(COPY_BUFFER)
            .min(COPY_BUFFER)
    ];
    let mut copied = 0;
    while copied < limit {
        let rest = usize::try_from(limit - copied).unwrap_or(usize::MAX);
        let wanted = rest.min(buffer.len());
        match from.read(&mut buffer[..wanted]) {
            Ok(0) => break,
            Ok(count) => {
                to.write_all(&buffer[..count])?;
                copied += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(copied)
}

/// The error for a stream that cannot be read.
pub(crate) fn damaged(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::Unsupported => Error::unsupported(error.to_string()),
        _ => Error::invalid(error.to_string()),
    }
}

fn invalid() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "archive/tar: invalid tar header",
    )
}

/// The size of a tar block.
pub(crate) const BLOCK: usize = 512;
const COPY_BUFFER: usize = 256 << 10;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file; its bytes follow.
    File,
    /// Another name of the file `link`.
    HardLink,
    /// A symbolic link to `link`.
    Symlink,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
    /// A directory.
    Directory,
    /// A named pipe.
    Fifo,
}

/// One entry, its extensions merged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As written: it may be absolute, or contain `..`.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    /// Target of a link.
    pub link: Vec<u8>,
    /// Permission bits with set-user-id, set-group-id and sticky.
    pub mode: u32,
    /// Owner.
    pub uid: u64,
    /// Group.
    pub gid: u64,
    /// Bytes of a regular file, else 0.
    pub size: u64,
    /// Seconds since 1970 and nanoseconds.
    pub mtime: (i64, u32),
    /// Major and minor number of a device.
    pub device: (u32, u32),
    /// Extended attributes. We write them sorted by name.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Entry {
    /// The bytes that it adds to the size of a layer, as Docker counts: a file's content, or the text of a symbolic
    /// link. Source: moby `pkg/directory`, `calcSize`.
    pub fn stored(&self) -> u64 {
        match self.kind {
            EntryKind::Symlink => self.link.len() as u64,
            _ => self.size,
        }
    }

    /// An entry owned by root, dated 1970, without content.
    pub fn new(path: impl Into<Vec<u8>>, kind: EntryKind, mode: u32) -> Self {
        Self {
            path: path.into(),
            kind,
            link: Vec::new(),
            mode,
            uid: 0,
            gid: 0,
            size: 0,
            mtime: (0, 0),
            device: (0, 0),
            xattrs: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
