//! The process that relays bytes between the machine's ports and a container's.
//!
//! It has joined the container's network, so it connects to the container; its listeners were created before that. It
//! uses a thread per direction of a connection, does nothing else, and ends with the container.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::sockopt;
use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A UDP conversation is dropped after being idle for this long.
const SILENCE: Duration = Duration::from_secs(60);
/// The pause between two attempts to accept a connection when no descriptor is free.
const PAUSE: Duration = Duration::from_millis(50);
/// Threads that only copy need a small stack.
const STACK: usize = 64 << 10;

/// A listener on the machine.
pub(super) enum Listener {
    Tcp(TcpListener),
    Udp(UdpSocket),
}

/// A published port: its listener, and its port in the container.
pub(super) struct PublishedPort {
    pub(super) listener: Listener,
    pub(super) container_port: u16,
}

/// Serves all published ports of the container with the address `own`; returns only if polling fails.
pub(super) fn run(published: Vec<PublishedPort>, own: Ipv4Addr) {
    for entry in published {
        let serve = move || match entry.listener {
            Listener::Tcp(listener) => serve_tcp(&listener, entry.container_port, own),
            Listener::Udp(socket) => serve_udp(socket, entry.container_port, own),
        };
        if spawn(serve).is_err() {
            return;
        }
    }
    loop {
        std::thread::park();
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(work)
        .map(drop)
}

fn serve_tcp(listener: &TcpListener, port: u16, own: Ipv4Addr) {
    loop {
        let mut waiting = [PollFd::from_borrowed_fd(listener.as_fd(), PollFlags::IN)];
        let _ = poll(&mut waiting, None);
        loop {
            match listener.accept() {
                Ok((client, _)) => {
                    let _ = client.set_nonblocking(false);
                    // If no thread can be created, the connection is closed.
                    let _ = spawn(move || relay_tcp(client, port, own));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => {
                    // No descriptor is free. The connection is still pending, so polling would return at once in a
                    // loop, and no event signals that another connection has ended.
                    std::thread::sleep(PAUSE);
                    break;
                }
            }
        }
    }
}

/// If no program listens inside, or only on the container's loopback, the connection is reset, as Docker's proxy does.
fn relay_tcp(client: TcpStream, port: u16, own: Ipv4Addr) {
    let Ok(server) = TcpStream::connect((own, port)) else {
        // Closing with zero linger resets the connection.
        let _ = sockopt::set_socket_linger(&client, Some(Duration::ZERO));
        return;
    };
    let (Ok(client_copy), Ok(server_copy)) = (client.try_clone(), server.try_clone()) else {
        return;
    };
    if spawn(move || carry(client_copy, server_copy)).is_ok() {
        carry(server, client);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    // Between sockets, the standard library copies with splice(2).
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

/// Each sender gets its own socket inside, so that answers are routed back to it.
fn serve_udp(outside: UdpSocket, port: u16, own: Ipv4Addr) {
    let server = SocketAddr::from((own, port));
    let outside = Arc::new(outside);
    let mut conversations: HashMap<SocketAddr, (Arc<UdpSocket>, Instant)> = HashMap::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let mut waiting = [PollFd::from_borrowed_fd(outside.as_fd(), PollFlags::IN)];
        let _ = poll(&mut waiting, None);
        while let Ok((length, sender)) = outside.recv_from(&mut buffer) {
            conversations.retain(|_, (_, last)| last.elapsed() < SILENCE);
            let Some(inside) = conversation(&mut conversations, &outside, sender, server) else {
                continue;
            };
            let _ = inside.send(&buffer[..length]);
        }
    }
}

fn conversation(
    conversations: &mut HashMap<SocketAddr, (Arc<UdpSocket>, Instant)>,
    outside: &Arc<UdpSocket>,
    sender: SocketAddr,
    server: SocketAddr,
) -> Option<Arc<UdpSocket>> {
    if let Some((inside, last)) = conversations.get_mut(&sender) {
        *last = Instant::now();
        return Some(inside.clone());
    }
    let inside = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    inside.connect(server).ok()?;
    inside.set_read_timeout(Some(SILENCE)).ok()?;
    let (inside, outside) = (Arc::new(inside), outside.clone());
    let answers = inside.clone();
    spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(length) = answers.recv(&mut buffer) {
            let _ = outside.send_to(&buffer[..length], sender);
        }
    })
    .ok()?;
    conversations.insert(sender, (inside.clone(), Instant::now()));
    Some(inside)
}
