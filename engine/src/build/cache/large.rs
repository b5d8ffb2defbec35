//! Large files of a COPY, hashed by threads while the build goes on.
//!
//! **Why.** A step is looked up by what its files hold, and to hash a gigabyte takes longer than to copy it. Who waits
//! for the digests has nothing to do meanwhile; who expects to copy the files anyhow need not wait.

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

/// Files from this size on, in bytes, are read by other threads.
pub(super) const LARGE: i64 = 256 << 10;
/// More threads than this read no faster.
const MOST_THREADS: usize = 4;

/// A file to be read.
pub(super) struct Job {
    pub(super) fd: OwnedFd,
    pub(super) stat: Stat,
    /// Which file of the content it is.
    pub(super) index: usize,
}

type Done = Vec<(Job, Result<[u8; 32], Errno>)>;

/// The files that are being read. Dropped without [`Large::settle`], their threads end by themselves.
pub(crate) struct Large {
    threads: Vec<JoinHandle<Done>>,
    /// Holds few files, so that few are open: who adds one more waits.
    send: Option<SyncSender<Job>>,
    receive: Arc<Mutex<Receiver<Job>>>,
    /// What could not be left to a thread.
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
    /// Bytes of all files that were added.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// When one of them was changed last.
    pub(crate) fn changed(&self) -> Option<Timestamp> {
        self.changed
    }

    /// Lets a thread read one more file.
    pub(super) fn add(&mut self, job: Job) {
        self.bytes += u64::try_from(job.stat.st_size).unwrap_or_default();
        let nanoseconds = i32::try_from(job.stat.st_ctime_nsec).unwrap_or_default();
        let changed = Timestamp::new(job.stat.st_ctime, nanoseconds).ok();
        self.changed = self.changed.max(changed);
        let most = thread::available_parallelism().map_or(1, |count| count.get().min(MOST_THREADS));
        // Threads are only made once there is something for them to do.
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

    /// Waits for all digests, and puts them into `content` and, if they are to be, into the memory.
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
            // A file without its digest would be found in the cache whatever it holds.
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
