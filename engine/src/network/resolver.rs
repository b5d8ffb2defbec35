//! `/etc/resolv.conf` of a container: whom it asks for the addresses of names.
//!
//! **What Docker does.** Copies the machine's, without name servers that only the machine itself can reach: the 127.0.0.53
//! of systemd's resolver means somebody else inside of a container.
//! **What we do.** The same; where that leaves nobody, an address inside leads to the machine's own name server.
//! **Try it.** `docker run --rm --dns 9.9.9.9 busybox cat /etc/resolv.conf`
//! **Lesson.** `ports-and-networks`
//!
//! Source: moby `daemon/libnetwork/internal/resolvconf`.

use crate::store::containers::HostConfig;
use std::net::{IpAddr, Ipv4Addr};

/// The machine's file, and the one with the name servers that systemd's resolver asks, where it is in between.
const MACHINE: &str = "/etc/resolv.conf";
const BEHIND_SYSTEMD: &str = "/run/systemd/resolve/resolv.conf";

/// What the machine's file says, and what the container is to be told.
#[derive(Debug, Default, PartialEq)]
struct Resolver {
    servers: Vec<String>,
    search: Vec<String>,
    options: Vec<String>,
}

/// The text for a container with the machine's network, or with loopback only: nothing is left out.
pub fn as_on_machine(host: &HostConfig) -> String {
    let text = read(MACHINE);
    if !has_wishes(host) {
        return text;
    }
    let mut resolver = parse(&text);
    resolver.follow(host);
    resolver.text()
}

/// The text for a container with a network of its own and a way out. `names` leads to the machine's name server.
pub fn with_way_out(host: &HostConfig, names: Ipv4Addr) -> String {
    let mut machine = parse(&read(MACHINE));
    if machine.servers == ["127.0.0.53"] {
        let behind = parse(&read(BEHIND_SYSTEMD));
        if !behind.servers.is_empty() {
            machine = behind;
        }
    }
    machine.servers.retain(|server| is_reachable(server));
    if machine.servers.is_empty() {
        machine.servers.push(names.to_string());
    }
    machine.follow(host);
    machine.text()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn has_wishes(host: &HostConfig) -> bool {
    !(host.dns.is_empty() && host.dns_search.is_empty() && host.dns_options.is_empty())
}

/// The way out knows IPv4 only, and leads to nobody's loopback.
fn is_reachable(server: &str) -> bool {
    matches!(server.parse(), Ok(IpAddr::V4(ip)) if !ip.is_loopback() && !ip.is_unspecified())
}

/// Source: `resolv.conf(5)`. Of several `search` and `domain` lines the last one counts.
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
    /// `--dns`, `--dns-search` and `--dns-option` each replace what the machine says; `--dns-search .` leaves nothing.
    fn follow(&mut self, host: &HostConfig) {
        let replace = |list: &mut Vec<String>, asked: &[String]| {
            if !asked.is_empty() {
                *list = asked.to_vec();
            }
        };
        replace(&mut self.servers, &host.dns);
        replace(&mut self.search, &host.dns_search);
        replace(&mut self.options, &host.dns_options);
        if self.search == ["."] {
            self.search.clear();
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

    fn check(machine: &str, asked: &[(&str, &[&str])], expected: &str) {
        let list = |name: &str| -> Vec<String> {
            let found = asked.iter().find(|(key, _)| *key == name);
            found.map_or_else(Vec::new, |(_, list)| {
                list.iter().map(|word| (*word).to_owned()).collect()
            })
        };
        let host = HostConfig {
            dns: list("dns"),
            dns_search: list("search"),
            dns_options: list("options"),
            ..HostConfig::default()
        };
        let mut resolver = parse(machine);
        resolver.follow(&host);
        assert_eq!(resolver.text(), expected, "{machine:?} {asked:?}");
    }

    #[test]
    fn what_is_asked_for_replaces_what_the_machine_says() {
        let machine =
            "# made by hand\nnameserver 192.0.2.53\nsearch a.test b.test\noptions ndots:2 edns0\n";
        check(machine, &[], &machine[15..]);
        check(
            machine,
            &[("dns", &["9.9.9.9", "8.8.8.8"])],
            "nameserver 9.9.9.9\nnameserver 8.8.8.8\nsearch a.test b.test\noptions ndots:2 edns0\n",
        );
        check(
            machine,
            &[("search", &["."]), ("options", &["ndots:1"])],
            "nameserver 192.0.2.53\noptions ndots:1\n",
        );
        check("domain x\nsearch y\n;c\nnameserver\n", &[], "search y\n");
    }

    #[test]
    fn a_name_server_that_only_the_machine_reaches_is_none() {
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
