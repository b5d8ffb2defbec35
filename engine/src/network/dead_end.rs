//! A network without egress: name lookups fail at once, and failures caused by it can be recognised.
//!
//! **What Docker does.** Its bridge always exists; if nothing is behind it, each lookup waits for its timeout.
//! **What we do.** Without egress, a name server inside answers each query at once with "no such name". Otherwise
//! programs would wait for seconds (musl). Some still retry for a minute (npm), but by then the name server has seen
//! that the program needs the network, and can report why it fails.
//! **Try it.** `DOCKLINGS_OUTBOUND=no docker run --rm busybox nslookup example.com`

use crate::error::Result;
use crate::sys::failed;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with, sockopt};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;

/// The name server's address: that of Docker's embedded DNS server on user-defined networks.
pub const NAMES: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 11);
/// The hint when something failed because there is no egress.
pub const HINT: &str = "containers have no outbound network here: docklings doctor";

/// The longest query, more than any without extensions (RFC 1035, section 2.3.4).
const LONGEST: usize = 1232;
/// Queries answered before other work gets its turn.
const AT_ONCE: usize = 16;
/// "Name Error" (RFC 1035, section 4.1.1).
const NO_SUCH_NAME: u8 = 3;

/// How programs report that they could not resolve a name or reach an address, in lower case.
const COMPLAINTS: [&str; 30] = [
    // Messages of the C libraries and of scripting languages.
    "name resolution",
    "name or service not known",
    "name does not resolve",
    "network is unreachable",
    "network unreachable",
    "no route to host",
    "eai_again",
    "enotfound",
    "enetunreach",
    "getaddrinfo",
    "nodename nor servname",
    "unknownhostexception",
    "no such host",
    // Download tools and resolvers. "Could not resolve" alone is what bundlers say about modules.
    "resolve host",
    "temporary failure resolving",
    "bad address '",
    "can't connect to remote host",
    "unknown host",
    "no servers could be reached",
    "server can't find",
    "nslookup: can't resolve",
    "dns error",
    // Package managers.
    "unable to locate package",
    "has no installation candidate",
    "failed to fetch http",
    "unable to fetch some archives",
    "temporary error (try again later)",
    "no matching distribution found",
    "failed to establish a new connection",
    "unable to select packages",
];

/// Whether the end of a failed program's `output` reads as if it needed the network.
pub fn is_complaint(output: &[u8]) -> bool {
    let text = String::from_utf8_lossy(output).to_lowercase();
    COMPLAINTS.iter().any(|words| text.contains(words))
}

/// Opens the name server's socket in the caller's network namespace. Call [`answer`] whenever it is readable.
pub fn listen() -> Result<OwnedFd> {
    let refused = |error| failed("listen on", "127.0.0.11:53", error);
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket =
        socket_with(AddressFamily::INET, SocketType::DGRAM, flags, None).map_err(refused)?;
    // A name server in the container may hold the port on all addresses.
    sockopt::set_socket_reuseaddr(&socket, true).map_err(refused)?;
    bind(&socket, &SocketAddr::from((NAMES, 53))).map_err(refused)?;
    Ok(socket)
}

/// Answers the queries at a socket of [`listen`]. Returns whether there was one.
pub fn answer(socket: &UdpSocket) -> bool {
    let mut packet = [0; LONGEST];
    let mut asked = false;
    for _ in 0..AT_ONCE {
        let Ok((length, from)) = socket.recv_from(&mut packet) else {
            break;
        };
        if let Some(reply) = refusal(&packet[..length]) {
            asked = true;
            // A client that no longer listens misses nothing.
            let _ = socket.send_to(&reply, from);
        }
    }
    asked
}

/// The "no such name" answer to a query; `None` if the packet is not a query. Source: RFC 1035, section 4.
fn refusal(packet: &[u8]) -> Option<Vec<u8>> {
    const HEADER: usize = 12;
    let header: &[u8; HEADER] = packet.first_chunk()?;
    if header[2] & 0x80 != 0 {
        return None;
    }
    let mut end = HEADER;
    loop {
        match *packet.get(end)? {
            0 => break,
            length @ 1..=63 => end += 1 + usize::from(length),
            _ => return None,
        }
    }
    // The type and the class follow the name.
    let question = packet.get(HEADER..end + 5)?;
    // A response with the same opcode, recursion desired and available.
    let flags = [0x80 | header[2] & 0x79, 0x80 | NO_SUCH_NAME];
    let counts = [0, 1, 0, 0, 0, 0, 0, 0];
    Some([&header[..2], &flags, &counts, question].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTION: &[u8] =
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01\x01a\x04test\x00\x00\x01\x00\x01";

    #[test]
    fn each_query_is_answered_with_no_such_name() {
        let answer =
            b"\x12\x34\x81\x83\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x04test\x00\x00\x01\x00\x01";
        assert_eq!(refusal(QUESTION).unwrap(), answer);
        let extended = [QUESTION, b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"].concat();
        assert_eq!(refusal(&extended).unwrap(), answer);
    }

    #[test]
    fn a_packet_that_is_not_a_query_is_not_answered() {
        for length in 0..QUESTION.len() {
            assert_eq!(refusal(&QUESTION[..length]), None, "{length} bytes");
        }
        let mut answer = QUESTION.to_vec();
        answer[2] |= 0x80;
        assert_eq!(refusal(&answer), None);
        let mut pointer = QUESTION.to_vec();
        pointer[12] = 0xc0;
        assert_eq!(refusal(&pointer), None);
    }

    #[test]
    fn a_complaint_about_the_network_is_recognised_and_others_are_not() {
        for output in [
            "wget: bad address 'example.com'\n",
            "wget: can't connect to remote host (192.0.2.1): Network is unreachable\n",
            "** server can't find example.com: NXDOMAIN\n",
            "curl: (6) Could not resolve host: example.com\n",
            "Err:1 http://deb.debian.org/debian bookworm InRelease\n  Temporary failure resolving 'deb.debian.org'\n",
            "E: Unable to locate package curl\n",
            "npm ERR! code EAI_AGAIN\nnpm ERR! syscall getaddrinfo\n",
            "npm error code ENOTFOUND\n",
            "ERROR: No matching distribution found for flask\n",
            "fetch https://dl-cdn.alpinelinux.org/x: temporary error (try again later)\n",
            "ping: example.com: Name or service not known\n",
            "fatal: unable to access 'https://x/': Could not resolve host: x\n",
            "dial tcp: lookup proxy.golang.org: no such host\n",
        ] {
            assert!(is_complaint(output.as_bytes()), "{output}");
        }
        for output in [
            "",
            "make: *** [Makefile:2: all] Error 1\n",
            "sh: curl: not found\n",
            "cat: /x: No such file or directory\n",
            "SyntaxError: invalid syntax\n",
            "Module not found: Error: Can't resolve './app' in '/src'\n",
            "npm error ERESOLVE could not resolve\n",
            "error: connection to the database refused\n",
        ] {
            assert!(!is_complaint(output.as_bytes()), "{output}");
        }
    }
}
