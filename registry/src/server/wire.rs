//! The bytes of a connection, TCP or Unix socket, and whether they move.

use super::Listener;
use super::connections::Connection;
use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Bytes that the kernel buffers beyond the client's window. Without a limit it takes megabytes at once and then
/// nothing for minutes, and a slow client looks like a stalled one (tcp(7), `TCP_NOTSENT_LOWAT`).
const AHEAD: u32 = 32 * 1024;

/// Accepts clients.
pub(super) enum Acceptor {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Acceptor {
    pub(super) fn new(listener: Listener) -> io::Result<Self> {
        Ok(match listener {
            Listener::Tcp(listener) => {
                listener.set_nonblocking(true)?;
                Self::Tcp(TcpListener::from_std(listener)?)
            }
            Listener::Unix(listener) => {
                listener.set_nonblocking(true)?;
                Self::Unix(UnixListener::from_std(listener)?)
            }
        })
    }

    /// The next client, and its address if it has one.
    pub(super) async fn accept(&self) -> io::Result<(Stream, Option<IpAddr>)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, from) = listener.accept().await?;
                stream.set_nodelay(true)?;
                socket2::SockRef::from(&stream).set_tcp_notsent_lowat(AHEAD)?;
                Ok((Stream::Tcp(stream), Some(from.ip())))
            }
            Self::Unix(listener) => Ok((Stream::Unix(listener.accept().await?.0), None)),
        }
    }
}

/// A client's socket.
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// A connection that records what moves.
pub(super) struct Wire {
    stream: Stream,
    connection: Arc<Connection>,
}

impl Wire {
    pub(super) fn new(stream: Stream, connection: Arc<Connection>) -> Self {
        Self { stream, connection }
    }

    fn stream(&mut self) -> Pin<&mut (dyn Both + Unpin)> {
        match &mut self.stream {
            Stream::Tcp(stream) => Pin::new(stream),
            Stream::Unix(stream) => Pin::new(stream),
        }
    }

    fn record(&self, written: io::Result<usize>) -> Poll<io::Result<usize>> {
        if let Ok(count) = &written {
            self.connection.wrote(*count);
        }
        Poll::Ready(written)
    }
}

trait Both: AsyncRead + AsyncWrite {}
impl<T: AsyncRead + AsyncWrite> Both for T {}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(self.stream().poll_read(context, buffer));
        self.connection.read(buffer.filled().len() - before);
        Poll::Ready(read)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(self.stream().poll_write(context, bytes));
        self.record(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(self.stream().poll_write_vectored(context, parts));
        self.record(written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(context)
    }
}

impl Drop for Wire {
    /// Discards what a cut client has not taken: otherwise the kernel would keep offering it.
    fn drop(&mut self) {
        if let Stream::Tcp(stream) = &self.stream
            && self.connection.is_cut()
        {
            // A connection that ended by itself needs nothing.
            let _ = stream.set_zero_linger();
        }
    }
}
