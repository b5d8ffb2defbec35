//! Reading a tar stream.

use super::sparse::{Part, parts};
use super::{BLOCK, Entry, EntryKind, invalid};
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use tar::Header;

/// The most bytes that names and attributes of one entry may take, in all its extension headers together.
const LONGEST_EXTENSIONS: u64 = 1 << 20;
const XATTR_KEY: &[u8] = b"SCHILY.xattr.";

/// Reads entries one after the other. After [`Reader::next_entry`], the reader itself yields the bytes of that entry.
///
/// Everything that is not file content (headers, padding, bytes after the end) is copied to `frame`, so that the exact
/// stream can be reproduced from the files and the frame.
pub struct Reader<R, W> {
    inner: R,
    frame: W,
    content: u64,
    padding: u64,
    /// The parts still to read of a file with holes.
    parts: VecDeque<Part>,
    takes_holes: bool,
}

impl<R: Read> Reader<R, io::Sink> {
    /// A reader that keeps no frame.
    pub fn new(inner: R) -> Self {
        Self::with_frame(inner, io::sink())
    }

    /// The same for a user's archive, whose files may have holes. A layer may have none: its tar must be reproducible
    /// from its files.
    pub fn with_holes(self) -> Self {
        Self {
            takes_holes: true,
            ..self
        }
    }
}

impl<R: Read, W: Write> Reader<R, W> {
    /// A reader that copies everything except file content to `frame`.
    pub fn with_frame(inner: R, frame: W) -> Self {
        Self {
            inner,
            frame,
            content: 0,
            padding: 0,
            parts: VecDeque::new(),
            takes_holes: false,
        }
    }

    /// The frame so far; the caller marks in it where content belongs.
    pub fn frame(&mut self) -> &mut W {
        &mut self.frame
    }

    /// The next entry; `None` at the end of the archive. Unread content of the previous entry is skipped.
    ///
    /// # Errors
    /// Kind `InvalidData` or `UnexpectedEof`, in the words of Go's archive/tar; kind `Unsupported` for sparse files.
    pub fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        let mut extensions = Extensions::default();
        loop {
            self.skip_rest()?;
            let Some(header) = self.read_header()? else {
                return match extensions.is_empty() {
                    true => Ok(None),
                    false => Err(invalid()),
                };
            };
            let size = header.entry_size().map_err(|_| invalid())?;
            self.content = size;
            self.padding = padding(size);
            let kind = match header.entry_type().as_byte() {
                b'x' => {
                    let records = self.read_extension(&mut extensions)?;
                    extensions.add_pax(&records)?;
                    continue;
                }
                b'g' => {
                    // Defaults for all entries: a layer needs none of them.
                    continue;
                }
                b'L' => {
                    extensions.path = Some(trimmed(self.read_extension(&mut extensions)?));
                    continue;
                }
                b'K' => {
                    extensions.link = Some(trimmed(self.read_extension(&mut extensions)?));
                    continue;
                }
                b'0' | 0 | b'7' => EntryKind::File,
                b'1' => EntryKind::HardLink,
                b'2' => EntryKind::Symlink,
                b'3' => EntryKind::CharDevice,
                b'4' => EntryKind::BlockDevice,
                b'5' => EntryKind::Directory,
                b'6' => EntryKind::Fifo,
                b'S' if self.takes_holes => {
                    return self.sparse_entry(&header, extensions).map(Some);
                }
                b'S' => return Err(sparse()),
                other => {
                    let name = char::from(other);
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        format!("unhandled tar header type `{}`", name.escape_default()),
                    ));
                }
            };
            return self.finish_entry(&header, kind, extensions).map(Some);
        }
    }

    /// Lets `take` take up to the given number of bytes of the current entry from the stream itself; both return how many
    /// that was. A file with holes must be read.
    pub(crate) fn bypass(&mut self, take: impl FnOnce(u64) -> io::Result<u64>) -> io::Result<u64> {
        if !self.parts.is_empty() {
            return Ok(0);
        }
        let taken = take(self.content)?;
        self.content -= taken;
        Ok(taken)
    }

    /// Reads to the end of the stream, so that its digest is complete, and returns the frame.
    pub fn finish(mut self) -> io::Result<W> {
        self.skip_rest()?;
        io::copy(&mut self.inner, &mut self.frame)?;
        Ok(self.frame)
    }

    fn finish_entry(
        &mut self,
        header: &Header,
        kind: EntryKind,
        extensions: Extensions,
    ) -> io::Result<Entry> {
        let bad = |_| invalid();
        let path = match extensions.path {
            Some(path) => path,
            None => header.path_bytes().into_owned(),
        };
        // Before POSIX, a directory was a file whose name ends with a slash.
        let kind = match kind {
            EntryKind::File if path.ends_with(b"/") => EntryKind::Directory,
            kind => kind,
        };
        // Only files have content, even if the header of another kind claims some.
        let size = match kind {
            EntryKind::File => extensions.size.unwrap_or(self.content),
            _ => 0,
        };
        self.content = size;
        self.padding = padding(size);
        let device = match kind {
            EntryKind::CharDevice | EntryKind::BlockDevice => (
                device_number(header, 329).ok_or_else(invalid)?,
                device_number(header, 337).ok_or_else(invalid)?,
            ),
            _ => (0, 0),
        };
        let link = extensions
            .link
            .or_else(|| header.link_name_bytes().map(|name| name.into_owned()))
            .unwrap_or_default();
        Ok(Entry {
            path,
            kind,
            link,
            mode: header.mode().map_err(bad)? & 0o7777,
            uid: match extensions.uid {
                Some(uid) => uid,
                None => header.uid().map_err(bad)?,
            },
            gid: match extensions.gid {
                Some(gid) => gid,
                None => header.gid().map_err(bad)?,
            },
            size,
            mtime: match extensions.mtime {
                Some(mtime) => mtime,
                None => (modified(header).ok_or_else(invalid)?, 0),
            },
            device,
            xattrs: extensions.xattrs,
        })
    }

    fn sparse_entry(&mut self, header: &Header, extensions: Extensions) -> io::Result<Entry> {
        let stored = self.content;
        let (parts, size) = parts(header, stored, |block| self.inner.read_exact(block))?;
        let mut entry = self.finish_entry(header, EntryKind::File, extensions)?;
        if entry.kind != EntryKind::File {
            return Err(invalid());
        }
        entry.size = size;
        self.content = stored;
        self.padding = padding(stored);
        self.parts = parts;
        Ok(entry)
    }

    /// The next header before the end marker; `None` at the end, or if the stream stops between two entries.
    fn read_header(&mut self) -> io::Result<Option<Header>> {
        let mut header = Header::new_old();
        let block = header.as_mut_bytes();
        let mut filled = 0;
        while filled < BLOCK {
            match self.inner.read(&mut block[filled..])? {
                0 if filled == 0 => return Ok(None),
                0 => {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "unexpected EOF",
                    ));
                }
                count => filled += count,
            }
        }
        self.frame.write_all(block)?;
        if block.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        if !has_checksum(&header) {
            return Err(invalid());
        }
        Ok(Some(header))
    }

    /// The content of an extension header, which is part of the frame.
    fn read_extension(&mut self, extensions: &mut Extensions) -> io::Result<Vec<u8>> {
        let size = std::mem::take(&mut self.content);
        extensions.bytes = extensions.bytes.saturating_add(size);
        if extensions.bytes > LONGEST_EXTENSIONS {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("tar header of more than {LONGEST_EXTENSIONS} bytes"),
            ));
        }
        let mut bytes = Vec::new();
        (&mut self.inner).take(size).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != size {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "unexpected EOF",
            ));
        }
        self.frame.write_all(&bytes)?;
        Ok(bytes)
    }

    /// Skips the rest of the current entry. Unread content becomes part of the frame.
    fn skip_rest(&mut self) -> io::Result<()> {
        self.parts.clear();
        let content = std::mem::take(&mut self.content);
        let rest = content.saturating_add(std::mem::take(&mut self.padding));
        let copied = io::copy(&mut (&mut self.inner).take(rest), &mut self.frame)?;
        match copied == rest {
            true => Ok(()),
            false => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "unexpected EOF",
            )),
        }
    }
}

/// The bytes of the current entry. A stream that ends before the entry does is an error.
impl<R: Read, W> Read for Reader<R, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = |left: u64| usize::try_from(left).unwrap_or(usize::MAX);
        let mut wanted = buffer.len().min(most(self.content));
        while let Some(part) = self.parts.front_mut() {
            if part.hole > 0 {
                let hole = buffer.len().min(most(part.hole));
                buffer[..hole].fill(0);
                part.hole -= hole as u64;
                return Ok(hole);
            }
            wanted = buffer.len().min(most(part.bytes));
            if part.bytes > 0 {
                break;
            }
            self.parts.pop_front();
        }
        if wanted == 0 {
            return Ok(0);
        }
        match self.inner.read(&mut buffer[..wanted])? {
            0 => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "unexpected EOF",
            )),
            count => {
                self.content -= count as u64;
                if let Some(part) = self.parts.front_mut() {
                    part.bytes -= count as u64;
                }
                Ok(count)
            }
        }
    }
}

/// What the extension headers specify for the next entry.
#[derive(Default)]
struct Extensions {
    bytes: u64,
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    uid: Option<u64>,
    gid: Option<u64>,
    mtime: Option<(i64, u32)>,
    xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Extensions {
    fn is_empty(&self) -> bool {
        self.path.is_none() && self.link.is_none() && self.bytes == 0
    }

    /// Reads `length key=value\n` records. The length counts the whole record, so a value may hold any byte.
    fn add_pax(&mut self, mut records: &[u8]) -> io::Result<()> {
        while !records.is_empty() {
            let (key, value, rest) = split_record(records).ok_or_else(invalid)?;
            records = rest;
            match key {
                b"path" => self.path = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"size" => self.size = Some(number(value)?),
                b"uid" => self.uid = Some(number(value)?),
                b"gid" => self.gid = Some(number(value)?),
                b"mtime" => self.mtime = Some(time(value).ok_or_else(invalid)?),
                _ if key.starts_with(b"GNU.sparse.") => return Err(sparse()),
                _ => {
                    if let Some(name) = key.strip_prefix(XATTR_KEY) {
                        self.xattrs.push((name.to_vec(), value.to_vec()));
                    }
                }
            }
        }
        Ok(())
    }
}

fn split_record(records: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = records.iter().take(20).position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(&records[..space]).ok()?.parse().ok()?;
    let record = records.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    Some((&record[..equals], &record[equals + 1..], &records[length..]))
}

fn number(value: &[u8]) -> io::Result<u64> {
    std::str::from_utf8(value)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(invalid)
}

/// `-1.25` is one and a quarter seconds before 1970: seconds -2, nanoseconds 750,000,000.
fn time(value: &[u8]) -> Option<(i64, u32)> {
    let text = std::str::from_utf8(value).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i64 = whole.parse().ok()?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanoseconds: u32 = format!("{fraction:0<9}")[..9].parse().ok()?;
    match whole.starts_with('-') && nanoseconds > 0 {
        true => Some((seconds.checked_sub(1)?, 1_000_000_000 - nanoseconds)),
        false => Some((seconds, nanoseconds)),
    }
}

/// The modification time in seconds: digits, or, with the first bit set, a binary number, which may be negative.
/// Source: GNU tar, "Extensions to the archive format"; Go's `archive/tar` does the same.
fn modified(header: &Header) -> Option<i64> {
    let field = &header.as_bytes()[136..148];
    if field[0] & 0x80 == 0 {
        return i64::try_from(header.mtime().ok()?).ok();
    }
    let is_negative = field[0] & 0x40 != 0;
    let first = match is_negative {
        true => field[0],
        false => field[0] & 0x7f,
    };
    let sign = if is_negative { -1 } else { 0 };
    let bytes = std::iter::once(first).chain(field[1..].iter().copied());
    let number = bytes.fold(sign, |number: i128, byte| (number << 8) | i128::from(byte));
    i64::try_from(number).ok()
}

/// One of the two numbers of a device; a field of NUL bytes is zero.
fn device_number(header: &Header, at: usize) -> Option<u32> {
    let field = &header.as_bytes()[at..at + 8];
    if field.iter().all(|byte| matches!(byte, 0 | b' ')) {
        return Some(0);
    }
    let number = match at {
        329 => header.device_major(),
        _ => header.device_minor(),
    };
    number.ok()?
}

fn padding(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK as u64
}

fn trimmed(mut name: Vec<u8>) -> Vec<u8> {
    if let Some(end) = name.iter().position(|byte| *byte == 0) {
        name.truncate(end);
    }
    name
}

/// Some old writers sum signed bytes.
fn has_checksum(header: &Header) -> bool {
    let Ok(expected) = header.cksum() else {
        return false;
    };
    let bytes = header.as_bytes();
    let others = || bytes[..148].iter().chain(&bytes[156..]);
    let unsigned: u32 = others().map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
    let signed: i64 = others().map(|byte| i64::from(*byte as i8)).sum::<i64>() + 8 * 32;
    unsigned == expected || signed == i64::from(expected)
}

fn sparse() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "sparse files in a tar are not part of docklings; see docs/limits.md",
    )
}
