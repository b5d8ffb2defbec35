//! Ports as `docker ps` and `docker port` show them.

use engine::store::containers::PortBinding;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The addresses that a binding listens on: all of IPv4 and of IPv6 by default.
pub(crate) fn host_ips(host_ip: &str) -> Vec<&str> {
    match host_ip {
        "" => vec!["0.0.0.0", "::"],
        ip => vec![ip],
    }
}

/// An address and a port: `0.0.0.0:80`, `[::]:80`.
pub(crate) fn host_and_port(ip: &str, port: impl std::fmt::Display) -> String {
    match ip.contains(':') {
        true => format!("[{ip}]:{port}"),
        false => format!("{ip}:{port}"),
    }
}

/// One entry of the PORTS column of `ps`. Sorted as in Docker: by container port, address, host port, protocol.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Port {
    private: u16,
    ip: Option<IpAddr>,
    public: u16,
    protocol: String,
}

/// The PORTS column: `bound` are the bound ports, `exposed` those that the image or `--expose` names (`80/tcp`).
/// Consecutive ports are joined to ranges: `0.0.0.0:80-81->80-81/tcp`.
pub(crate) fn column(bound: &[PortBinding], exposed: &BTreeSet<String>) -> String {
    let mut ports: Vec<Port> = Vec::new();
    for binding in bound {
        for ip in host_ips(&binding.host_ip) {
            ports.push(Port {
                private: binding.container_port,
                ip: ip.parse().ok(),
                public: binding.host_port,
                protocol: binding.protocol.clone(),
            });
        }
    }
    for port in exposed {
        let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
        let is_bound =
            |b: &PortBinding| b.container_port.to_string() == number && b.protocol == protocol;
        if let Ok(private) = number.parse()
            && !bound.iter().any(is_bound)
        {
            ports.push(Port {
                private,
                ip: None,
                public: 0,
                protocol: protocol.to_owned(),
            });
        }
    }
    ports.sort();
    joined(&ports)
}

/// A run of consecutive ports with the same address and protocol.
struct Group<'a> {
    ip: Option<IpAddr>,
    protocol: &'a str,
    first: u16,
    last: u16,
}

impl Group<'_> {
    fn text(&self) -> String {
        let range = match self.first == self.last {
            true => self.first.to_string(),
            false => format!("{}-{}", self.first, self.last),
        };
        let protocol = self.protocol;
        match self.ip {
            Some(ip) => format!(
                "{}->{range}/{protocol}",
                host_and_port(&ip.to_string(), &range)
            ),
            None => format!("{range}/{protocol}"),
        }
    }
}

/// Docker's order: interrupted runs, the other runs, then those whose host port differs.
fn joined(ports: &[Port]) -> String {
    let (mut done, mut groups, mut mapped) = (Vec::new(), Vec::<Group<'_>>::new(), Vec::new());
    for port in ports {
        let Port {
            private,
            ip,
            public,
            protocol,
        } = port;
        if let Some(ip) = ip
            && public != private
        {
            mapped.push(format!(
                "{}->{private}/{protocol}",
                host_and_port(&ip.to_string(), public)
            ));
            continue;
        }
        let fresh = Group {
            ip: *ip,
            protocol,
            first: *private,
            last: *private,
        };
        match groups
            .iter_mut()
            .find(|group| group.ip == *ip && group.protocol == protocol)
        {
            None => groups.push(fresh),
            Some(group) if Some(*private) == group.last.checked_add(1) => group.last = *private,
            Some(group) => {
                done.push(group.text());
                *group = fresh;
            }
        }
    }
    done.extend(groups.iter().map(Group::text));
    done.extend(mapped);
    done.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(ip: &str, host: u16, container: u16, protocol: &str) -> PortBinding {
        PortBinding {
            container_port: container,
            protocol: protocol.to_owned(),
            host_ip: ip.to_owned(),
            host_port: host,
            host_port_last: 0,
        }
    }

    #[track_caller]
    fn check(bound: &[PortBinding], exposed: &[&str], expected: &str) {
        let exposed = exposed.iter().map(|&port| port.to_owned()).collect();
        assert_eq!(column(bound, &exposed), expected);
    }

    #[test]
    fn published_ports_show_both_families() {
        check(
            &[binding("", 18081, 80, "tcp")],
            &[],
            "0.0.0.0:18081->80/tcp, [::]:18081->80/tcp",
        );
        check(
            &[binding("127.0.0.1", 80, 80, "tcp")],
            &[],
            "127.0.0.1:80->80/tcp",
        );
        check(
            &[binding("::1", 8080, 80, "udp")],
            &[],
            "[::1]:8080->80/udp",
        );
    }

    #[test]
    fn exposed_ports_are_shown_unless_they_are_published() {
        check(
            &[],
            &["80/tcp", "443/tcp", "53/udp"],
            "80/tcp, 53/udp, 443/tcp",
        );
        check(
            &[binding("127.0.0.1", 80, 80, "tcp")],
            &["80/tcp"],
            "127.0.0.1:80->80/tcp",
        );
        check(&[], &[], "");
    }

    #[test]
    fn neighbours_are_joined() {
        let ports: Vec<_> = (8000..8003)
            .map(|p| binding("127.0.0.1", p, p, "tcp"))
            .collect();
        check(&ports, &[], "127.0.0.1:8000-8002->8000-8002/tcp");
        check(&[], &["80/tcp", "81/tcp", "90/tcp"], "80-81/tcp, 90/tcp");
        check(&[], &["65535/tcp", "1/tcp"], "1/tcp, 65535/tcp");
    }
}
