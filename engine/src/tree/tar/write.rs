//! Writing a tar stream: the same entries always give the same bytes.

use super::{BLOCK, Entry, EntryKind};
use std::io::{self, Read, Write};
use tar::{EntryType, Header};

const LARGEST_NUMBER: u64 = 0o777_7777;
const LARGEST_SIZE: u64 = 0o777_7777_7777;
const LONGEST_NAME: usize = 100;

/// Writes entries one after the other.
pub struct Writer<W> {
    inner: W,
}

impl<W: Write> Writer<W> {
    /// A writer to `inner`, which should be buffered.
    pub fn new(inner: W) -> Self {
        Self { inner }
    }

    /// Writes an entry, and `entry.size` bytes of `content` for a regular file.
    /// Error: kind `UnexpectedEof`, if `content` ends early.
    pub fn append(&mut self, entry: &Entry, mut content: impl Read) -> io::Result<()> {
        self.append_header(entry)?;
        let copied = super::copy(&mut content, &mut self.inner, entry.size)?;
        if copied != entry.size {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!(
                    "`{}` changed while it was read",
                    String::from_utf8_lossy(&entry.path)
                ),
            ));
        }
        self.pad(entry.size)
    }

    /// Writes an entry whose `entry.size` bytes `produce` writes. Any other number of bytes is an error.
    pub fn append_produced<E: From<io::Error>>(
        &mut self,
        entry: &Entry,
        produce: impl FnOnce(&mut dyn Write) -> Result<(), E>,
    ) -> Result<(), E> {
        self.append_header(entry)?;
        let mut exact = Exact {
            inner: &mut self.inner,
            rest: entry.size,
        };
        produce(&mut exact)?;
        if exact.rest > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "unexpected EOF").into());
        }
        Ok(self.pad(entry.size)?)
    }

    /// Writes an entry with the content `bytes`.
    pub fn append_bytes(&mut self, path: &str, mode: u32, bytes: &[u8]) -> io::Result<()> {
        let mut entry = Entry::new(path, EntryKind::File, mode);
        entry.size = bytes.len() as u64;
        self.append(&entry, bytes)
    }

    /// Ends the archive, and returns the inner writer.
    pub fn finish(mut self) -> io::Result<W> {
        self.inner.write_all(&[0; 2 * BLOCK])?;
        self.inner.flush()?;
        Ok(self.inner)
    }

    /// The inner writer, for a caller that writes the bytes of an entry itself.
    pub(crate) fn inner(&mut self) -> &mut W {
        &mut self.inner
    }

    /// Pads the last block of an entry of `size` bytes.
    pub(crate) fn pad(&mut self, size: u64) -> io::Result<()> {
        let rest = usize::try_from(size % BLOCK as u64).unwrap_or(0);
        if rest > 0 {
            self.inner.write_all(&[0; BLOCK][rest..])?;
        }
        Ok(())
    }

    /// Writes everything that precedes the bytes of an entry.
    pub(crate) fn append_header(&mut self, entry: &Entry) -> io::Result<()> {
        let mut header = Header::new_ustar();
        let mut records = Vec::new();
        let field = &mut header.as_ustar_mut().expect("just made as ustar").name;
        fill(field, &entry.path, b"path", &mut records);
        let field = &mut header.as_ustar_mut().expect("just made as ustar").linkname;
        fill(field, &entry.link, b"linkpath", &mut records);
        header.set_mode(entry.mode & 0o7777);
        header.set_uid(limited(entry.uid, LARGEST_NUMBER, b"uid", &mut records));
        header.set_gid(limited(entry.gid, LARGEST_NUMBER, b"gid", &mut records));
        header.set_size(limited(entry.size, LARGEST_SIZE, b"size", &mut records));
        match u64::try_from(entry.mtime.0) {
            Ok(seconds) => {
                header.set_mtime(limited(seconds, LARGEST_SIZE, b"mtime", &mut records));
            }
            Err(_) => {
                header.set_mtime(0);
                record(b"mtime", entry.mtime.0.to_string().as_bytes(), &mut records);
            }
        }
        header.set_entry_type(match entry.kind {
            EntryKind::File => EntryType::Regular,
            EntryKind::HardLink => EntryType::Link,
            EntryKind::Symlink => EntryType::Symlink,
            EntryKind::CharDevice => EntryType::Char,
            EntryKind::BlockDevice => EntryType::Block,
            EntryKind::Directory => EntryType::Directory,
            EntryKind::Fifo => EntryType::Fifo,
        });
        header.set_device_major(entry.device.0)?;
        header.set_device_minor(entry.device.1)?;
        for (name, value) in &entry.xattrs {
            let key = [b"SCHILY.xattr.", name.as_slice()].concat();
            record(&key, value, &mut records);
        }
        if !records.is_empty() {
            self.append_extension(&records)?;
        }
        header.set_cksum();
        self.inner.write_all(header.as_bytes())
    }

    fn append_extension(&mut self, records: &[u8]) -> io::Result<()> {
        let mut header = Header::new_ustar();
        let name = &mut header.as_ustar_mut().expect("just made as ustar").name;
        fill(name, b"PaxHeaders.0/entry", b"", &mut Vec::new());
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(records.len() as u64);
        header.set_entry_type(EntryType::XHeader);
        header.set_cksum();
        self.inner.write_all(header.as_bytes())?;
        self.inner.write_all(records)?;
        self.pad(records.len() as u64)
    }
}

/// Accepts exactly this many bytes.
struct Exact<W> {
    inner: W,
    rest: u64,
}

impl<W: Write> Write for Exact<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() as u64 > self.rest {
            return Err(io::Error::other("more bytes than the entry has"));
        }
        let count = self.inner.write(bytes)?;
        self.rest -= count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Writes a name into its field. If it is too long, the field gets its beginning and a record gets all of it.
fn fill(field: &mut [u8; LONGEST_NAME], name: &[u8], key: &[u8], records: &mut Vec<u8>) {
    let length = name.len().min(LONGEST_NAME);
    field[..length].copy_from_slice(&name[..length]);
    if name.len() > LONGEST_NAME {
        record(key, name, records);
    }
}

/// The number, or 0 and a record if it does not fit into its field.
fn limited(value: u64, largest: u64, key: &[u8], records: &mut Vec<u8>) -> u64 {
    if value <= largest {
        return value;
    }
    record(key, value.to_string().as_bytes(), records);
    0
}

/// Adds `length key=value\n`, where the length counts its own digits too.
fn record(key: &[u8], value: &[u8], records: &mut Vec<u8>) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    records.extend_from_slice(length.to_string().as_bytes());
    records.push(b' ');
    records.extend_from_slice(key);
    records.push(b'=');
    records.extend_from_slice(value);
    records.push(b'\n');
}
