//! `-p`: ports of the machine published by a container.
//!
//! **Kernel feature.** A socket stays in the network namespace in which it was created, whichever process uses it
//! later.
//! **What Docker does.** `docker-proxy` and firewall rules.
//! **What we do.** The listeners are created on the machine; a forked process that has joined the container's network
//! accepts connections from them and connects to the container's address. As with Docker, a server that listens only on
//! the container's loopback is not reachable. The process ends with the monitor.
//! **Try it.** `docker run -d -p 8080:80 busybox httpd -f -h /etc`, then `curl localhost:8080/hostname`
//! **Lesson.** `publish-a-port`

use super::relay::{self, Listener, PublishedPort};
use crate::error::{Error, Result};
use crate::store::containers::PortBinding;
use crate::sys::clone::{Forked, fork};
use crate::sys::{namespace, process};
use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The first port of the machine on which every user may listen. Source: `ip(7)`.
const FIRST_FREE: &str = "/proc/sys/net/ipv4/ip_unprivileged_port_start";

/// The published ports of a running container. Dropping it closes them.
pub(crate) struct Publisher {
    bindings: Vec<PortBinding>,
    relay: OwnedFd,
}

impl Publisher {
    /// Binds the ports of `-p` and `-P`, and starts the relay in the network of the process `init`, where `own` is the
    /// container's address.
    ///
    /// # Errors
    /// Docker's message when a port is taken: `driver failed programming external connectivity …`.
    pub(crate) fn start(
        asked: &[PortBinding],
        publish_all: bool,
        exposed: &BTreeSet<String>,
        init: BorrowedFd<'_>,
        own: Ipv4Addr,
    ) -> Result<Self> {
        let mut wanted = asked.to_vec();
        if publish_all {
            wanted.extend(exposed.iter().filter_map(|port| any_port_for(port, asked)));
        }
        let (mut bindings, mut published) = (Vec::new(), Vec::new());
        for binding in &wanted {
            bind(binding, &mut bindings, &mut published)?;
        }
        match fork()? {
            Forked::Child => {
                let joined = process::die_with_parent()
                    .and_then(|()| process::set_dumpable(false))
                    .and_then(|()| namespace::join(init, libc::CLONE_NEWNET as u64));
                if joined.is_ok() {
                    relay::run(published, own);
                }
                process::exit(1)
            }
            Forked::Parent { pidfd, .. } => Ok(Self {
                bindings,
                relay: pidfd,
            }),
        }
    }

    /// The bound ports, including those chosen automatically.
    pub(crate) fn bindings(&self) -> &[PortBinding] {
        &self.bindings
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        // Wait for it: its listeners close when it ends, and the ports may be needed next.
        if process::send_signal(self.relay.as_fd(), libc::SIGKILL).is_ok() {
            let _ = process::wait(&self.relay);
        }
    }
}

fn any_port_for(exposed: &str, asked: &[PortBinding]) -> Option<PortBinding> {
    let (port, protocol) = exposed.split_once('/').unwrap_or((exposed, "tcp"));
    let container_port = port.parse().ok()?;
    let has = asked
        .iter()
        .any(|b| b.container_port == container_port && b.protocol == protocol);
    (!has).then(|| PortBinding {
        container_port,
        protocol: protocol.to_owned(),
        host_ip: String::new(),
        host_port: 0,
        host_port_last: 0,
    })
}

/// Binds one publication; of a range, the first free port.
fn bind(
    asked: &PortBinding,
    bindings: &mut Vec<PortBinding>,
    published: &mut Vec<PublishedPort>,
) -> Result<()> {
    let last = asked.host_port_last.max(asked.host_port);
    for port in asked.host_port..last {
        let one = PortBinding {
            host_port: port,
            host_port_last: 0,
            ..asked.clone()
        };
        match bind_one(&one, bindings, published) {
            Err(error) if error.kind() == crate::ErrorKind::Conflict => {}
            other => return other,
        }
    }
    let one = PortBinding {
        host_port: last,
        host_port_last: 0,
        ..asked.clone()
    };
    bind_one(&one, bindings, published)
}

/// Without an address, IPv4 and IPv6 get the same port; a machine without IPv6 gets only IPv4.
fn bind_one(
    asked: &PortBinding,
    bindings: &mut Vec<PortBinding>,
    published: &mut Vec<PublishedPort>,
) -> Result<()> {
    let host_ip = asked.host_ip.trim_matches(['[', ']']);
    if !host_ip.is_empty() {
        let address: IpAddr = host_ip
            .parse()
            .map_err(|_| Error::invalid(format!("invalid IP address: {host_ip}")))?;
        let (entry, port) = open(asked, SocketAddr::new(address, asked.host_port))
            .map_err(|error| taken(asked, host_ip, error))?;
        published.push(entry);
        bindings.push(PortBinding {
            host_port: port,
            host_ip: address.to_string(),
            ..asked.clone()
        });
        return Ok(());
    }
    // A port that is free in one family may be taken in the other; then try another one.
    for attempt in 0..16 {
        let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, asked.host_port));
        let (entry, port) = open(asked, any).map_err(|error| taken(asked, "0.0.0.0", error))?;
        let six = open(asked, SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)));
        if let Err(error) = &six
            && error.kind() == io::ErrorKind::AddrInUse
        {
            if asked.host_port == 0 && attempt < 15 {
                continue;
            }
            return Err(taken(asked, "::", io::Error::from(error.kind())));
        }
        published.push(entry);
        bindings.push(PortBinding {
            host_port: port,
            host_ip: "0.0.0.0".into(),
            ..asked.clone()
        });
        if let Ok((entry, _)) = six {
            published.push(entry);
            bindings.push(PortBinding {
                host_port: port,
                host_ip: "::".into(),
                ..asked.clone()
            });
        }
        return Ok(());
    }
    Err(Error::machine("no free port was found"))
}

fn open(asked: &PortBinding, address: SocketAddr) -> io::Result<(PublishedPort, u16)> {
    let (listener, port) = if asked.protocol == "udp" {
        let socket = udp(address)?;
        let port = socket.local_addr()?.port();
        (Listener::Udp(socket), port)
    } else {
        let listener = tcp(address)?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        (Listener::Tcp(listener), port)
    };
    Ok((
        PublishedPort {
            listener,
            container_port: asked.container_port,
        },
        port,
    ))
}

fn new_socket(address: SocketAddr, kind: rustix::net::SocketType) -> io::Result<OwnedFd> {
    use rustix::net::{AddressFamily, SocketFlags, socket_with, sockopt};
    let family = if address.is_ipv4() {
        AddressFamily::INET
    } else {
        AddressFamily::INET6
    };
    let socket = socket_with(family, kind, SocketFlags::CLOEXEC, None)?;
    if address.is_ipv6() {
        // IPv4 has its own listener on the port.
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    if kind == rustix::net::SocketType::STREAM {
        sockopt::set_socket_reuseaddr(&socket, true)?;
    }
    rustix::net::bind(&socket, &address)?;
    Ok(socket)
}

fn tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = new_socket(address, rustix::net::SocketType::STREAM)?;
    rustix::net::listen(&socket, 512)?;
    Ok(socket.into())
}

fn udp(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket: UdpSocket = new_socket(address, rustix::net::SocketType::DGRAM)?.into();
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn taken(asked: &PortBinding, ip: &str, error: io::Error) -> Error {
    let address = format!("{ip}:{}", asked.host_port);
    match error.kind() {
        io::ErrorKind::AddrInUse => Error::conflict(format!(
            "failed to set up container networking: driver failed programming external connectivity on endpoint: Bind for {address} failed: port is already allocated"
        ))
        .with_hint("docker ps shows which container has the port; or choose another port"),
        io::ErrorKind::PermissionDenied => privileged(asked, &address),
        _ => Error::machine(format!("cannot listen on {address}")).with_source(error),
    }
}

/// Docker's message to an ordinary user, with a hint that repeats the flag with an allowed port.
fn privileged(asked: &PortBinding, address: &str) -> Error {
    let port = asked.host_port;
    let first = std::fs::read_to_string(FIRST_FREE).ok();
    let first = first.and_then(|text| text.trim().parse::<u16>().ok());
    let first = first.unwrap_or(1024);
    let ip = match &*asked.host_ip {
        "" => String::new(),
        ip if ip.contains(':') => format!("[{}]:", ip.trim_matches(['[', ']'])),
        ip => format!("{ip}:"),
    };
    let protocol = match &*asked.protocol {
        "tcp" => "",
        _ => "/udp",
    };
    let other = match port.saturating_add(8000) {
        other if other >= first => other,
        _ => first,
    };
    Error::invalid(format!(
        "failed to set up container networking: driver failed programming external connectivity on endpoint: cannot expose privileged port {port}, you can add 'net.ipv4.ip_unprivileged_port_start={port}' to /etc/sysctl.conf (currently {first}), or choose a larger port number (>= {first}): listen {} {address}: bind: permission denied",
        asked.protocol
    ))
    .with_hint(format!(
        "-p {ip}{other}:{}{protocol}; or, for all users: sudo sysctl net.ipv4.ip_unprivileged_port_start={port}",
        asked.container_port
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(ip: &str, port: u16, protocol: &str) -> PortBinding {
        PortBinding {
            container_port: 80,
            protocol: protocol.into(),
            host_ip: ip.into(),
            host_port: port,
            host_port_last: 0,
        }
    }

    #[test]
    fn a_free_port_is_chosen_and_a_taken_one_is_reported() {
        for protocol in ["tcp", "udp"] {
            let (mut bindings, mut published) = (Vec::new(), Vec::new());
            bind(
                &binding("127.0.0.1", 0, protocol),
                &mut bindings,
                &mut published,
            )
            .unwrap();
            let port = bindings[0].host_port;
            assert!(port > 0);
            let error = bind(
                &binding("127.0.0.1", port, protocol),
                &mut bindings,
                &mut published,
            )
            .unwrap_err();
            assert!(
                error.message().ends_with("port is already allocated"),
                "{error}"
            );
        }
    }

    #[test]
    fn of_a_range_the_first_free_port_is_taken() {
        let (mut bindings, mut published) = (Vec::new(), Vec::new());
        bind(
            &binding("127.0.0.1", 0, "tcp"),
            &mut bindings,
            &mut published,
        )
        .unwrap();
        let first = bindings[0].host_port;
        let range = PortBinding {
            host_port_last: first.saturating_add(20),
            ..binding("127.0.0.1", first, "tcp")
        };
        bind(&range, &mut bindings, &mut published).unwrap();
        assert!((first + 1..=first.saturating_add(20)).contains(&bindings[1].host_port));
        assert_eq!(bindings[1].host_port_last, 0);
    }

    #[test]
    fn both_families_get_the_same_port() {
        let (mut bindings, mut published) = (Vec::new(), Vec::new());
        bind(&binding("", 0, "tcp"), &mut bindings, &mut published).unwrap();
        assert_eq!(bindings[0].host_ip, "0.0.0.0");
        assert!(
            bindings
                .iter()
                .all(|b| b.host_port == bindings[0].host_port)
        );
    }

    #[test]
    fn a_privileged_port_is_refused_with_an_alternative() {
        for (ip, protocol, flag) in [
            ("", "tcp", "-p 8081:80; "),
            ("127.0.0.1", "udp", "-p 127.0.0.1:8081:80/udp; "),
            ("[::1]", "tcp", "-p [::1]:8081:80; "),
        ] {
            let refused = io::Error::from(io::ErrorKind::PermissionDenied);
            let error = taken(&binding(ip, 81, protocol), ip, refused);
            let message = error.message();
            assert!(
                message.contains("cannot expose privileged port 81, "),
                "{message}"
            );
            assert!(message.ends_with("bind: permission denied"), "{message}");
            let hint = error.hint().unwrap();
            assert!(hint.starts_with(flag), "{hint}");
            assert!(
                hint.ends_with("net.ipv4.ip_unprivileged_port_start=81"),
                "{hint}"
            );
        }
    }

    #[test]
    fn publishing_all_leaves_out_what_is_published_already() {
        let asked = [binding("", 8080, "tcp")];
        assert!(any_port_for("80/tcp", &asked).is_none());
        assert_eq!(any_port_for("53/udp", &asked).unwrap().container_port, 53);
    }
}
