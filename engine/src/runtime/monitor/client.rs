//! One connection to the monitor.

use crate::runtime::protocol::Frame;
use crate::runtime::spec::Streams;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Instant;

/// A foreground client with this many unread bytes blocks the container.
pub(super) const FULL: usize = 1 << 20;
/// Another client with this many unread bytes is disconnected.
const TOO_SLOW: usize = 8 << 20;
/// The longest first line of a session.
const LONGEST_REQUEST: usize = 1 << 20;

/// The role of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It has not sent its request yet.
    Greeting,
    /// It is attached to a process's streams.
    Attached {
        /// The process.
        process: u32,
        /// The attached streams.
        streams: Streams,
        /// It started the process, so the container waits for it.
        foreground: bool,
    },
    /// It waits for the container's end.
    Waiting,
    /// It only receives what is queued for it.
    Leaving,
}

/// One connection.
pub(super) struct Client {
    pub(super) stream: UnixStream,
    pub(super) role: Role,
    pub(super) input: Vec<u8>,
    output: Vec<u8>,
    gone: bool,
    /// When to give up on a leaving client.
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

    /// Queues a frame and sends as much as the socket accepts.
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

    /// Sends as much as the socket accepts.
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

    /// Reads what is available.
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

    /// The first line, once complete.
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

    /// Whether it can no longer be served, or has received everything.
    pub(super) fn is_done(&self) -> bool {
        let late = self
            .leave_by
            .is_some_and(|deadline| Instant::now() > deadline);
        self.gone || late || (self.role == Role::Leaving && self.output.is_empty())
    }

    /// Whether the other side closed the connection before it was served completely.
    pub(super) fn hung_up(&self) -> bool {
        self.gone
    }
}
