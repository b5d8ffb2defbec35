//! A process that the monitor manages: the init, or one of `exec`.

use crate::error::Result;
use crate::runtime::spawn::{Running, Streams};
use crate::sys::{process, terminal};
use rustix::io::Errno;
use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// After its end, a process of `exec` may leave its pipes to a child; they are still read for this long.
const GRACE: Duration = Duration::from_millis(200);
/// Unread input of a process, in bytes; a client that sends more is blocked.
const STDIN_FULL: usize = 1 << 20;

/// One process.
pub(super) struct Process {
    pub(super) key: u32,
    pub(super) pid: i32,
    pub(super) pidfd: OwnedFd,
    pub(super) is_init: bool,
    /// The id of an `exec`, for the journal.
    pub(super) exec: Option<String>,
    pub(super) streams: Streams,
    /// Why the kernel refused its program.
    pub(super) hint: Option<String>,
    /// Keeps the terminal from hanging up if the process closes it before it ends.
    slave: Option<OwnedFd>,
    stdin: VecDeque<u8>,
    stdin_ends: bool,
    pub(super) exit: Option<i32>,
    ended_at: Option<Instant>,
    /// Whether standard input closes when the attached client leaves (Docker's StdinOnce).
    pub(super) stdin_once: bool,
}

impl Process {
    pub(super) fn new(key: u32, running: Running, is_init: bool) -> Result<Self> {
        let mut slave = None;
        if let Some(master) = &running.streams.terminal {
            slave = Some(terminal::open_slave(master.as_fd())?);
            rustix::io::ioctl_fionbio(master, true)
                .map_err(|error| crate::sys::failed("ioctl", "FIONBIO", error))?;
        }
        Ok(Self {
            key,
            pid: running.pid,
            pidfd: running.pidfd,
            is_init,
            exec: None,
            streams: running.streams,
            hint: running.hint,
            slave,
            stdin: VecDeque::new(),
            stdin_ends: false,
            exit: None,
            ended_at: None,
            stdin_once: false,
        })
    }

    /// Descriptors with output to read; the flag marks standard error.
    pub(super) fn outputs(&self) -> impl Iterator<Item = (bool, BorrowedFd<'_>)> {
        [
            self.streams.terminal.as_ref().map(|fd| (false, fd.as_fd())),
            self.streams.stdout.as_ref().map(|fd| (false, fd.as_fd())),
            self.streams.stderr.as_ref().map(|fd| (true, fd.as_fd())),
        ]
        .into_iter()
        .flatten()
    }

    /// The descriptor for queued input, if there is any input.
    pub(super) fn input(&self) -> Option<BorrowedFd<'_>> {
        if self.stdin.is_empty() {
            return None;
        }
        self.streams
            .terminal
            .as_ref()
            .or(self.streams.stdin.as_ref())
            .map(AsFd::as_fd)
    }

    /// Reads a piece of output; `None` if none is available. Closes a stream that has ended.
    pub(super) fn read(&mut self, stderr: bool, buffer: &mut [u8]) -> Option<usize> {
        let stream = if self.streams.terminal.is_some() {
            &mut self.streams.terminal
        } else if stderr {
            &mut self.streams.stderr
        } else {
            &mut self.streams.stdout
        };
        let fd = stream.as_ref()?;
        loop {
            match rustix::io::read(fd, &mut *buffer) {
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return None,
                // EIO: the last slave of the terminal is closed.
                Ok(0) | Err(_) => {
                    *stream = None;
                    return None;
                }
                Ok(length) => return Some(length),
            }
        }
    }

    /// Queues input. Input that can no longer be read is dropped.
    pub(super) fn push_input(&mut self, bytes: &[u8]) {
        if self.streams.terminal.is_some() || self.streams.stdin.is_some() {
            self.stdin.extend(bytes);
            self.write_input();
        }
    }

    /// Handles the end of the client's input, which does not close a terminal.
    pub(super) fn end_input(&mut self) {
        self.stdin_ends = true;
        self.write_input();
    }

    pub(super) fn stdin_is_full(&self) -> bool {
        self.stdin.len() > STDIN_FULL
    }

    /// Writes as much queued input as the process accepts.
    pub(super) fn write_input(&mut self) {
        loop {
            let (front, _) = self.stdin.as_slices();
            let Some(fd) = self
                .streams
                .terminal
                .as_ref()
                .or(self.streams.stdin.as_ref())
            else {
                self.stdin.clear();
                return;
            };
            if front.is_empty() {
                break;
            }
            match rustix::io::write(fd, front) {
                Ok(length) => drop(self.stdin.drain(..length)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                // It no longer reads.
                Err(_) => {
                    self.stdin.clear();
                    self.streams.stdin = None;
                    return;
                }
            }
        }
        if self.stdin_ends {
            self.streams.stdin = None;
        }
    }

    pub(super) fn resize(&self, size: (u16, u16)) {
        if let Some(master) = &self.streams.terminal {
            // The process may have just ended; then the size does not matter.
            let _ = terminal::set_size(master, size);
        }
    }

    pub(super) fn signal(&self, signal: i32) -> Result<()> {
        if self.exit.is_some() {
            return Ok(());
        }
        process::send_signal(self.pidfd.as_fd(), signal)
    }

    /// Reaps it, after its pidfd became readable.
    pub(super) fn reap(&mut self) {
        self.exit =
            Some(process::wait(&self.pidfd).unwrap_or(crate::runtime::observe::UNKNOWN_EXIT));
        self.ended_at = Some(Instant::now());
        self.slave = None;
        self.streams.stdin = None;
        self.stdin.clear();
    }

    /// Whether the process and its output have ended. All copies of the init's pipes close when it ends, because its
    /// pid namespace ends with it; other processes may leave theirs to a child, which is not waited for.
    pub(super) fn is_over(&self) -> bool {
        let Some(ended_at) = self.ended_at else {
            return false;
        };
        self.outputs().next().is_none() || self.is_init || ended_at.elapsed() > GRACE
    }

    /// When to check again a process that has ended but left its pipes open.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.ended_at.map(|at| at + GRACE)
    }
}
