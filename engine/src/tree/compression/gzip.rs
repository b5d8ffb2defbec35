//! A gzip stream compressed on all processors, for pushes.
//!
//! **What Docker does.** It compresses a layer on one processor, or calls `pigz` if that is installed.
//! **What we do.** The same as `pigz`: the stream is cut into blocks of [`BLOCK`] bytes. Each is deflated
//! independently, on any thread, and ends on a whole byte. Concatenated, they are one deflate stream with one header
//! and one checksum. The cuts cost a few bytes in a hundred thousand, and the same bytes always give the same gzip,
//! however many processors there are. A block that hardly shrinks (a picture, an archive) is stored as it is, because
//! deflate takes longest where it finds nothing.
//! Source: RFC 1951 § 3.2, RFC 1952.
//!
//! **Lesson.** `tags-and-digests`

use flate2::{Compress, Compression, Crc, FlushCompress};
use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// The unit that is deflated independently.
const BLOCK: usize = 512 << 10;
/// How much of a block, from its middle, is sampled to decide whether it is worth deflating.
const SAMPLE: usize = 32 << 10;
/// Compresses nearly as well as the usual level 6, in half the time.
const LEVEL: u32 = 2;
const MOST_THREADS: usize = 8;
/// Deflate, no name, no time, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// An empty final block.
const END: [u8; 2] = [3, 0];

/// Compresses the bytes written to it into the inner writer.
pub(crate) struct Gzip<W: Write> {
    inner: W,
    checksum: Crc,
    block: Vec<u8>,
    threads: Threads,
    /// Blocks being deflated, in order.
    under_way: VecDeque<Receiver<Vec<u8>>>,
}

impl<W: Write> Gzip<W> {
    /// Begins a gzip stream in `inner`.
    pub(crate) fn new(mut inner: W) -> io::Result<Self> {
        inner.write_all(&HEADER)?;
        Ok(Self {
            inner,
            checksum: Crc::new(),
            block: Vec::new(),
            threads: Threads::default(),
            under_way: VecDeque::new(),
        })
    }

    /// Ends the gzip stream. Without this call the stream is incomplete.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        while self.write_first()? {}
        let last = deflate(&self.block);
        self.inner.write_all(&last)?;
        self.inner.write_all(&END)?;
        self.inner.write_all(&self.checksum.sum().to_le_bytes())?;
        self.inner
            .write_all(&self.checksum.amount().to_le_bytes())?;
        Ok(self.inner)
    }

    fn send_block(&mut self) -> io::Result<()> {
        let block = std::mem::take(&mut self.block);
        match self.threads.deflate(block) {
            Ok(result) => self.under_way.push_back(result),
            // No thread can be started.
            Err(block) => {
                while self.write_first()? {}
                self.inner.write_all(&deflate(&block))?;
            }
        }
        if self.under_way.len() > self.threads.running.len() + 1 {
            self.write_first()?;
        }
        Ok(())
    }

    /// Waits for the first block in the queue, and writes it. False if there is none.
    fn write_first(&mut self) -> io::Result<bool> {
        let Some(result) = self.under_way.pop_front() else {
            return Ok(false);
        };
        let deflated = result
            .recv()
            .map_err(|_| io::Error::other("compressing failed"))?;
        self.inner.write_all(&deflated)?;
        Ok(true)
    }
}

impl<W: Write> Write for Gzip<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.block.capacity() == 0 {
            self.block.reserve_exact(BLOCK);
        }
        let count = bytes.len().min(BLOCK - self.block.len());
        self.block.extend_from_slice(&bytes[..count]);
        self.checksum.update(&bytes[..count]);
        if self.block.len() == BLOCK {
            self.send_block()?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A block, and the channel for its deflated form.
type Job = (Vec<u8>, Sender<Vec<u8>>);

/// The threads, started as they are needed. Dropping this joins them.
#[derive(Default)]
struct Threads {
    jobs: Option<SyncSender<Job>>,
    waiting: Option<Arc<Mutex<Receiver<Job>>>>,
    running: Vec<JoinHandle<()>>,
}

impl Threads {
    /// Passes the block to a thread; returns it if no thread can be started.
    fn deflate(&mut self, block: Vec<u8>) -> Result<Receiver<Vec<u8>>, Vec<u8>> {
        let most = thread::available_parallelism().map_or(1, |count| count.get().min(MOST_THREADS));
        if self.running.len() < most {
            let (jobs, waiting) = match (self.jobs.take(), self.waiting.take()) {
                (Some(jobs), Some(waiting)) => (jobs, waiting),
                _ => {
                    let (jobs, waiting) = sync_channel(MOST_THREADS);
                    (jobs, Arc::new(Mutex::new(waiting)))
                }
            };
            let shared = Arc::clone(&waiting);
            let thread = thread::Builder::new().name("deflate".to_owned());
            self.running.extend(thread.spawn(move || work(&shared)));
            (self.jobs, self.waiting) = (Some(jobs), Some(waiting));
        }
        let (result, awaited) = channel();
        match &self.jobs {
            Some(jobs) if !self.running.is_empty() => match jobs.send((block, result)) {
                Ok(()) => Ok(awaited),
                Err(error) => Err(error.0.0),
            },
            _ => Err(block),
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.running.drain(..) {
            // The thread returns nothing.
            let _ = thread.join();
        }
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        let job = match jobs.lock() {
            Ok(jobs) => jobs.recv(),
            Err(_) => return,
        };
        let Ok((block, result)) = job else {
            return;
        };
        // The receiver is gone if writing failed.
        let _ = result.send(deflate(&block));
    }
}

/// A block as a non-final piece of a deflate stream, ending on a whole byte.
fn deflate(block: &[u8]) -> Vec<u8> {
    if block.is_empty() {
        return Vec::new();
    }
    let sample = &block[block.len().saturating_sub(SAMPLE) / 2..];
    let sample = &sample[..sample.len().min(SAMPLE)];
    if sample.len() == SAMPLE
        && shrunk(sample).is_none_or(|small| small.len() > SAMPLE - SAMPLE / 50)
    {
        return stored(block);
    }
    shrunk(block)
        .filter(|small| small.len() < block.len())
        .unwrap_or_else(|| stored(block))
}

/// `bytes`, deflated; `None` if that makes them much longer.
fn shrunk(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut deflater = Compress::new(Compression::new(LEVEL), false);
    let mut small = Vec::with_capacity(bytes.len() + 64);
    deflater
        .compress_vec(bytes, &mut small, FlushCompress::Sync)
        .ok()?;
    // Spare capacity means that the deflater has no output left.
    (deflater.total_in() == bytes.len() as u64 && small.len() < small.capacity()).then_some(small)
}

/// `bytes` as stored blocks: a zero byte, the length, its complement, the bytes.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(bytes.len() + 5 * (bytes.len() / 0xffff + 1));
    for part in bytes.chunks(0xffff) {
        let length = u16::try_from(part.len()).expect("a part has at most 0xffff bytes");
        stored.push(0);
        stored.extend_from_slice(&length.to_le_bytes());
        stored.extend_from_slice(&(!length).to_le_bytes());
        stored.extend_from_slice(part);
    }
    stored
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use std::io::Read;

    fn gzip(bytes: &[u8], portion: usize) -> Vec<u8> {
        let mut gzip = Gzip::new(Vec::new()).unwrap();
        for part in bytes.chunks(portion) {
            gzip.write_all(part).unwrap();
        }
        gzip.finish().unwrap()
    }

    /// Compressed, and decompressed again by another implementation; at most `most` bytes long.
    fn check(bytes: &[u8], most: usize) {
        let small = gzip(bytes, 100_001);
        let mut found = Vec::new();
        GzDecoder::new(&small[..]).read_to_end(&mut found).unwrap();
        assert!(found == bytes, "{} bytes", bytes.len());
        assert!(small.len() <= most, "{} of {}", small.len(), bytes.len());
        assert!(small == gzip(bytes, 3 << 20), "{} bytes", bytes.len());
    }

    /// Bytes without a pattern.
    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn any_reader_gets_back_what_was_written() {
        check(b"", 20);
        check(b"hello", 40);
        for length in [BLOCK - 1, BLOCK, BLOCK + 1, 4 * BLOCK + 7] {
            check(&vec![b'x'; length], length / 100);
            check(&noise(length), length + length / 1000 + 100);
            let mixed: Vec<u8> = noise(length).iter().map(|byte| byte % 16 + b'a').collect();
            check(&mixed, length * 2 / 3);
        }
    }

    #[test]
    fn a_writer_that_fails_holds_nobody_up() {
        struct Full(usize);
        impl Write for Full {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 = self
                    .0
                    .checked_sub(bytes.len())
                    .ok_or(io::ErrorKind::StorageFull)?;
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut gzip = Gzip::new(Full(1 << 20)).unwrap();
        let error = gzip.write_all(&noise(20 * BLOCK)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
