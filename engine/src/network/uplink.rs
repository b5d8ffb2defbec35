//! The uplink process: forwards packets between a container's tap and passt or slirp4netns.
//!
//! It ends with the monitor, and the other program ends with it because its socket closes. Every packet that the
//! container sends is filtered first ([`may_leave`]): with raw sockets it can send any packet, even one to an address
//! that means the machine itself outside.

use super::outbound::{ADDRESS, SOCKET, Way};
use crate::error::Result;
use crate::sys::clone::{CloneOptions, Forked, clone3};
use crate::sys::{failed, process};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, socket_with,
};
use std::io::Write;
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The other program's error output.
const LOG: &str = "network.log";
/// The longest packet with its Ethernet header, and some slack.
const LONGEST: usize = 64 << 10;
/// passt expects the length before each packet, as QEMU writes it: four bytes, big endian.
const PREFIX: usize = 4;
/// A later packet restarts a program that has ended, but not more often than this.
const PAUSE: Duration = Duration::from_secs(1);
/// How long slirp4netns may take to listen, and how often we try.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 2_000_000,
};

/// Serves the tap at descriptor 3; returns only on failure. `folder` is private, and `forward` says whether the
/// container resolves names at [`Way::names`].
pub(super) fn serve(way: &Way, folder: &Path, forward: bool) {
    let Ok(tap) = process::inherited(3).map(Arc::new) else {
        return;
    };
    // A relative socket path is short enough, wherever the folder is.
    if nix::unistd::chdir(folder).is_err() {
        return;
    }
    let mut packet = vec![0; PREFIX + LONGEST];
    let mut other: Option<Other> = None;
    let mut started: Option<Instant> = None;
    loop {
        let length = match rustix::io::read(&*tap, &mut packet[PREFIX..]) {
            Ok(length) => length,
            Err(Errno::INTR) => continue,
            Err(_) => return,
        };
        if !may_leave(&packet[PREFIX..PREFIX + length]) {
            continue;
        }
        let sent = other
            .as_ref()
            .is_some_and(|other| other.send(&mut packet, length));
        if sent {
            continue;
        }
        // Ended first: only a single-threaded process may fork.
        drop(other.take());
        if started.is_none_or(|at| at.elapsed() > PAUSE) {
            started = Some(Instant::now());
            let mac = source(&packet[PREFIX..PREFIX + length]);
            other = Other::start(way, &tap, mac, forward).ok();
            if let Some(other) = &other {
                other.send(&mut packet, length);
            }
        }
    }
}

/// Whether a packet may leave: IPv4 and ARP, but not to an address that means the machine itself (0.0.0.0/8,
/// 127.0.0.0/8).
fn may_leave(packet: &[u8]) -> bool {
    const HEADER: usize = 14;
    match packet.get(12..HEADER) {
        Some([0x08, 0x06]) => true,
        Some([0x08, 0x00]) => packet
            .get(HEADER + 16)
            .is_some_and(|first| !matches!(first, 0 | 127)),
        _ => false,
    }
}

/// The source hardware address of a packet that [may leave](may_leave).
fn source(packet: &[u8]) -> [u8; 6] {
    let source = packet.get(6..).and_then(|rest| rest.first_chunk());
    source.copied().unwrap_or_default()
}

/// The first packet for slirp4netns: the container asks for its own address (a gratuitous ARP, RFC 5227), which needs
/// no answer.
///
/// slirp4netns reads one packet in each turn of its loop, and its clock is zero until the first turn ends. A name
/// lookup in that turn is lost: its socket expires before the answer comes, and the resolver retries only after
/// seconds. The packet also reveals where answers go; otherwise slirp4netns holds them back while it asks, the second
/// one for half a second.
fn announcement(mac: [u8; 6]) -> Vec<u8> {
    let (own, broadcast, unknown) = (ADDRESS.octets(), [0xff; 6], [0; 6]);
    let ethernet = [&broadcast[..], &mac, &[0x08, 0x06]];
    // Ethernet and IPv4, with addresses of six and four bytes; a request.
    let kind = [0, 1, 0x08, 0, 6, 4, 0, 1];
    [&ethernet[..], &[&kind, &mac, &own, &unknown, &own]]
        .concat()
        .concat()
}

/// The other program, running.
struct Other {
    line: Line,
    program: Program,
    back: Option<JoinHandle<()>>,
    /// slirp4netns ends when the other end of this closes.
    _until: Option<std::io::PipeWriter>,
}

/// Its process, killed when this is dropped.
struct Program(OwnedFd);

impl Program {
    fn end(&self) {
        let _ = process::send_signal(self.0.as_fd(), libc::SIGKILL);
        let _ = process::wait(&self.0);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end();
    }
}

/// How packets reach it.
enum Line {
    /// A stream, each packet after its length.
    Stream(UnixStream),
    /// A datagram socket.
    Packets(OwnedFd),
}

impl Other {
    fn start(way: &Way, tap: &Arc<OwnedFd>, mac: [u8; 6], forward: bool) -> Result<Self> {
        let (line, program, until) = match way {
            Way::Passt(_) => {
                let (ours, theirs) =
                    UnixStream::pair().map_err(|error| failed("socketpair", "an uplink", error))?;
                let program = execute(way, &theirs, forward)?;
                (Line::Stream(ours), program, None)
            }
            Way::Slirp(_) => {
                let _ = std::fs::remove_file(SOCKET);
                let (end, until) =
                    std::io::pipe().map_err(|error| failed("pipe2", "a pipe", error))?;
                let program = execute(way, &end, forward)?;
                let socket = connect(&program.0)?;
                rustix::net::send(&socket, &announcement(mac), SendFlags::NOSIGNAL)
                    .map_err(|error| failed("send", SOCKET, error))?;
                (Line::Packets(socket), program, Some(until))
            }
        };
        let (from, to) = (line.try_clone()?, tap.clone());
        let back = std::thread::Builder::new()
            .spawn(move || from.pass_to(&to))
            .map_err(|error| failed("clone", "a thread", error))?;
        Ok(Self {
            line,
            program,
            back: Some(back),
            _until: until,
        })
    }

    /// Sends the packet of `length` bytes after the prefix. Returns whether it was accepted.
    fn send(&self, packet: &mut [u8], length: usize) -> bool {
        match &self.line {
            Line::Stream(stream) => {
                let prefix = u32::try_from(length).unwrap_or_default().to_be_bytes();
                packet[..PREFIX].copy_from_slice(&prefix);
                (&mut &*stream)
                    .write_all(&packet[..PREFIX + length])
                    .is_ok()
            }
            Line::Packets(socket) => {
                let packet = &packet[PREFIX..PREFIX + length];
                rustix::net::send(socket, packet, SendFlags::NOSIGNAL).is_ok()
            }
        }
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.program.end();
        // Threads that wait for it must continue.
        match &self.line {
            Line::Stream(stream) => {
                let _ = stream.shutdown(Shutdown::Both);
            }
            Line::Packets(socket) => {
                let _ = rustix::net::shutdown(socket, rustix::net::Shutdown::Both);
            }
        }
        if let Some(back) = self.back.take() {
            let _ = back.join();
        }
    }
}

impl Line {
    fn try_clone(&self) -> Result<Self> {
        match self {
            Self::Stream(stream) => stream.try_clone().map(Self::Stream),
            Self::Packets(socket) => socket.try_clone().map(Self::Packets),
        }
        .map_err(|error| failed("dup", "an uplink", error))
    }

    /// Passes every packet that comes back to the container, until the connection ends.
    fn pass_to(&self, tap: &OwnedFd) {
        match self {
            Self::Packets(socket) => {
                let mut packet = vec![0; LONGEST];
                loop {
                    match rustix::net::recv(socket, &mut packet, RecvFlags::empty()) {
                        Ok((_, 0)) => return,
                        // A packet that the interface rejects is lost, as on any link.
                        Ok((_, length)) => {
                            let _ = rustix::io::write(tap, &packet[..length]);
                        }
                        Err(Errno::INTR) => {}
                        Err(_) => return,
                    }
                }
            }
            Self::Stream(stream) => {
                let mut packets = Packets::default();
                while let Ok(1..) = packets.read(&mut &*stream) {
                    while let Some(packet) = packets.next() {
                        let _ = rustix::io::write(tap, packet);
                    }
                    if packets.is_broken() {
                        return;
                    }
                }
            }
        }
    }
}

/// Splits a stream of lengths and packets into packets.
struct Packets {
    buffer: Vec<u8>,
    /// The part of the buffer that has not been consumed.
    start: usize,
    end: usize,
}

impl Default for Packets {
    fn default() -> Self {
        Self {
            buffer: vec![0; 4 * (PREFIX + LONGEST)],
            start: 0,
            end: 0,
        }
    }
}

impl Packets {
    /// Reads what is available; returns how much.
    fn read(&mut self, from: &mut impl std::io::Read) -> std::io::Result<usize> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let length = from.read(&mut self.buffer[self.end..])?;
        self.end += length;
        Ok(length)
    }

    fn announced(&self) -> Option<usize> {
        let prefix = self.buffer[self.start..self.end].first_chunk()?;
        usize::try_from(u32::from_be_bytes(*prefix)).ok()
    }

    /// The next complete packet.
    fn next(&mut self) -> Option<&[u8]> {
        let length = self.announced().filter(|length| *length <= LONGEST)?;
        let from = self.start + PREFIX;
        if self.end < from + length {
            return None;
        }
        self.start = from + length;
        Some(&self.buffer[from..from + length])
    }

    /// Whether the stream announced an impossible length, so that it cannot be read any further.
    fn is_broken(&self) -> bool {
        self.announced().is_some_and(|length| length > LONGEST)
    }
}

/// Starts the other program with `line` as its descriptor 3.
///
/// It is the first process of a pid namespace: what it starts itself, as slirp4netns does, ends with it.
fn execute(way: &Way, line: &impl AsFd, forward: bool) -> Result<Program> {
    let options = CloneOptions {
        namespaces: libc::CLONE_NEWPID as u64,
        ..CloneOptions::default()
    };
    match clone3(&options)? {
        Forked::Child => {
            let prepared = || -> Result<()> {
                process::die_with_parent()?;
                let (null, log) = (null()?, log()?);
                process::arrange(&[null.as_fd(), null.as_fd(), log.as_fd(), line.as_fd()])?;
                process::reset_signals()
            };
            if prepared().is_ok() {
                // Shows people and tests which container it belongs to.
                let home = std::env::current_dir().unwrap_or_default();
                let env = [format!("DOCKLINGS_CONTAINER={}", home.display())];
                process::execve(way.program(), &way.words(forward), &env);
            }
            process::exit(127)
        }
        Forked::Parent { pidfd, .. } => Ok(Program(pidfd)),
    }
}

/// `/dev/null`, for a program without input and output.
pub(super) fn null() -> Result<OwnedFd> {
    open("/dev/null", OFlags::RDWR)
}

fn log() -> Result<OwnedFd> {
    open(LOG, OFlags::CREATE | OFlags::WRONLY | OFlags::TRUNC)
}

/// Opens a file for [`process::arrange`], with a number above those that it assigns.
fn open(path: &str, flags: OFlags) -> Result<OwnedFd> {
    let file = rustix::fs::open(path, flags | OFlags::CLOEXEC, Mode::from_raw_mode(0o600))
        .map_err(|error| failed("open", path, error))?;
    process::raise(file.as_fd())
}

/// Connects to slirp4netns, which needs a moment until it listens and does not announce it.
fn connect(program: &OwnedFd) -> Result<OwnedFd> {
    let refused = |error| failed("connect", SOCKET, error);
    let address = SocketAddrUnix::new(SOCKET).map_err(refused)?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let flags = SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)
            .map_err(refused)?;
        let error = match rustix::net::connect(&socket, &address) {
            Ok(()) => return Ok(socket),
            Err(error) => error,
        };
        // Readable means that it has ended.
        let mut ended = [PollFd::new(program, PollFlags::IN)];
        if poll(&mut ended, Some(&LOOK)).unwrap_or(0) > 0 || Instant::now() > deadline {
            return Err(refused(error));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: [u8; 2], destination: [u8; 4], leaves: bool) {
        let mut packet = vec![0; 14 + 20];
        packet[12..14].copy_from_slice(&kind);
        packet[30..].copy_from_slice(&destination);
        assert_eq!(may_leave(&packet), leaves, "{kind:?} {destination:?}");
    }

    #[test]
    fn no_packet_leaves_for_the_machine_itself() {
        check([8, 0], [192, 0, 2, 1], true);
        check([8, 6], [0, 0, 0, 0], true);
        for (kind, to) in [
            ([8, 0], [127, 0, 0, 1]),
            ([8, 0], [127, 9, 9, 9]),
            ([8, 0], [0, 0, 0, 0]),
            ([0x86, 0xdd], [1, 1, 1, 1]),
            ([0x81, 0], [1, 1, 1, 1]),
        ] {
            check(kind, to, false);
        }
        assert!(!may_leave(&[0; 13]) && !may_leave(&[8, 0]) && !may_leave(&[]));
    }

    #[test]
    fn slirp4netns_first_gets_the_containers_address() {
        let mac = [2, 0x42, 1, 2, 3, 4];
        let frame = announcement(mac);
        assert_eq!(frame.len(), 42);
        assert!(may_leave(&frame));
        assert_eq!(source(&frame), mac);
        let text: String = frame.iter().map(|byte| format!("{byte:02x}")).collect();
        let own = "ac110002";
        assert_eq!(
            text,
            format!(
                "ffffffffffff02420102030408060001080006040001024201020304{own}000000000000{own}"
            )
        );
        assert_eq!(source(&[]), [0; 6]);
    }

    #[test]
    fn packets_are_read_from_the_stream_however_it_is_split() {
        let mut stream = Vec::new();
        for length in [3_usize, 0, 70, LONGEST] {
            stream.extend(u32::try_from(length).unwrap().to_be_bytes());
            stream.extend(vec![length as u8; length]);
        }
        for cut in [1, 2, 5, 77, stream.len()] {
            let mut packets = Packets::default();
            let mut lengths = Vec::new();
            for mut part in stream.chunks(cut) {
                while packets.read(&mut part).unwrap() > 0 {
                    while let Some(packet) = packets.next() {
                        lengths.push(packet.len());
                    }
                }
            }
            assert_eq!(lengths, [3, 0, 70, LONGEST], "split every {cut} bytes");
            assert!(!packets.is_broken());
        }
        let mut packets = Packets::default();
        packets.read(&mut &[0xff_u8; 8][..]).unwrap();
        assert!(packets.next().is_none() && packets.is_broken());
    }
}
