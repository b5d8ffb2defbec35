//! One connection: TCP, or a Unix socket of this machine.
//!
//! **Why not `ureq`'s own.** A transfer that the user cancels must end at once, even if the server does not answer: a
//! connection attempt regularly checks whether it is still wanted, and an established connection can be shut down from
//! another thread. Also, the hub exits when it is idle, even while a large layer is being packed for it: then it is
//! started again.
//! **Kernel feature.** `connect` on a non-blocking socket, and `poll` (connect(2), `EINPROGRESS`).

use super::{Endpoint, Hub, Remote, Waiting};
use crate::sys::socket;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use ureq::Timeout;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, ShutdownHandle,
    Transport,
};

/// How often a connection attempt checks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(100);

/// Reports to the user, once, that a registry is slow to answer for the first time.
pub(super) struct Slow {
    registry: String,
    tell: Arc<Waiting>,
    /// Report after this long without an answer.
    quiet: Duration,
    /// It was reported, or no longer matters.
    is_over: AtomicBool,
}

impl Slow {
    pub(super) fn new(registry: &str, remote: &Remote) -> Self {
        Self {
            registry: registry.to_owned(),
            tell: Arc::clone(&remote.waiting),
            quiet: remote.patience.quiet,
            is_over: AtomicBool::new(false),
        }
    }

    fn tell(&self) {
        if !self.is_over.swap(true, Ordering::Relaxed) {
            (self.tell)(&self.registry);
        }
    }

    /// The registry has answered.
    pub(super) fn over(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Slow").field(&self.registry).finish()
    }
}

/// Connects to the addresses of a name.
#[derive(Debug)]
pub(super) struct Dial {
    /// The connection is no longer wanted.
    pub(super) given_up: Arc<AtomicBool>,
    /// Called when no answer comes.
    pub(super) slow: Option<Arc<Slow>>,
}

impl<In: Transport> Connector<In> for Dial {
    type Out = Either<In, Wire>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        // A connection through a proxy already exists.
        if chained.is_some() {
            return Ok(chained.map(Either::A));
        }
        let end = wait(details.timeout).map(|time| Instant::now() + time);
        let count = u32::try_from(details.addrs.len()).unwrap_or(u32::MAX);
        let mut failure = ureq::Error::HostNotFound;
        for (address, left) in details.addrs.iter().zip((1..=count).rev()) {
            // The remaining time is shared with the addresses that follow.
            let share = end.map(|end| end.saturating_duration_since(Instant::now()) / left);
            match self.dial(*address, share) {
                Ok(stream) => {
                    return Wire::new(Stream::Tcp(stream), self.slow.clone(), details)
                        .map(Either::B)
                        .map(Some);
                }
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    failure = ureq::Error::Timeout(Timeout::Connect);
                }
                Err(error) => failure = error.into(),
            }
        }
        Err(failure)
    }
}

impl Dial {
    fn dial(&self, address: SocketAddr, limit: Option<Duration>) -> io::Result<TcpStream> {
        let socket = begin(address)?;
        let begun = Instant::now();
        let end = limit.map(|limit| begun + limit);
        while !is_ready(&socket)? {
            if let Some(slow) = &self.slow
                && begun.elapsed() >= slow.quiet
            {
                slow.tell();
            }
            if self.given_up.load(Ordering::Relaxed) {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            if end.is_some_and(|end| Instant::now() >= end) {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        sockopt::socket_error(&socket)??;
        let stream = TcpStream::from(socket);
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// Begins a connection, which is established or has failed when the socket is writable.
pub(super) fn begin(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
    match rustix::net::connect(&socket, &address) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(socket),
        Err(error) => Err(error.into()),
    }
}

/// Whether a connection is established, or has failed; waits a moment for it.
fn is_ready(socket: &OwnedFd) -> io::Result<bool> {
    let time = Timespec {
        tv_sec: 0,
        tv_nsec: i64::from(LOOK.subsec_nanos()),
    };
    match poll(&mut [PollFd::new(socket, PollFlags::OUT)], Some(&time)) {
        Ok(count) => Ok(count > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Connects to the hub's socket, whatever the address.
pub(super) struct ToHub {
    /// The socket's last known path.
    pub(super) path: PathBuf,
    /// Restarts the hub if it has exited.
    pub(super) hub: Arc<Hub>,
}

impl fmt::Debug for ToHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ToHub").field(&self.path).finish()
    }
}

impl Connector for ToHub {
    type Out = Wire;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Wire>, ureq::Error> {
        Wire::new(Stream::Unix(self.dial()?), None, details).map(Some)
    }
}

impl ToHub {
    fn dial(&self) -> io::Result<UnixStream> {
        let error = match socket::connect(&self.path) {
            Err(error) if is_gone(&error) => error,
            other => return other,
        };
        match (self.hub)() {
            Ok(Some(Endpoint::Socket { path, .. })) => socket::connect(&path),
            // The connection error is more useful to a user who did not ask for a start.
            _ => Err(error),
        }
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
    )
}

/// The underlying socket.
enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = match self {
                Self::Tcp(stream) => { stream }.read(buffer),
                Self::Unix(stream) => { stream }.read(buffer),
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => { stream }.write_all(bytes),
            Self::Unix(stream) => { stream }.write_all(bytes),
        }
    }

    fn set_read_timeout(&self, time: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_read_timeout(time),
            Self::Unix(stream) => stream.set_read_timeout(time),
        }
    }

    fn set_write_timeout(&self, time: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_write_timeout(time),
            Self::Unix(stream) => stream.set_write_timeout(time),
        }
    }

    fn set_nonblocking(&self, on: bool) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_nonblocking(on),
            Self::Unix(stream) => stream.set_nonblocking(on),
        }
    }
}

impl ShutdownHandle for Stream {
    fn shutdown(&self) {
        // A connection that has already ended needs no shutdown.
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}

/// A connection, as `ureq` uses it.
pub(super) struct Wire {
    /// Shared with the thread that may shut it down.
    stream: Arc<Stream>,
    buffers: LazyBuffers,
    slow: Option<Arc<Slow>>,
}

impl Wire {
    fn new(
        stream: Stream,
        slow: Option<Arc<Slow>>,
        details: &ConnectionDetails<'_>,
    ) -> Result<Self, ureq::Error> {
        let config = details.config;
        let stream = Arc::new(stream);
        let shut: Weak<Stream> = Arc::downgrade(&stream);
        (details.register_shutdown)(shut)?;
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        Ok(Self {
            stream,
            buffers,
            slow,
        })
    }

    /// Waits for bytes, for at most `limit`.
    fn receive(&mut self, mut limit: Option<Duration>) -> io::Result<usize> {
        let input = self.buffers.input_append_buf();
        let slow = self.slow.as_ref();
        let slow = slow.filter(|slow| !slow.is_over.load(Ordering::Relaxed));
        if let Some(slow) = slow
            && limit.is_none_or(|limit| limit > slow.quiet)
        {
            self.stream.set_read_timeout(Some(slow.quiet))?;
            match self.stream.read(input) {
                Err(error) if is_timeout(&error) => slow.tell(),
                read => return read,
            }
            limit = limit.map(|limit| limit - slow.quiet);
        }
        self.stream.set_read_timeout(limit)?;
        self.stream.read(input)
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &*self.stream {
            Stream::Tcp(_) => "Wire(tcp)",
            Stream::Unix(_) => "Wire(unix)",
        })
    }
}

fn wait(timeout: NextTimeout) -> Option<Duration> {
    timeout.not_zero().map(|time| *time)
}

/// A timeout is reported as one.
fn told(error: io::Error, timeout: NextTimeout) -> ureq::Error {
    match is_timeout(&error) {
        true => ureq::Error::Timeout(timeout.reason),
        false => error.into(),
    }
}

impl Transport for Wire {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let timeout = timeout.for_write();
        self.stream.set_write_timeout(wait(timeout))?;
        let output = &self.buffers.output()[..amount];
        let written = self.stream.write_all(output);
        written.map_err(|error| told(error, timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let timeout = timeout.for_read();
        let amount = self
            .receive(wait(timeout))
            .map_err(|error| told(error, timeout))?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    /// Between two answers nothing must be readable, not even the end of the stream.
    fn is_open(&mut self) -> bool {
        let probed = self
            .stream
            .set_nonblocking(true)
            .map(|()| self.stream.read(&mut [0]));
        let idle = matches!(probed, Ok(Err(error)) if error.kind() == io::ErrorKind::WouldBlock);
        idle && self.stream.set_nonblocking(false).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_nobody_takes_is_given_up_at_once() {
        // The queue of length one is full: the kernel answers no further connection attempts.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let address = listener.local_addr().unwrap();
        let given_up = Arc::new(AtomicBool::new(false));
        let dial = Dial {
            given_up: Arc::clone(&given_up),
            slow: None,
        };
        let short = Some(Duration::from_millis(1));
        let mut taken = Vec::new();
        let full = loop {
            match dial.dial(address, short) {
                Ok(stream) => taken.push(stream),
                Err(error) => break error,
            }
            assert!(taken.len() < 100, "the queue is never full");
        };
        assert_eq!(full.kind(), io::ErrorKind::TimedOut);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| dial.dial(address, None));
            given_up.store(true, Ordering::Relaxed);
            let ended = waiting.join().unwrap().unwrap_err();
            assert_eq!(ended.kind(), io::ErrorKind::ConnectionAborted);
        });
    }

    #[test]
    fn a_hub_that_has_ended_is_started_again() {
        use std::os::unix::net::UnixListener;
        use std::sync::Mutex;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.sock");
        // A killed hub leaves its socket behind.
        drop(UnixListener::bind(&path).unwrap());
        let started = Mutex::new(None);
        let place = path.clone();
        let to_hub = ToHub {
            path: path.clone(),
            hub: Arc::new(move || {
                std::fs::remove_file(&place).unwrap();
                *started.lock().unwrap() = Some(UnixListener::bind(&place).unwrap());
                Endpoint::socket(&place, "free.localhost").map(Some)
            }),
        };
        assert!(to_hub.dial().is_ok());
        let nowhere = ToHub {
            path: folder.path().join("nobody"),
            hub: Arc::new(|| Ok(None)),
        };
        let error = nowhere.dial().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn nobody_there_is_told_as_such() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let dial = Dial {
            given_up: Arc::default(),
            slow: None,
        };
        let error = dial.dial(address, None).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}
