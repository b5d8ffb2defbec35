//! Compressed streams, recognised by their first bytes and never by a name or a media type.
//!
//! **What Docker does.** It calls `unpigz` or `xz` from PATH; one found inside a container's folder was a hole
//! (GHSA-x86f-5xw2-fm2r). **What we do.** gzip and zstd in this process; a gzip may have several members, a zstd
//! several frames. **What we leave out.** bzip2 and xz: refused by name.

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, BufRead, BufReader, Read};

/// zstd may ask for this much memory: windowLog 27, what `zstd` itself accepts without being told.
const LARGEST_WINDOW: u64 = 128 << 20;
const BUFFER: usize = 128 << 10;

/// How a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
    /// A format that we do not read.
    Foreign(&'static str),
}

impl Compression {
    /// From the first bytes of a stream.
    pub fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // Also the magic numbers of frames that hold no data.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Foreign("bzip2"),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Foreign("xz"),
            _ => Self::None,
        }
    }
}

/// The stream without its compression. Error: kind `Unsupported` for bzip2 and xz.
pub fn decompress<'a>(mut stream: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut start = Vec::with_capacity(6);
    (&mut stream).take(6).read_to_end(&mut start)?;
    let compression = Compression::of(&start);
    let whole = BufReader::with_capacity(BUFFER, io::Cursor::new(start).chain(stream));
    match compression {
        Compression::None => Ok(Box::new(whole)),
        Compression::Gzip => Ok(Box::new(BufReader::with_capacity(
            BUFFER,
            flate2::bufread::MultiGzDecoder::new(whole),
        ))),
        Compression::Zstd => Ok(Box::new(BufReader::with_capacity(
            BUFFER,
            ZstdFrames::new(whole),
        ))),
        Compression::Foreign(name) => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!("{name} compression is not part of docklings; see docs/limits.md"),
        )),
    }
}

/// The frames of a zstd stream, one after the other.
struct ZstdFrames<R> {
    source: R,
    decoder: FrameDecoder,
    within: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    fn new(source: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(LARGEST_WINDOW);
        Self {
            source,
            decoder,
            within: false,
        }
    }

    /// Goes to the next frame with data; false at the end of the stream.
    fn begin_frame(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    io::copy(&mut (&mut self.source).take(length.into()), &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.decoder.can_collect() > 0 {
                return self.decoder.read(buffer);
            }
            if self.within && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            } else {
                self.within = self.begin_frame()?;
                if !self.within {
                    return Ok(0);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    fn check(stream: &[u8], expected: &[u8]) {
        let mut found = Vec::new();
        decompress(stream).unwrap().read_to_end(&mut found).unwrap();
        assert_eq!(found, expected);
    }

    #[test]
    fn each_format_is_recognised_also_in_several_pieces() {
        check(b"", b"");
        check(b"plain", b"plain");
        check(&gzip(b"one"), b"one");
        check(&[gzip(b"one"), gzip(b"two")].concat(), b"onetwo");
        check(&zstd(b"one"), b"one");
        let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"xyz"].concat();
        check(
            &[zstd(b"one"), skipped.clone(), zstd(b"two")].concat(),
            b"onetwo",
        );
        check(&[skipped, zstd(&[7; 300_000])].concat(), &[7; 300_000]);
    }

    #[test]
    fn damaged_and_foreign_streams_are_errors() {
        let mut found = Vec::new();
        let cut = gzip(&[1; 1000]);
        assert!(
            decompress(&cut[..cut.len() - 4])
                .unwrap()
                .read_to_end(&mut found)
                .is_err()
        );
        let error = decompress(&b"\xfd7zXZ\0xxx"[..]).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
        assert!(error.to_string().starts_with("xz compression"));
    }
}
