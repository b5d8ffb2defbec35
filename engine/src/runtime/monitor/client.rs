//! One connection to the monitor.

use crate::runtime::protocol::Frame;
use crate::runtime::spec::Streams;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Instant;

/// A foreground client with this many bytes unread makes the container wait.
pub(super) const FULL: usize = 1 << 20;
/// A further client with this many bytes unread is let go.
const TOO_SLOW: usize = 8 << 20;
/// The longest first line of a session.
const LONGEST_REQUEST: usize = 1 << 20;

/// What a client is here for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It has not said yet.
    Greeting,
    /// It sees a process's streams.
    Attached {
        /// Which process.
        process: u32,
        /// Which of its streams.
        streams: Streams,
        /// The container waits for it, because it is the one that started the process.
        foreground: bool,
    },
    /// It waits for the container's end.
    Waiting,
    /// It gets what is left for it, and no more.
    Leaving,
}

/// One connection.
pub(super) struct Client {
    pub(super) stream: UnixStream,
    pub(super) role: Role,
    pub(super) input: Vec<u8>,
    output: Vec<u8>,
    gone: bool,
    /// When a client that is leaving is given up.
    pub(super) leave_by: Option<Instant>,
}

impl Client {
    pub(super) fn new(stream: UnixStream, role: Role) -> std::io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            role,
            input: Vec::new(),
            output: Vec::new(),
            gone: false,
            leave_by: None,
        })
    }

    /// Queues a frame and sends what the socket takes.
    pub(super) fn send(&mut self, frame: &Frame) {
        self.queue(&frame.encode());
    }

    /// Queues output, in frames of a size that both sides accept.
    pub(super) fn send_output(&mut self, stderr: bool, bytes: &[u8]) {
        for piece in bytes.chunks(64 << 10) {
            let frame = if stderr {
                Frame::Stderr(piece.to_vec())
            } else {
                Frame::Stdout(piece.to_vec())
            };
            self.queue(&frame.encode());
        }
    }

    fn queue(&mut self, bytes: &[u8]) {
        if self.gone {
            return;
        }
        let foreground = matches!(
            self.role,
            Role::Attached {
                foreground: true,
                ..
            } | Role::Leaving
        );
        if !foreground && self.output.len() > TOO_SLOW {
            self.gone = true;
            return;
        }
        self.output.extend_from_slice(bytes);
        self.flush();
    }

    /// Sends what the socket takes.
    pub(super) fn flush(&mut self) {
        let mut sent = 0;
        while sent < self.output.len() {
            match (&self.stream).write(&self.output[sent..]) {
                Ok(0) => self.gone = true,
                Ok(length) => sent += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => self.gone = true,
            }
            if self.gone {
                return;
            }
        }
        self.output.drain(..sent);
        if self.output.capacity() > FULL && self.output.is_empty() {
            self.output = Vec::new();
        }
    }

    /// Reads what is there.
    pub(super) fn fill(&mut self) {
        let mut buffer = [0; 32 << 10];
        while self.input.len() < FULL {
            match (&self.stream).read(&mut buffer) {
                Ok(0) => {
                    self.gone = true;
                    return;
                }
                Ok(length) => self.input.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => {
                    self.gone = true;
                    return;
                }
            }
        }
    }

    /// The first line, once it is whole.
    pub(super) fn take_request(&mut self) -> Option<Vec<u8>> {
        match self.input.iter().position(|byte| *byte == b'\n') {
            Some(end) => Some(self.input.drain(..=end).collect()),
            None => {
                self.gone |= self.input.len() > LONGEST_REQUEST;
                None
            }
        }
    }

    pub(super) fn wants_write(&self) -> bool {
        !self.output.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.output.len() > FULL
    }

    /// It cannot be served any more, or has got all that it was to get.
    pub(super) fn is_done(&self) -> bool {
        let late = self
            .leave_by
            .is_some_and(|deadline| Instant::now() > deadline);
        self.gone || late || (self.role == Role::Leaving && self.output.is_empty())
    }

    /// Whether the other side closed, as opposed to having been served to the end.
    pub(super) fn hung_up(&self) -> bool {
        self.gone
    }
}
