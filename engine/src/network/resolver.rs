//! `/etc/resolv.conf` of a container: its name servers.
//!
//! **What Docker does.** Copies the machine's, without name servers that only the machine can reach: 127.0.0.53,
//! systemd's resolver, means the container itself inside.
//! **What we do.** The same. If that leaves none, an address inside leads to the machine's own name server, or, if the
//! machine has none that this could reach, to Docker's fallback: Google's servers. Without egress, a name server inside
//! answers at once that there is no such name.
//! **Try it.** `docker run --rm --dns 9.9.9.9 busybox cat /etc/resolv.conf`
//! **Lesson.** `ports-and-networks`
//!
//! Source: moby `daemon/libnetwork/internal/resolvconf`.

use super::dead_end;
use crate::store::containers::HostConfig;
use std::net::{IpAddr, Ipv4Addr};

/// The machine's file, and the one with the upstream servers of systemd's resolver.
const MACHINE: &str = "/etc/resolv.conf";
const BEHIND_SYSTEMD: &str = "/run/systemd/resolve/resolv.conf";
/// Source: moby `daemon/libnetwork/internal/resolvconf`, `defaultIPv4NSs`.
const DEFAULT: [&str; 2] = ["8.8.8.8", "8.8.4.4"];

/// A parsed `resolv.conf`.
#[derive(Debug, Default, PartialEq)]
struct Resolver {
    servers: Vec<String>,
    search: Vec<String>,
    options: Vec<String>,
}

/// The text for a container with the machine's network or with the network `none`: nothing is left out.
pub(crate) fn as_on_machine(host: &HostConfig) -> String {
    let text = read(MACHINE);
    if host.dns.is_empty() {
        return text;
    }
    let mut resolver = parse(&text);
    resolver.follow(host);
    resolver.text()
}

/// The text for a container with its own network and egress, and whether it contains `names`, the address inside that
/// leads to the machine's name server.
pub(crate) fn with_egress(host: &HostConfig, names: Ipv4Addr) -> (String, bool) {
    let mut resolver = from_inside(&read(MACHINE), &read(BEHIND_SYSTEMD), names);
    resolver.follow(host);
    let forward = resolver.servers.contains(&names.to_string());
    (resolver.text(), forward)
}

/// The text for a container with its own network and no egress.
pub(crate) fn without_egress(host: &HostConfig) -> String {
    let mut resolver = parse(&read(MACHINE));
    resolver.servers = vec![dead_end::NAMES.to_string()];
    resolver.follow(host);
    resolver.text()
}

/// A container's resolv.conf, if the machine's files contain `machine` and `upstream`.
fn from_inside(machine: &str, upstream: &str, names: Ipv4Addr) -> Resolver {
    let mut resolver = parse(machine);
    let upstream = parse(upstream);
    if resolver.servers == ["127.0.0.53"] && !upstream.servers.is_empty() {
        resolver = upstream;
    }
    let answers_itself = resolver.servers.iter().any(|server| is_loopback(server));
    resolver.servers.retain(|server| is_reachable(server));
    if resolver.servers.is_empty() {
        resolver.servers = match answers_itself {
            true => vec![names.to_string()],
            false => DEFAULT.map(str::to_owned).to_vec(),
        };
    }
    resolver
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The egress program can query it for the container, over IPv4.
fn is_loopback(server: &str) -> bool {
    matches!(server.parse(), Ok(IpAddr::V4(ip)) if ip.is_loopback())
}

/// Egress is IPv4 only and does not reach loopback.
fn is_reachable(server: &str) -> bool {
    matches!(server.parse(), Ok(IpAddr::V4(ip)) if !ip.is_loopback() && !ip.is_unspecified())
}

/// Source: `resolv.conf(5)`. The last of several `search` and `domain` lines counts.
fn parse(text: &str) -> Resolver {
    let mut resolver = Resolver::default();
    for line in text.lines() {
        let mut words = line.split_whitespace().map(str::to_owned);
        match words.next().as_deref() {
            Some("nameserver") => resolver.servers.extend(words.next()),
            Some("search" | "domain") => resolver.search = words.collect(),
            Some("options") => resolver.options.extend(words),
            _ => {}
        }
    }
    resolver
}

impl Resolver {
    /// `--dns` replaces the machine's name servers.
    fn follow(&mut self, host: &HostConfig) {
        if !host.dns.is_empty() {
            self.servers.clone_from(&host.dns);
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for server in &self.servers {
            text.push_str(&format!("nameserver {server}\n"));
        }
        for (word, list) in [("search", &self.search), ("options", &self.options)] {
            if !list.is_empty() {
                text.push_str(&format!("{word} {}\n", list.join(" ")));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(machine: &str, asked: &[&str], expected: &str) {
        let host = HostConfig {
            dns: asked.iter().map(|server| (*server).to_owned()).collect(),
            ..HostConfig::default()
        };
        let mut resolver = parse(machine);
        resolver.follow(&host);
        assert_eq!(resolver.text(), expected, "{machine:?} {asked:?}");
    }

    #[test]
    fn requested_servers_replace_the_machines() {
        let machine =
            "# made by hand\nnameserver 192.0.2.53\nsearch a.test b.test\noptions ndots:2 edns0\n";
        check(machine, &[], &machine[15..]);
        check(
            machine,
            &["9.9.9.9", "8.8.8.8"],
            "nameserver 9.9.9.9\nnameserver 8.8.8.8\nsearch a.test b.test\noptions ndots:2 edns0\n",
        );
        check("domain x\nsearch y\n;c\nnameserver\n", &[], "search y\n");
    }

    #[test]
    fn a_container_gets_servers_that_it_can_reach() {
        let names = Ipv4Addr::new(172, 17, 0, 1);
        let stub = "nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch lan\n";
        for (machine, upstream, expected) in [
            ("nameserver 10.9.9.53\n", "", "nameserver 10.9.9.53\n"),
            (
                "nameserver 10.9.9.53\nnameserver 10.9.9.54\nsearch a.test b.test\n",
                "nameserver 9.9.9.9\n",
                "nameserver 10.9.9.53\nnameserver 10.9.9.54\nsearch a.test b.test\n",
            ),
            (
                stub,
                "nameserver 192.168.1.1\nnameserver fe80::1%3\nsearch home\n",
                "nameserver 192.168.1.1\nsearch home\n",
            ),
            (
                stub,
                "",
                "nameserver 172.17.0.1\nsearch lan\noptions edns0 trust-ad\n",
            ),
            ("nameserver 127.0.0.1\n", "", "nameserver 172.17.0.1\n"),
            (
                "nameserver 127.0.0.1\nnameserver 10.9.9.53\n",
                "",
                "nameserver 10.9.9.53\n",
            ),
            (
                "nameserver 2001:db8::53\nnameserver 10.9.9.53\n",
                "",
                "nameserver 10.9.9.53\n",
            ),
            (
                "nameserver ::1\nnameserver 127.0.0.1\n",
                "",
                "nameserver 172.17.0.1\n",
            ),
            // No server is reachable over IPv4.
            (
                "nameserver 2001:db8::53\nsearch lan\n",
                "",
                "nameserver 8.8.8.8\nnameserver 8.8.4.4\nsearch lan\n",
            ),
            ("", "", "nameserver 8.8.8.8\nnameserver 8.8.4.4\n"),
        ] {
            let text = from_inside(machine, upstream, names).text();
            assert_eq!(text, expected, "{machine:?} {upstream:?}");
        }
    }

    #[test]
    fn a_name_server_that_only_the_machine_reaches_is_left_out() {
        for (server, reachable) in [
            ("192.0.2.53", true),
            ("127.0.0.53", false),
            ("0.0.0.0", false),
            ("::1", false),
            ("2001:db8::53", false),
            ("nonsense", false),
        ] {
            assert_eq!(is_reachable(server), reachable, "{server}");
        }
    }
}
