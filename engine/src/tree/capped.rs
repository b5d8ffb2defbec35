//! A stream that may not be longer than its stated limit.
//!
//! **Why.** A few kilobytes of gzip unpack to gigabytes of zeros, and a tar may hold them where no file is counted: in
//! its headers, or after its end. A digest covers those bytes too, so they are read, and need a limit.

use std::io::{self, Read};

/// Reads `inner`, and fails when it has more bytes than the limit.
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
}
