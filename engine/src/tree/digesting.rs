//! Streams that are hashed as they pass.

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

#[cfg(test)]
mod tests {
    use super::*;

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
