//! Streams that are hashed while they pass.

use crate::oci::digest::Digest;
use sha2::{Digest as _, Sha256};
use std::io::{self, Read, Write};

/// Hashes and counts what is read from, or written to, the stream inside.
pub struct Digesting<S> {
    inner: S,
    hash: Sha256,
    length: u64,
}

impl<S> Digesting<S> {
    /// Begins with no bytes seen.
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
            length: 0,
        }
    }

    /// The digest and the number of all bytes that passed.
    pub fn finish(self) -> (Digest, u64) {
        (Digest::from_hash(&self.hash.finalize()), self.length)
    }

    fn pass(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.pass(&buffer[..count]);
        Ok(count)
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.pass(&bytes[..count]);
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
