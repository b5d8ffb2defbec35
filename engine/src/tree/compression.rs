//! Compressed streams, recognised by their first bytes and never by a name or a media type.
//!
//! **What Docker does.** It calls `unpigz` or `xz` from PATH; finding one in a container's folder was a vulnerability
//! (GHSA-x86f-5xw2-fm2r). **What we do.** gzip, bzip2, xz and zstd are decoded in this process. Each may have several
//! concatenated parts, and none may ask for more memory than its own tool allows by default.
//! **What we leave out.** `.lzma`, which has no magic number, as Docker does.

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, BufRead, BufReader, Read};

/// The memory limit for zstd and xz: windowLog 27, which `zstd` itself accepts by default, and twice what `xz -9`
/// needs. bzip2 has blocks of at most 900 kB.
const LARGEST_WINDOW: u64 = 128 << 20;
/// The same for xz, in KiB, plus what its decoder needs besides the dictionary.
const LARGEST_XZ_KIB: u32 = (LARGEST_WINDOW >> 10) as u32 + 1024;
const BUFFER: usize = 128 << 10;

/// How a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    /// Not compressed.
    None,
    /// gzip.
    Gzip,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// zstd.
    Zstd,
}

impl Compression {
    /// Recognises the first bytes of a stream.
    pub(crate) fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // Includes the magic numbers of skippable frames, which hold no data.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            _ => Self::None,
        }
    }
}

/// The decompressed stream. Reading a damaged or truncated one is an error.
pub(crate) fn decompress<'a>(mut stream: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut start = Vec::with_capacity(6);
    (&mut stream).take(6).read_to_end(&mut start)?;
    let compression = Compression::of(&start);
    let whole = BufReader::with_capacity(BUFFER, io::Cursor::new(start).chain(stream));
    Ok(match compression {
        Compression::None => Box::new(whole),
        Compression::Gzip => buffered(MultiGzDecoder::new(whole)),
        Compression::Bzip2 => buffered(MultiBzDecoder::new(whole)),
        Compression::Xz => buffered(XzStreams::new(whole)),
        Compression::Zstd => buffered(ZstdFrames::new(whole)),
    })
}

fn buffered<'a>(decoder: impl Read + 'a) -> Box<dyn Read + 'a> {
    Box::new(BufReader::with_capacity(BUFFER, decoder))
}

/// The streams of an xz file, one after the other. The decoder must not be read again after an error, nor with an empty
/// buffer, which it would take for the end of a block.
struct XzStreams<R: Read> {
    decoder: Option<XzReader<R>>,
}

impl<R: Read> XzStreams<R> {
    fn new(source: R) -> Self {
        Self {
            decoder: Some(XzReader::new_mem_limit(source, true, LARGEST_XZ_KIB)),
        }
    }
}

impl<R: Read> Read for XzStreams<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let Some(decoder) = &mut self.decoder else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the xz stream is damaged",
            ));
        };
        decoder.read(buffer).map_err(|error| {
            self.decoder = None;
            match error.kind() {
                io::ErrorKind::OutOfMemory => io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!(
                        "the xz stream asks for more than {} MiB of memory",
                        LARGEST_WINDOW >> 20
                    ),
                ),
                _ => error,
            }
        })
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

    /// Moves to the next frame with data; false at the end of the stream.
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

    fn bzip2(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn xz_with(bytes: &[u8], dictionary: u32) -> Vec<u8> {
        let mut options = lzma_rust2::XzOptions::with_preset(0);
        options.lzma_options.dict_size = dictionary;
        let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn xz(bytes: &[u8]) -> Vec<u8> {
        xz_with(bytes, 1 << 18)
    }

    fn read(stream: &[u8]) -> io::Result<Vec<u8>> {
        let mut found = Vec::new();
        decompress(stream)?.read_to_end(&mut found)?;
        Ok(found)
    }

    fn check(stream: &[u8], expected: &[u8]) {
        assert_eq!(read(stream).unwrap(), expected);
    }

    #[test]
    fn each_format_is_recognised_also_in_several_pieces() {
        check(b"", b"");
        check(b"plain", b"plain");
        for compress in [gzip, bzip2, xz, zstd] {
            check(&compress(b""), b"");
            check(&compress(b"one"), b"one");
            check(&[compress(b"one"), compress(b"two")].concat(), b"onetwo");
            check(&compress(&[7; 1_300_000]), &[7; 1_300_000]);
        }
        let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"xyz"].concat();
        check(
            &[zstd(b"one"), skipped.clone(), zstd(b"two")].concat(),
            b"onetwo",
        );
        check(&[skipped, zstd(&[7; 300_000])].concat(), &[7; 300_000]);
        // xz streams may have zero padding between them, in multiples of four bytes.
        check(&[xz(b"one"), vec![0; 8], xz(b"two")].concat(), b"onetwo");
    }

    #[test]
    fn damaged_streams_are_errors_wherever_they_end() {
        let text: Vec<u8> = (0..9000_u32).flat_map(u32::to_le_bytes).collect();
        for compress in [gzip, bzip2, xz, zstd] {
            let whole = compress(&text);
            for length in [whole.len() - 1, whole.len() - 4, whole.len() / 2, 20] {
                assert!(
                    read(&whole[..length]).is_err(),
                    "{length} of {}",
                    whole.len()
                );
            }
            let second = [&whole[..], &whole[..whole.len() / 2]].concat();
            assert!(read(&second).is_err());
        }
        for compress in [gzip, bzip2, xz] {
            let mut wrong = compress(&text);
            let middle = wrong.len() / 2;
            wrong[middle] ^= 0x10;
            assert!(read(&wrong).is_err());
        }
    }

    #[test]
    fn a_damaged_xz_stays_damaged() {
        let whole = xz(b"one");
        let mut stream = XzStreams::new(&whole[..whole.len() - 5]);
        assert_eq!(stream.read(&mut []).unwrap(), 0);
        let first = io::copy(&mut stream, &mut io::sink()).unwrap_err();
        assert_eq!(first.kind(), io::ErrorKind::UnexpectedEof);
        let again = stream.read(&mut [0; 9]).unwrap_err();
        assert_eq!(again.to_string(), "the xz stream is damaged");
    }

    #[test]
    fn no_stream_may_ask_for_any_amount_of_memory() {
        let mut modest = xz_with(b"one", 1 << 18);
        check(&modest, b"one");
        // The last byte of the block header's only filter is the dictionary's size: 28 is 64 MiB, 36 is 1 GiB.
        let at = modest.windows(2).position(|two| two == [0x21, 1]).unwrap() + 2;
        for (size, refused) in [(28, false), (36, true), (40, true)] {
            modest[at] = size;
            let (header, length) = (12, 4 * (usize::from(modest[12]) + 1));
            let sum = crc32(&modest[header..header + length - 4]).to_le_bytes();
            modest[header + length - 4..header + length].copy_from_slice(&sum);
            match read(&modest) {
                Ok(found) => assert!(!refused && found == b"one", "{size}"),
                Err(error) => {
                    assert!(refused, "{size}: {error}");
                    assert_eq!(
                        error.to_string(),
                        "the xz stream asks for more than 128 MiB of memory"
                    );
                }
            }
        }
    }

    /// The checksum of xz headers.
    fn crc32(bytes: &[u8]) -> u32 {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        crc.sum()
    }
}
