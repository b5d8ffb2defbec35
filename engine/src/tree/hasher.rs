//! A sha256 computed on another thread as the bytes pass.
//!
//! **Why.** Hashing a gigabyte takes longer than reading and writing it. So large streams are copied to a thread in
//! reusable buffers: there are at most [`PIECES`] of [`PIECE`] bytes, and the faster side blocks. A short stream is
//! hashed in place: most layers are small, and a thread would cost more than it saves.

use sha2::{Digest as _, Sha256};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};

/// After this many bytes a thread takes over.
const WORTH_A_THREAD: u64 = 1 << 20;
/// Small enough for a processor's cache to hold a few.
const PIECE: usize = 256 << 10;
/// The number of pieces.
const PIECES: usize = 4;

/// A sha256 of a stream of bytes.
pub(crate) struct Hasher {
    length: u64,
    state: State,
}

enum State {
    Here(Sha256),
    Beside(Beside),
}

impl Hasher {
    /// Starts with no bytes.
    pub(crate) fn new() -> Self {
        Self {
            length: 0,
            state: State::Here(Sha256::new()),
        }
    }

    /// Adds `bytes`.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let before = self.length;
        self.length += bytes.len() as u64;
        match &mut self.state {
            State::Beside(beside) => beside.update(bytes),
            State::Here(hash) => {
                hash.update(bytes);
                // If no thread can be started, this is tried only once.
                if before < WORTH_A_THREAD
                    && self.length >= WORTH_A_THREAD
                    && let Some(beside) = Beside::start(hash)
                {
                    self.state = State::Beside(beside);
                }
            }
        }
    }

    /// The hash of all bytes, and their number.
    pub(crate) fn finish(self) -> ([u8; 32], u64) {
        let hash = match self.state {
            State::Here(hash) => hash,
            State::Beside(beside) => beside.finish(),
        };
        (hash.finalize().into(), self.length)
    }
}

/// The thread, and the pieces that go to it full and come back empty. Dropped without [`Beside::finish`], the thread
/// ends by itself.
struct Beside {
    piece: Vec<u8>,
    made: usize,
    full: Sender<Vec<u8>>,
    empty: Receiver<Vec<u8>>,
    thread: JoinHandle<Sha256>,
}

impl Beside {
    /// A thread that continues from `hash`; `None` if no thread can be started.
    fn start(hash: &Sha256) -> Option<Self> {
        let (full, pieces) = channel::<Vec<u8>>();
        let (back, empty) = channel();
        let mut hash = hash.clone();
        let work = move || {
            for mut piece in pieces {
                hash.update(&piece);
                piece.clear();
                // After the last piece the receiver is gone.
                let _ = back.send(piece);
            }
            hash
        };
        let thread = Builder::new().name("sha256".to_owned()).spawn(work).ok()?;
        Some(Self {
            piece: Vec::with_capacity(PIECE),
            made: 1,
            full,
            empty,
            thread,
        })
    }

    fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PIECE - self.piece.len()));
            self.piece.extend_from_slice(now);
            bytes = later;
            if self.piece.len() == PIECE {
                let next = self.next();
                self.send(next);
            }
        }
    }

    /// An empty piece; blocks while all are full.
    fn next(&mut self) -> Vec<u8> {
        if self.made < PIECES {
            self.made += 1;
            return Vec::with_capacity(PIECE);
        }
        self.empty
            .recv()
            .expect("the thread lives as long as pieces are sent, and gives each one back")
    }

    fn send(&mut self, next: Vec<u8>) {
        self.full
            .send(std::mem::replace(&mut self.piece, next))
            .expect("the thread lives as long as pieces are sent");
    }

    fn finish(mut self) -> Sha256 {
        self.send(Vec::new());
        drop(self.full);
        self.thread.join().expect("hashing does not panic")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hash of `length` bytes, added `portion` at a time.
    fn check(length: usize, portion: usize) {
        let bytes: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
        let mut hasher = Hasher::new();
        bytes.chunks(portion).for_each(|part| hasher.update(part));
        let (hash, counted) = hasher.finish();
        let expected: [u8; 32] = Sha256::digest(&bytes).into();
        assert_eq!(
            (hash, counted),
            (expected, length as u64),
            "{length} by {portion}"
        );
    }

    #[test]
    fn the_hash_is_the_same_with_a_thread_and_without() {
        check(0, 1);
        check(1000, 7);
        let threshold = 1 << 20;
        for length in [threshold - 1, threshold, threshold + 1, 3 * threshold + 17] {
            for portion in [4097, PIECE, 3 * PIECE + 1] {
                check(length, portion);
            }
        }
    }

    #[test]
    fn one_that_is_dropped_holds_nobody_up() {
        let mut hasher = Hasher::new();
        hasher.update(&vec![0; 5 << 20]);
        drop(hasher);
    }
}
