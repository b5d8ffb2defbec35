//! Hashing large files of a COPY in threads while the build continues.
//!
//! **Why.** The lookup of a step needs the digests of its files, and hashing a gigabyte takes longer than copying it. A
//! build that waits for the digests is idle; one that expects to copy the files anyway need not wait.

use super::content::{Content, hash};
use super::remembered::Remembered;
use crate::error::{Error, Result};
use crate::id::hex;
use jiff::Timestamp;
use rustix::fs::Stat;
use rustix::io::Errno;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// Files of at least this size, in bytes, are read by other threads.
pub(super) const LARGE: i64 = 256 << 10;
/// More threads do not read faster.
const MOST_THREADS: usize = 4;

/// A file to hash.
pub(super) struct Job {
    pub(super) fd: OwnedFd,
    pub(super) stat: Stat,
    /// Its index in the content.
    pub(super) index: usize,
}

type Done = Vec<(Job, Result<[u8; 32], Errno>)>;

/// The files that are being hashed. If it is dropped without [`Large::settle`], the threads end by themselves.
pub(crate) struct Large {
    threads: Vec<JoinHandle<Done>>,
    /// The queue is short, so that few files are open: sending blocks when it is full.
    send: Option<SyncSender<Job>>,
    receive: Arc<Mutex<Receiver<Job>>>,
    /// Files that could not be handed to a thread.
    done: Done,
    bytes: u64,
    changed: Option<Timestamp>,
}

impl Default for Large {
    fn default() -> Self {
        let (send, receive) = sync_channel(MOST_THREADS * 2);
        Self {
            threads: Vec::new(),
            send: Some(send),
            receive: Arc::new(Mutex::new(receive)),
            done: Vec::new(),
            bytes: 0,
            changed: None,
        }
    }
}

impl Large {
    /// Total bytes of the added files.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The latest change time of the added files.
    pub(crate) fn changed(&self) -> Option<Timestamp> {
        self.changed
    }

    /// Hands a file to a thread.
    pub(super) fn add(&mut self, job: Job) {
        self.bytes += u64::try_from(job.stat.st_size).unwrap_or_default();
        let nanoseconds = i32::try_from(job.stat.st_ctime_nsec).unwrap_or_default();
        let changed = Timestamp::new(job.stat.st_ctime, nanoseconds).ok();
        self.changed = self.changed.max(changed);
        let most = thread::available_parallelism().map_or(1, |count| count.get().min(MOST_THREADS));
        // A thread is started only if there is work for it.
        if self.threads.len() < most {
            let receive = Arc::clone(&self.receive);
            let thread = thread::Builder::new().name("content".to_owned());
            self.threads.extend(thread.spawn(move || work(&receive)));
        }
        match (&self.send, self.threads.is_empty()) {
            (Some(send), false) => {
                // The receiver lives as long as this.
                let _ = send.send(job);
            }
            _ => self.done.push(read(job)),
        }
    }

    /// Waits for all digests, and stores them in `content` and, if requested, in the digest cache.
    pub(crate) fn settle(
        &mut self,
        content: &mut Content,
        mut remembered: Option<&mut Remembered>,
        now: Timestamp,
    ) -> Result<()> {
        self.send = None;
        let threads = self.threads.drain(..);
        let mut done = std::mem::take(&mut self.done);
        for thread in threads {
            // A file without its digest would match the cache whatever its content.
            let read = thread.join();
            done.extend(read.map_err(|_| Error::internal("reading a file of a COPY failed"))?);
        }
        for (job, digest) in done {
            let file = &mut content.files[job.index];
            let digest =
                digest.map_err(|errno| Error::io("read", file.path.as_str(), errno.into()))?;
            file.content = hex(&digest);
            if let Some(remembered) = remembered.as_deref_mut() {
                remembered.put(&job.stat, digest, now);
            }
        }
        Ok(())
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) -> Done {
    let mut done = Vec::new();
    loop {
        let job = match jobs.lock() {
            Ok(jobs) => jobs.recv(),
            Err(_) => return done,
        };
        match job {
            Ok(job) => done.push(read(job)),
            Err(_) => return done,
        }
    }
}

fn read(job: Job) -> (Job, Result<[u8; 32], Errno>) {
    let digest = hash(&job.fd, job.stat.st_size);
    (job, digest)
}
