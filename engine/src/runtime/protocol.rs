//! The protocol between the monitor and its clients.
//!
//! ```text
//! frame   = kind: u8, length: u32 little endian, payload
//! client  → monitor   Stdin StdinEof Resize Signal
//! monitor → client    Stdout Stderr Exit
//! ```
//!
//! A session begins with one line of JSON, the client's request (see the monitor); from then on both sides send frames.
//! `Exit` is always the last frame, whether or not the client requested output.
//!
//! **Lesson.** `attached-and-detached`

use std::io::{self, Read, Write};

/// The longest accepted payload, in bytes.
pub const MAX_PAYLOAD: usize = 1 << 20;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// Bytes for the container's standard input.
    Stdin(Vec<u8>),
    /// The client's standard input has ended.
    StdinEof,
    /// The client's terminal has this many rows and columns.
    Resize(u16, u16),
    /// Send this signal to the session's process.
    Signal(i32),
    /// Bytes from standard output, or from the tty.
    Stdout(Vec<u8>),
    /// Bytes from standard error.
    Stderr(Vec<u8>),
    /// The process has ended with this code (128 + n after signal n).
    Exit(i32),
    /// The process could not be started: exit code 125, 126 or 127, and the message.
    Failed(i32, String),
    /// The process has started; no output precedes this.
    Started,
    /// A hint, because the kernel refused the process's program. Sent before `Started`.
    Hint(String),
}

impl Frame {
    fn parts(&self) -> (u8, Vec<u8>) {
        match self {
            Self::Stdin(bytes) => (0, bytes.clone()),
            Self::StdinEof => (1, Vec::new()),
            Self::Resize(rows, columns) => {
                (2, [rows.to_le_bytes(), columns.to_le_bytes()].concat())
            }
            Self::Signal(signal) => (3, signal.to_le_bytes().to_vec()),
            Self::Stdout(bytes) => (4, bytes.clone()),
            Self::Stderr(bytes) => (5, bytes.clone()),
            Self::Exit(code) => (6, code.to_le_bytes().to_vec()),
            Self::Failed(code, text) => (7, [&code.to_le_bytes()[..], text.as_bytes()].concat()),
            Self::Started => (8, Vec::new()),
            Self::Hint(text) => (9, text.clone().into_bytes()),
        }
    }

    /// The frame as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let (kind, payload) = self.parts();
        let mut bytes = Vec::with_capacity(5 + payload.len());
        bytes.push(kind);
        bytes.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&payload);
        bytes
    }

    /// Takes one frame off the front of `buffer`; `None` if it is not complete yet.
    pub fn decode(buffer: &mut Vec<u8>) -> io::Result<Option<Self>> {
        let Some((head, rest)) = buffer.split_first_chunk::<5>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
        if length > MAX_PAYLOAD {
            return Err(bad("a frame is too long"));
        }
        let Some(payload) = rest.get(..length) else {
            return Ok(None);
        };
        let frame = Self::from_parts(head[0], payload)?;
        buffer.drain(..5 + length);
        Ok(Some(frame))
    }

    fn from_parts(kind: u8, payload: &[u8]) -> io::Result<Self> {
        let number = || {
            payload
                .first_chunk()
                .map(|b| i32::from_le_bytes(*b))
                .ok_or(bad("a frame is too short"))
        };
        Ok(match (kind, payload) {
            (0, bytes) => Self::Stdin(bytes.to_vec()),
            (1, []) => Self::StdinEof,
            (2, &[a, b, c, d]) => {
                Self::Resize(u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]))
            }
            (3, _) => Self::Signal(number()?),
            (4, bytes) => Self::Stdout(bytes.to_vec()),
            (5, bytes) => Self::Stderr(bytes.to_vec()),
            (6, _) => Self::Exit(number()?),
            (7, _) => Self::Failed(
                number()?,
                String::from_utf8_lossy(&payload[4..]).into_owned(),
            ),
            (8, []) => Self::Started,
            (9, text) => Self::Hint(String::from_utf8_lossy(text).into_owned()),
            _ => return Err(bad("a frame of unknown kind")),
        })
    }

    /// Writes the frame.
    pub fn write_to(&self, mut writer: impl Write) -> io::Result<()> {
        writer.write_all(&self.encode())
    }

    /// Reads one frame, waiting for it; `None` at the end of the stream.
    pub fn read_from(mut reader: impl Read) -> io::Result<Option<Self>> {
        let mut head = [0; 5];
        match reader.read_exact(&mut head) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
        if length > MAX_PAYLOAD {
            return Err(bad("a frame is too long"));
        }
        let mut payload = vec![0; length];
        reader.read_exact(&mut payload)?;
        Self::from_parts(head[0], &payload).map(Some)
    }
}

fn bad(message: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_survive_being_split() {
        let frames = [
            Frame::Stdin(b"ls\n".to_vec()),
            Frame::StdinEof,
            Frame::Resize(24, 80),
            Frame::Signal(15),
            Frame::Stdout(vec![0, 255]),
            Frame::Stderr(Vec::new()),
            Frame::Exit(137),
            Frame::Failed(127, "no".into()),
            Frame::Started,
            Frame::Hint("h".into()),
        ];
        let bytes: Vec<u8> = frames.iter().flat_map(Frame::encode).collect();
        let (mut buffer, mut seen) = (Vec::new(), Vec::new());
        for byte in bytes {
            buffer.push(byte);
            seen.extend(Frame::decode(&mut buffer).unwrap());
        }
        assert_eq!(seen, frames);
    }

    #[test]
    fn a_frame_that_claims_to_be_huge_is_refused() {
        let mut buffer = vec![0, 255, 255, 255, 255];
        assert!(Frame::decode(&mut buffer).is_err());
        assert!(Frame::read_from(&buffer[..]).is_err());
    }
}
