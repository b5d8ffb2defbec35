//! Streams that are hashed, or limited, as they pass.

use super::hasher::Hasher;
use crate::oci::digest::Digest;
use std::io::{self, Read, Write};

/// Hashes and counts what is read from, or written to, the stream inside.
pub(crate) struct Digesting<S> {
    inner: S,
    hash: Hasher,
}

impl<S> Digesting<S> {
    /// Starts with no bytes seen.
    pub(crate) fn new(inner: S) -> Self {
        Self {
            inner,
            hash: Hasher::new(),
        }
    }

    /// The digest and the number of all bytes that passed.
    pub(crate) fn finish(self) -> (Digest, u64) {
        let (hash, length) = self.hash.finish();
        (Digest::from_hash(&hash), length)
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hash.update(&buffer[..count]);
        Ok(count)
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hash.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Reads `inner`, and fails when it has more bytes than the limit: a few kilobytes of gzip unpack to gigabytes of zeros, and
/// a tar may hold them where no file is counted, in its headers or after its end. A digest covers those bytes too, so they
/// are read.
pub(crate) struct Capped<R> {
    inner: R,
    most: u64,
    left: u64,
}

impl<R: Read> Capped<R> {
    pub(crate) fn new(inner: R, most: u64) -> Self {
        Self {
            inner,
            most,
            left: most,
        }
    }
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("a layer of more than {} bytes is refused", self.most),
                )),
            };
        }
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let length = self.inner.read(&mut buffer[..most])?;
        self.left -= length as u64;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_read_and_one_byte_more_is_an_error() {
        let mut found = Vec::new();
        Capped::new(&b"12345"[..], 5)
            .read_to_end(&mut found)
            .unwrap();
        assert_eq!(found, b"12345");
        let error = Capped::new(&b"123456"[..], 5)
            .read_to_end(&mut found)
            .unwrap_err();
        assert_eq!(error.to_string(), "a layer of more than 5 bytes is refused");
    }

    #[test]
    fn both_ways_give_the_digest_of_what_passed() {
        let mut reader = Digesting::new(&b"hello"[..]);
        let mut writer = Digesting::new(Vec::new());
        io::copy(&mut reader, &mut writer).unwrap();
        let expected = (Digest::of(b"hello"), 5);
        assert_eq!(reader.finish(), expected);
        assert_eq!(writer.finish(), expected);
    }
}
