//! The part of D-Bus needed to talk to systemd: authentication, calls and their replies.
//!
//! **Kernel feature.** A Unix socket, over which the kernel shows the bus the peer's credentials.
//! **What Docker does.** A D-Bus library for Go, over the same socket.
//! **What we do.** Two hand-written calls: a library would be larger than the code that uses it, and would bring
//! threads or an async runtime into the monitor. The format is that of the D-Bus specification, "Message Format".

use crate::error::{Error, IoContext, Result};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// The longest reply, in bytes.
const LONGEST: usize = 1 << 20;
/// The most unrelated messages before the reply.
const MOST_OTHERS: usize = 100;
const CALL: u8 = 1;
const RETURN: u8 = 2;
const FAILURE: u8 = 3;

/// A connection to a message bus.
pub(super) struct Bus {
    stream: UnixStream,
    serial: u32,
}

/// A method and its destination.
pub(super) struct Method {
    pub(super) destination: &'static str,
    pub(super) path: &'static str,
    pub(super) interface: &'static str,
    pub(super) name: &'static str,
}

impl Bus {
    /// Connects to the bus at `socket` as the user `uid`. Each read or write that takes longer than `limit` fails.
    pub(super) fn connect(socket: &Path, uid: u32, limit: Duration) -> Result<Self> {
        let mut bus = Self::connect_directly(socket, uid, limit)?;
        bus.call(
            &Method {
                destination: "org.freedesktop.DBus",
                path: "/org/freedesktop/DBus",
                interface: "org.freedesktop.DBus",
                name: "Hello",
            },
            &Body::default(),
        )?;
        Ok(bus)
    }

    /// Connects to a service that listens at `socket` directly.
    pub(super) fn connect_directly(socket: &Path, uid: u32, limit: Duration) -> Result<Self> {
        let stream = UnixStream::connect(socket).on("connect to", socket)?;
        stream
            .set_read_timeout(Some(limit))
            .and_then(|()| stream.set_write_timeout(Some(limit)))
            .on("connect to", socket)?;
        let mut bus = Self { stream, serial: 0 };
        bus.log_in(uid).on("log in at", socket)?;
        Ok(bus)
    }

    /// Authenticates; the kernel confirms our user.
    fn log_in(&mut self, uid: u32) -> std::io::Result<()> {
        let name: String = uid
            .to_string()
            .bytes()
            .map(|digit| format!("{digit:02x}"))
            .collect();
        self.stream
            .write_all(format!("\0AUTH EXTERNAL {name}\r\n").as_bytes())?;
        let (mut line, mut byte) = (Vec::new(), [0]);
        while !line.ends_with(b"\r\n") && line.len() < 1024 {
            self.stream.read_exact(&mut byte)?;
            line.push(byte[0]);
        }
        if !line.starts_with(b"OK ") {
            return Err(std::io::ErrorKind::PermissionDenied.into());
        }
        self.stream.write_all(b"BEGIN\r\n")
    }

    /// Makes a call and waits for its reply.
    ///
    /// # Errors
    /// The error that the other side replies with.
    pub(super) fn call(&mut self, method: &Method, body: &Body) -> Result<()> {
        let failed = |error| {
            Error::machine(format!("D-Bus: no answer to `{}`", method.name)).with_source(error)
        };
        self.serial += 1;
        self.stream
            .write_all(&message(self.serial, method, body))
            .map_err(failed)?;
        for _ in 0..MOST_OTHERS {
            match self.receive().map_err(failed)? {
                (RETURN, _) => return Ok(()),
                (FAILURE, text) => {
                    return Err(Error::machine(format!("D-Bus: `{}`: {text}", method.name)));
                }
                _ => {}
            }
        }
        Err(failed(std::io::ErrorKind::InvalidData.into()))
    }

    /// The type of the next message, and its text if it is an error. There is only one call at a time, so the reply
    /// needs no matching.
    fn receive(&mut self) -> std::io::Result<(u8, String)> {
        let mut head = [0; 16];
        self.stream.read_exact(&mut head)?;
        let number = |at: usize| {
            let bytes = [head[at], head[at + 1], head[at + 2], head[at + 3]];
            if head[0] == b'B' {
                u32::from_be_bytes(bytes) as usize
            } else {
                u32::from_le_bytes(bytes) as usize
            }
        };
        let (body, fields) = (number(4), number(12).next_multiple_of(8));
        if body.saturating_add(fields) > LONGEST {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        let mut rest = vec![0; fields + body];
        self.stream.read_exact(&mut rest)?;
        // An error begins with its message: four bytes of length, then the text with a final zero.
        let text = rest.get(fields + 4..).unwrap_or_default();
        let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
        Ok((head[1], String::from_utf8_lossy(text).into_owned()))
    }
}

fn message(serial: u32, method: &Method, body: &Body) -> Vec<u8> {
    let mut out = Body::default();
    // Little endian, a call, no flags, version 1.
    out.bytes.extend([b'l', CALL, 0, 1]);
    out.number(body.bytes.len() as u32);
    out.number(serial);
    let fields = [
        (1, "o", method.path),
        (2, "s", method.interface),
        (3, "s", method.name),
        (6, "s", method.destination),
        (8, "g", &*body.signature),
    ];
    out.array(8, |out| {
        for (code, kind, value) in fields {
            if value.is_empty() {
                continue;
            }
            out.align(8);
            out.bytes.push(code);
            out.signature(kind);
            if kind == "g" {
                out.signature(value);
            } else {
                out.text(value);
            }
        }
    });
    out.align(8);
    out.bytes.extend(&body.bytes);
    out.bytes
}

/// The arguments of a call. Each value is aligned to its own size.
#[derive(Default)]
pub(super) struct Body {
    bytes: Vec<u8>,
    signature: String,
}

impl Body {
    /// An empty body for arguments of the types `signature`.
    pub(super) fn of(signature: &str) -> Self {
        Self {
            bytes: Vec::new(),
            signature: signature.to_owned(),
        }
    }

    fn align(&mut self, to: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(to), 0);
    }

    pub(super) fn number(&mut self, number: u32) {
        self.align(4);
        self.bytes.extend(number.to_le_bytes());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u32);
        self.bytes.extend(text.as_bytes());
        self.bytes.push(0);
    }

    fn signature(&mut self, text: &str) {
        self.bytes.push(text.len() as u8);
        self.bytes.extend(text.as_bytes());
        self.bytes.push(0);
    }

    /// An array of the elements that `fill` writes, aligned to `align`.
    pub(super) fn array(&mut self, align: usize, fill: impl FnOnce(&mut Self)) {
        self.number(0);
        let length_at = self.bytes.len() - 4;
        self.align(align);
        let begin = self.bytes.len();
        fill(self);
        let length = (self.bytes.len() - begin) as u32;
        self.bytes[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
    }

    pub(super) fn numbers(&mut self, numbers: &[i32]) {
        self.array(4, |body| {
            for number in numbers {
                body.number(*number as u32);
            }
        });
    }

    /// A property of a unit: its name and a value of the type `kind`.
    pub(super) fn property(&mut self, name: &str, kind: &str, value: impl FnOnce(&mut Self)) {
        self.align(8);
        self.text(name);
        self.signature(kind);
        value(self);
    }
}

#[cfg(test)]
mod tests;
