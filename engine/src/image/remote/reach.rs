//! Whether a server can be reached, decided within a moment.
//!
//! **Why.** Without a network, the system's resolver may wait ten seconds for a name server that is not there, and a
//! connection may wait minutes. A learner who asks for an image that is not on this machine must not wait for that.
//! **Kernel feature.** A resolver cannot be interrupted, but a process can: a child resolves the name, and is killed if
//! it takes too long. Connections to all addresses begin at once; the first one that is established wins (RFC 8305).

use super::Remote;
use super::stream::begin;
use super::transport::{lookup, proxy_for};
use super::url::Url;
use crate::error::plainly;
use crate::sys::clone::{Forked, fork};
use crate::sys::process;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt;
use std::io::{self, PipeReader, Read, Write};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// The limit for resolving and connecting together.
const LIMIT: Duration = Duration::from_millis(1500);
/// The most addresses that are tried.
const MOST: usize = 8;

/// The address at which the server of `url` accepts connections; `None` if a proxy leads there, which accepts them.
/// Error: the reason in Go's words, such as `dial tcp: lookup registry-1.docker.io: no such host`.
pub(super) fn reach(remote: &Remote, url: &Url) -> Result<Option<SocketAddr>, String> {
    match proxy_for(&remote.proxies, url) {
        None => reach_within(url, LIMIT).map(Some),
        Some(proxy) => match Url::parse(&proxy) {
            Ok(proxy) => reach_within(&proxy, LIMIT).map(|_| None),
            // The request itself reports an unusable proxy.
            Err(_) => Ok(None),
        },
    }
}

fn reach_within(url: &Url, limit: Duration) -> Result<SocketAddr, String> {
    let end = Instant::now() + limit;
    race(&resolve(url, end)?, end)
}

/// The addresses of the server. The process must be single-threaded if the host is a name.
fn resolve(url: &Url, end: Instant) -> Result<Vec<SocketAddr>, String> {
    let failed = |why: &str| format!("dial tcp: lookup {}: {why}", url.host());
    let look_up = || lookup(url.host(), url.port()).unwrap_or_default();
    let found = match url.ip().is_some() || url.is_loopback() {
        true => look_up(),
        false => in_a_child(look_up, end).ok_or_else(|| failed("i/o timeout"))?,
    };
    match found.is_empty() {
        true => Err(failed("no such host")),
        false => Ok(found),
    }
}

/// Calls `look_up` in a child process. `None` if it takes too long.
fn in_a_child(look_up: impl Fn() -> Vec<SocketAddr>, end: Instant) -> Option<Vec<SocketAddr>> {
    let (reader, mut writer) = io::pipe().ok()?;
    match fork().ok()? {
        Forked::Child => {
            drop(reader);
            let _ = process::die_with_parent();
            let lines: Vec<_> = look_up().iter().map(ToString::to_string).collect();
            let written = writer.write_all(lines.join("\n").as_bytes());
            process::exit(i32::from(written.is_err()))
        }
        Forked::Parent { pidfd, .. } => {
            drop(writer);
            let text = read_until(reader, end);
            if text.is_none() {
                let _ = process::send_signal(pidfd.as_fd(), libc::SIGKILL);
            }
            let _ = process::wait(&pidfd);
            Some(text?.lines().filter_map(|line| line.parse().ok()).collect())
        }
    }
}

fn read_until(mut reader: PipeReader, end: Instant) -> Option<String> {
    let mut text = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        let ready = poll(
            &mut [PollFd::new(&reader, PollFlags::IN)],
            Some(&left(end)?),
        );
        if matches!(ready, Ok(0)) {
            return None;
        }
        match reader.read(&mut buffer).ok()? {
            0 => return String::from_utf8(text).ok(),
            count => text.extend_from_slice(&buffer[..count]),
        }
    }
}

/// The address that accepts a connection first.
fn race(addresses: &[SocketAddr], end: Instant) -> Result<SocketAddr, String> {
    let mut why = String::new();
    let mut failed = |address: SocketAddr, error: io::Error| {
        let words = match error.kind() {
            io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
            io::ErrorKind::NetworkUnreachable => "network is unreachable".to_owned(),
            io::ErrorKind::HostUnreachable => "no route to host".to_owned(),
            _ => plainly(&error),
        };
        why = format!("dial tcp {address}: connect: {words}");
    };
    let mut tried = Vec::new();
    for address in addresses.iter().take(MOST) {
        match begin(*address) {
            Ok(socket) => tried.push((*address, socket)),
            Err(error) => failed(*address, error),
        }
    }
    while let Some((first, _)) = tried.first() {
        let late = format!("dial tcp {first}: i/o timeout");
        let left = left(end).ok_or_else(|| late.clone())?;
        let mut sockets: Vec<_> = tried
            .iter()
            .map(|(_, socket)| PollFd::new(socket, PollFlags::OUT))
            .collect();
        let _ = poll(&mut sockets, Some(&left));
        let ready: Vec<_> = sockets
            .iter()
            .map(|one| !one.revents().is_empty())
            .collect();
        for at in (0..ready.len()).rev().filter(|at| ready[*at]) {
            let (address, socket) = tried.remove(at);
            match sockopt::socket_error(&socket) {
                Ok(Ok(())) => return Ok(address),
                Ok(Err(error)) | Err(error) => failed(address, error.into()),
            }
        }
    }
    Err(why)
}

/// The time until `end`; `None` if it has passed.
fn left(end: Instant) -> Option<Timespec> {
    let left = end.checked_duration_since(Instant::now())?;
    Timespec::try_from(left).ok().filter(|_| !left.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_server_that_listens_is_reached_and_another_one_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let found = reach_within(&url(&format!("http://{address}")), Duration::from_secs(60));
        assert_eq!(found, Ok(address));
        let found = reach_within(&url("http://127.0.0.1:1"), Duration::from_secs(60));
        let why = "dial tcp 127.0.0.1:1: connect: connection refused";
        assert_eq!(found, Err(why.to_owned()));
    }

    #[test]
    fn the_first_address_that_answers_wins() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let addresses = ["127.0.0.1:1".parse().unwrap(), address];
        let end = Instant::now() + Duration::from_secs(60);
        assert_eq!(race(&addresses, end), Ok(address));
    }

    #[test]
    fn a_server_that_never_accepts_is_given_up() {
        // The queue of length one is full: the kernel answers no further connection attempts.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let address = listener.local_addr().unwrap();
        let mut taken = Vec::new();
        let said = loop {
            let end = Instant::now() + Duration::from_millis(50);
            match race(&[address], end) {
                Ok(_) => taken.push(begin(address).unwrap()),
                Err(why) => break why,
            }
            assert!(taken.len() < 100, "the queue is never full");
        };
        assert_eq!(said, format!("dial tcp {address}: i/o timeout"));
    }

    #[test]
    fn a_proxy_is_tried_in_place_of_the_server() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut remote = Remote::default();
        remote.proxies.https = format!("http://{}", listener.local_addr().unwrap());
        let there = url("https://registry.example");
        assert_eq!(reach(&remote, &there), Ok(None));
        remote.proxies.https = "http://127.0.0.1:1".to_owned();
        assert!(reach(&remote, &there).is_err());
    }
}
