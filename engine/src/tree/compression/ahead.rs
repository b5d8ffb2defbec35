//! Decompression on a separate thread, while the caller uses the bytes that are already decompressed.
//!
//! **Why.** Inflating a gigabyte takes longer than hashing it or writing its files. The thread fills at most [`PIECES`]
//! reusable buffers of [`PIECE`] bytes, and the faster side blocks. A short stream is decompressed in place: most
//! layers are small, and a thread would cost more than it saves.

use super::{Compression, Decoder, recognise};
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// After this many bytes a thread takes over.
const WORTH_A_THREAD: u64 = 1 << 20;
/// Small enough for a processor's cache to hold a few.
const PIECE: usize = 256 << 10;
/// The number of pieces.
const PIECES: usize = 4;

/// Passes `take` the decompressed stream, as [`super::decompress`] would. The thread has ended when this returns.
///
/// # Errors
/// The first bytes cannot be read. Later errors surface in `take`, where it reads.
pub(crate) fn decompressed<T>(
    stream: impl Read + Send,
    take: impl FnOnce(&mut dyn Read) -> T,
) -> io::Result<T> {
    let (compression, whole) = recognise(stream)?;
    let mut decoder = Decoder::new(compression, whole);
    if compression == Compression::None {
        return Ok(take(&mut decoder));
    }
    let mut start = Vec::new();
    let begun = (&mut decoder).take(WORTH_A_THREAD).read_to_end(&mut start);
    let goes_on = begun.is_ok() && start.len() as u64 == WORTH_A_THREAD;
    let start = io::Cursor::new(start);
    if !goes_on {
        return Ok(take(&mut start.chain(Failed(begun.err()))));
    }
    thread::scope(|scope| {
        let (sender, full) = channel();
        let (back, empty) = channel();
        let work = move || fill(decoder, &sender, &empty);
        let thread = thread::Builder::new()
            .name("decompress".to_owned())
            .spawn_scoped(scope, work)?;
        let pieces = Pieces {
            full,
            back,
            piece: io::Cursor::new(Vec::new()),
            made: 0,
        };
        // If `take` stops reading early, the pieces are dropped and the thread ends.
        let taken = take(&mut start.chain(pieces));
        // Joined explicitly: the code that follows may need a single-threaded process.
        match thread.join() {
            Ok(()) => Ok(taken),
            Err(_) => Err(io::Error::other("decompressing failed")),
        }
    })
}

/// Fills the empty pieces that come back, until the stream ends or the reader is dropped.
fn fill(mut decoder: impl Read, full: &Sender<io::Result<Vec<u8>>>, empty: &Receiver<Vec<u8>>) {
    for mut piece in empty {
        let filled = (&mut decoder).take(PIECE as u64).read_to_end(&mut piece);
        let ended = !matches!(filled, Ok(PIECE));
        // The bytes before a failure are valid, and may be all that the reader needs.
        if full.send(Ok(piece)).is_err() {
            return;
        }
        if let Err(error) = filled {
            let _ = full.send(Err(error));
        }
        if ended {
            return;
        }
    }
}

/// The pieces, as one stream again.
struct Pieces {
    full: Receiver<io::Result<Vec<u8>>>,
    back: Sender<Vec<u8>>,
    piece: io::Cursor<Vec<u8>>,
    made: usize,
}

impl Pieces {
    /// Returns an empty piece to be filled. This does nothing if the thread has ended.
    fn give_back(&mut self, mut piece: Vec<u8>) {
        piece.clear();
        let _ = self.back.send(piece);
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.piece.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            while self.made < PIECES {
                self.made += 1;
                self.give_back(Vec::with_capacity(PIECE));
            }
            let Ok(next) = self.full.recv() else {
                return Ok(0);
            };
            let used = std::mem::replace(&mut self.piece, io::Cursor::new(next?));
            if used.get_ref().capacity() > 0 {
                self.give_back(used.into_inner());
            }
        }
    }
}

/// The end of a stream, or the error that cut it off.
struct Failed(Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match self.0.take() {
            Some(error) => Err(error),
            None => Ok(0),
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

    fn numbers(count: usize) -> Vec<u8> {
        (0..count / 4 + 1)
            .flat_map(|n| (n as u32).to_le_bytes())
            .take(count)
            .collect()
    }

    fn read(stream: &[u8]) -> io::Result<Vec<u8>> {
        decompressed(stream, |stream| {
            let mut found = Vec::new();
            stream.read_to_end(&mut found).map(|_| found)
        })?
    }

    #[test]
    fn all_of_a_stream_comes_out_however_long_it_is() {
        let threshold = WORTH_A_THREAD as usize;
        let many = threshold + (PIECES + 3) * PIECE;
        for length in [
            0,
            1,
            threshold - 1,
            threshold,
            threshold + 1,
            threshold + PIECE,
            many,
        ] {
            let plain = numbers(length);
            assert!(read(&plain).unwrap() == plain, "{length}, plain");
            assert!(read(&gzip(&plain)).unwrap() == plain, "{length}, gzip");
        }
    }

    #[test]
    fn a_stream_that_breaks_off_is_an_error_wherever_it_does() {
        for length in [9_000, 5 << 20] {
            let whole = gzip(&numbers(length));
            for cut in [12, whole.len() / 2, whole.len() - 5] {
                assert!(read(&whole[..cut]).is_err(), "{length}, cut at {cut}");
            }
        }
    }

    #[test]
    fn who_stops_reading_holds_nobody_up() {
        let whole = gzip(&numbers(8 << 20));
        let first = decompressed(&whole[..], |stream| {
            let mut first = [0; 8];
            stream.read_exact(&mut first).map(|()| first)
        });
        assert_eq!(first.unwrap().unwrap(), [0, 0, 0, 0, 1, 0, 0, 0]);
        // Also after the thread has taken over.
        let later = decompressed(&whole[..], |stream| {
            io::copy(&mut stream.take(WORTH_A_THREAD + 9), &mut io::sink())
        });
        assert_eq!(later.unwrap().unwrap(), WORTH_A_THREAD + 9);
    }
}
