//! A container in one line: what `docker ps` says of its state, its ports and its command.

use crate::render::human;
use engine::runtime::spec::{Container, Status};
use engine::store::containers::{MountSource, NetworkMode, PortBinding};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// `Up 5 seconds (healthy)`, `Exited (0) 3 seconds ago`, `Created`, …
pub(crate) fn status(container: &Container, now: Timestamp) -> String {
    let state = &container.state;
    let since = |moment: Option<Timestamp>| human::span(elapsed(moment.unwrap_or(now), now));
    match container.status {
        Status::Created => "Created".to_owned(),
        Status::Dead => "Dead".to_owned(),
        Status::Exited => format!(
            "Exited ({}) {} ago",
            state.exit_code,
            since(state.finished_at)
        ),
        Status::Restarting => {
            format!(
                "Restarting ({}) {} ago",
                state.exit_code,
                since(state.finished_at)
            )
        }
        Status::Paused => format!("Up {} (Paused)", since(state.started_at)),
        Status::Running => {
            let up = format!("Up {}", since(state.started_at));
            match state.health.as_ref().map(|health| health.status.as_str()) {
                None | Some("" | "none") => up,
                Some("starting") => format!("{up} (health: starting)"),
                Some(word) => format!("{up} ({word})"),
            }
        }
    }
}

/// The time between two moments; none if the clock was set back.
pub(crate) fn elapsed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// Path and arguments; those that hold a blank are in quotes, as the daemon does it.
pub(crate) fn command(container: &Container) -> String {
    let quoted = |word: &String| match word.contains(' ') {
        true => format!("'{word}'"),
        false => word.clone(),
    };
    let mut words = container.config.process.argv().into_iter();
    let path = words.next().unwrap_or_default();
    let words: Vec<String> = std::iter::once(path)
        .chain(words.map(|word| quoted(&word)))
        .collect();
    words.join(" ")
}

/// The networks by name.
pub(crate) fn network(mode: &NetworkMode) -> &'static str {
    match mode {
        NetworkMode::Bridge => "bridge",
        NetworkMode::None => "none",
        NetworkMode::Host => "host",
    }
}

/// What is mounted: the names of volumes, the paths of folders.
pub(crate) fn mounts(container: &Container) -> Vec<String> {
    let mounts = container.config.host.mounts.iter();
    mounts
        .filter_map(|mount| match &mount.source {
            MountSource::Bind { path, .. } => Some(path.display().to_string()),
            MountSource::Volume { name, .. } => Some(name.as_str().to_owned()),
            MountSource::Tmpfs { .. } => None,
        })
        .collect()
}

/// One address of the machine that leads to a port of the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Published {
    container_port: u16,
    address: Option<IpAddr>,
    host_port: u16,
}

/// The addresses that `binding` listens on: those of both families, if none was asked for.
pub(crate) fn addresses(binding: &PortBinding) -> Vec<IpAddr> {
    match binding.host_ip.parse() {
        Ok(address) => vec![address],
        Err(_) => vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()],
    }
}

/// `[::]:8080` or `0.0.0.0:8080`.
pub(crate) fn host_port(address: IpAddr, port: &str) -> String {
    match address {
        IpAddr::V4(address) => format!("{address}:{port}"),
        IpAddr::V6(address) => format!("[{address}]:{port}"),
    }
}

/// The `PORTS` column: published and exposed ports of a running container, neighbours joined.
pub(crate) fn ports(container: &Container) -> String {
    if !container.status.is_alive() {
        return String::new();
    }
    let mut by_protocol: BTreeMap<&str, Vec<Published>> = BTreeMap::new();
    let mut all: Vec<(Published, &str)> = Vec::new();
    for binding in &container.state.ports {
        for address in addresses(binding) {
            let published = Published {
                container_port: binding.container_port,
                address: Some(address),
                host_port: binding.host_port,
            };
            all.push((published, &binding.protocol));
            by_protocol
                .entry(&binding.protocol)
                .or_default()
                .push(published);
        }
    }
    for exposed in &container.config.exposed_ports {
        let (port, protocol) = exposed.split_once('/').unwrap_or((exposed, "tcp"));
        let Ok(container_port) = port.parse() else {
            continue;
        };
        let is_published = by_protocol
            .get(protocol)
            .is_some_and(|ports| ports.iter().any(|p| p.container_port == container_port));
        if !is_published {
            let plain = Published {
                container_port,
                address: None,
                host_port: 0,
            };
            all.push((plain, protocol));
        }
    }
    all.sort();
    joined(&all)
}

/// Ports that follow each other under the same address are told as a range, unless the host's number differs.
fn joined(ports: &[(Published, &str)]) -> String {
    let mut told = Vec::new();
    let mut renamed = Vec::new();
    let mut groups: Vec<(Option<IpAddr>, &str, u16, u16)> = Vec::new();
    for (port, protocol) in ports {
        let current = port.container_port;
        if let Some(address) = port.address
            && port.host_port != current
        {
            let from = host_port(address, &port.host_port.to_string());
            renamed.push(format!("{from}->{current}/{protocol}"));
            continue;
        }
        let known = groups
            .iter_mut()
            .find(|(address, of, _, _)| *address == port.address && of == protocol);
        match known {
            Some((.., last)) if *last + 1 == current => *last = current,
            Some(group) => {
                told.push(group_text(group));
                *group = (port.address, protocol, current, current);
            }
            None => groups.push((port.address, protocol, current, current)),
        }
    }
    told.extend(groups.iter().map(group_text));
    told.extend(renamed);
    told.join(", ")
}

fn group_text((address, protocol, first, last): &(Option<IpAddr>, &str, u16, u16)) -> String {
    let range = match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    match address {
        Some(address) => format!("{}->{range}/{protocol}", host_port(*address, &range)),
        None => format!("{range}/{protocol}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ports: &[(&str, u16, u16, &'static str)], want: &str) {
        let mut all: Vec<_> = ports
            .iter()
            .map(|(address, host_port, container_port, protocol)| {
                let published = Published {
                    container_port: *container_port,
                    address: address.parse().ok(),
                    host_port: *host_port,
                };
                (published, *protocol)
            })
            .collect();
        all.sort();
        assert_eq!(joined(&all), want);
    }

    #[test]
    fn ports_are_joined_where_they_follow_each_other() {
        check(&[], "");
        check(&[("", 0, 80, "tcp")], "80/tcp");
        check(
            &[("", 0, 80, "tcp"), ("", 0, 81, "tcp"), ("", 0, 90, "tcp")],
            "80-81/tcp, 90/tcp",
        );
        check(
            &[
                ("0.0.0.0", 80, 80, "tcp"),
                ("::", 80, 80, "tcp"),
                ("0.0.0.0", 81, 81, "tcp"),
            ],
            "0.0.0.0:80-81->80-81/tcp, [::]:80->80/tcp",
        );
        check(
            &[
                ("0.0.0.0", 18081, 80, "tcp"),
                ("::", 18081, 80, "tcp"),
                ("", 0, 53, "udp"),
            ],
            "53/udp, 0.0.0.0:18081->80/tcp, [::]:18081->80/tcp",
        );
    }
}
