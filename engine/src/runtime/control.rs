//! The channel between a monitor and the process that it starts.
//!
//! A pair of `SOCK_SEQPACKET` sockets: messages are never split or joined, a terminal's descriptor can be passed along,
//! and the end of the stream without a failure means that the command was executed, because the child's end closes on
//! exec.

use crate::error::{Error, Result};
use crate::sys::failed;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

/// A message from the child.
#[derive(Debug)]
pub(crate) enum Message {
    /// It waits for permission to continue; it has no terminal.
    Ready,
    /// It waits for permission to continue; this is the master of its terminal.
    Terminal(OwnedFd),
    /// It could not execute the command: exit code and message.
    Failed(i32, String),
    /// A hint: the kernel refused the command, which ends as a failed program.
    Hint(String),
    /// A pid in the sender's pid namespace.
    Pid(i32),
    /// It has an interface; this is the tap's descriptor. More follows.
    Interface(OwnedFd),
    /// Its interface could not be created; it continues without. More follows.
    NoInterface(String),
    /// It has no egress; its DNS queries arrive at this socket. More follows.
    Names(OwnedFd),
}

/// One end of the channel.
pub(crate) struct Channel(OwnedFd);

impl Channel {
    /// Both ends: the monitor's and the child's.
    pub(crate) fn pair() -> Result<(Self, Self)> {
        socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )
        .map(|(ours, theirs)| (Self(ours), Self(theirs)))
        .map_err(|error| failed("socketpair", "the control channel", error))
    }

    /// Sets a timeout for [`Channel::receive`].
    pub(crate) fn limit_waiting(&self, limit: Duration) -> Result<()> {
        set_socket_timeout(&self.0, Timeout::Recv, Some(limit))
            .map_err(|error| failed("setsockopt", "the control channel", error))
    }

    /// Whether no message is pending.
    pub(crate) fn is_quiet(&self) -> bool {
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        let waiting = rustix::net::recv(&self.0, &mut [0; 1], flags);
        !waiting.is_ok_and(|(_, length)| length > 0)
    }

    /// Sends a message without a descriptor. If the other side is gone, the message is dropped.
    pub(crate) fn send(&self, message: &Message) {
        let bytes = match message {
            Message::Ready => b"R".to_vec(),
            Message::Terminal(_) => b"T".to_vec(),
            Message::Interface(_) => b"I".to_vec(),
            Message::NoInterface(text) => [b"N", text.as_bytes()].concat(),
            Message::Hint(text) => [b"H", text.as_bytes()].concat(),
            Message::Names(_) => b"D".to_vec(),
            Message::Failed(code, text) => {
                let mut bytes = vec![b'F'];
                bytes.extend(code.to_le_bytes());
                bytes.extend(text.as_bytes());
                bytes
            }
            Message::Pid(pid) => [&b"P"[..], &pid.to_le_bytes()].concat(),
        };
        let _ = rustix::net::send(&self.0, &bytes, SendFlags::NOSIGNAL);
    }

    /// Sends the master of the child's terminal.
    pub(crate) fn send_terminal(&self, master: OwnedFd) {
        self.send_with(b"T", &master);
    }

    /// Sends the descriptor of the child's tap.
    pub(crate) fn send_interface(&self, tap: OwnedFd) {
        self.send_with(b"I", &tap);
    }

    /// Sends the socket that receives the child's DNS queries.
    pub(crate) fn send_names(&self, socket: &OwnedFd) {
        self.send_with(b"D", socket);
    }

    fn send_with(&self, kind: &[u8; 1], fd: &OwnedFd) {
        let fds = [fd.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(&fds));
        let _ = sendmsg(
            &self.0,
            &[IoSlice::new(kind)],
            &mut ancillary,
            SendFlags::NOSIGNAL,
        );
    }

    /// Receives a message; `None` at the end of the stream.
    pub(crate) fn receive(&self) -> Result<Option<Message>> {
        let mut bytes = [0; 8192];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let length = loop {
            let mut parts = [IoSliceMut::new(&mut bytes)];
            match recvmsg(&self.0, &mut parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC) {
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::CONNRESET) => return Ok(None),
                other => {
                    break other
                        .map_err(|error| failed("recvmsg", "the control channel", error))?
                        .bytes;
                }
            }
        };
        let fd = ancillary.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
            _ => None,
        });
        let number = |bytes: &[u8]| bytes.first_chunk().map(|b| i32::from_le_bytes(*b));
        match (&bytes[..length], fd) {
            ([], _) => Ok(None),
            ([b'R'], _) => Ok(Some(Message::Ready)),
            ([b'T'], Some(master)) => Ok(Some(Message::Terminal(master))),
            ([b'I'], Some(tap)) => Ok(Some(Message::Interface(tap))),
            ([b'D'], Some(socket)) => Ok(Some(Message::Names(socket))),
            ([b'N', text @ ..], _) => {
                let text = String::from_utf8_lossy(text).into_owned();
                Ok(Some(Message::NoInterface(text)))
            }
            ([b'H', text @ ..], _) => {
                let text = String::from_utf8_lossy(text).into_owned();
                Ok(Some(Message::Hint(text)))
            }
            ([b'F', rest @ ..], _) if rest.len() >= 4 => {
                let text = String::from_utf8_lossy(&rest[4..]).into_owned();
                Ok(Some(Message::Failed(number(rest).unwrap_or(125), text)))
            }
            ([b'P', rest @ ..], _) if rest.len() == 4 => {
                Ok(Some(Message::Pid(number(rest).unwrap_or(0))))
            }
            _ => Err(Error::internal(
                "the control channel carried an unknown message",
            )),
        }
    }

    /// Lets the child continue.
    pub(crate) fn go(&self) {
        let _ = rustix::net::send(&self.0, b"G", SendFlags::NOSIGNAL);
    }

    /// Waits for [`Channel::go`]; `false` if the other side is gone.
    pub(crate) fn wait_for_go(&self) -> bool {
        let mut byte = [0; 1];
        loop {
            match rustix::net::recv(&self.0, &mut byte, RecvFlags::empty()) {
                Err(rustix::io::Errno::INTR) => {}
                other => return other.is_ok_and(|(_, length)| length == 1),
            }
        }
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_and_a_descriptor_arrive() {
        let (ours, theirs) = Channel::pair().unwrap();
        theirs.send(&Message::Ready);
        theirs.send(&Message::Failed(127, "no".into()));
        theirs.send(&Message::Pid(7));
        theirs.send_terminal(std::fs::File::open("/dev/null").unwrap().into());
        drop(theirs);
        assert!(matches!(ours.receive().unwrap(), Some(Message::Ready)));
        assert!(
            matches!(ours.receive().unwrap(), Some(Message::Failed(127, text)) if text == "no")
        );
        assert!(matches!(ours.receive().unwrap(), Some(Message::Pid(7))));
        assert!(matches!(
            ours.receive().unwrap(),
            Some(Message::Terminal(_))
        ));
        assert!(ours.receive().unwrap().is_none());
    }

    #[test]
    fn a_child_whose_monitor_died_does_not_go() {
        let (ours, theirs) = Channel::pair().unwrap();
        ours.go();
        assert!(theirs.wait_for_go());
        assert!(ours.is_quiet());
        theirs.send(&Message::Ready);
        assert!(!ours.is_quiet());
        drop(ours);
        assert!(!theirs.wait_for_go());
    }
}
