//! `NetworkSettings`: the bound ports, and the networks.

use super::host_config::{network_name, push_binding};
use crate::docker::ports::host_ips;
use crate::docker::value::{Map, Missing, Struct, Value};
use engine::network::outbound::{ADDRESS, PREFIX};
use engine::oci::digest::Digest;
use engine::runtime::spec::Container;
use engine::store::containers::NetworkMode;

/// The network settings of `container`.
///
/// There is no bridge on the machine: each container has a separate network, and its actual interface is shown. Without
/// egress there is no interface; then the address is that of published ports, and `DriverOpts` says why. `SandboxKey`
/// names the namespace.
pub(super) fn network_settings(container: &Container) -> Struct {
    let key = match container.status.is_alive() {
        true => format!("/proc/{}/ns/net", container.state.pid),
        false => String::new(),
    };
    let shown = Shown::of(container);
    let name = network_name(&container.config.host.network);
    let networks = Map::of(
        Missing::Nil,
        [(name, Value::from(endpoint(container, &shown)))],
    );
    Struct::new("container.NetworkSettings")
        .embedding(
            Struct::new("container.NetworkSettingsBase")
                .with("Bridge", "")
                .with("SandboxID", "")
                .with("SandboxKey", key)
                .with("Ports", ports(container))
                .with("HairpinMode", false)
                .with("LinkLocalIPv6Address", "")
                .with("LinkLocalIPv6PrefixLen", 0)
                .with("SecondaryIPAddresses", Value::List(None))
                .with("SecondaryIPv6Addresses", Value::List(None)),
        )
        .embedding(
            Struct::new("container.DefaultNetworkSettings")
                .with("EndpointID", &shown.endpoint)
                .with("Gateway", &shown.gateway)
                .with("GlobalIPv6Address", "")
                .with("GlobalIPv6PrefixLen", 0)
                .with("IPAddress", &shown.ip)
                .with("IPPrefixLen", i32::from(shown.prefix))
                .with("IPv6Gateway", "")
                .with("MacAddress", &shown.mac),
        )
        .with("Networks", networks)
}

/// The interface of a running container; empty if there is none.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) endpoint: String,
    pub(super) gateway: String,
    pub(super) ip: String,
    pub(super) prefix: u8,
    pub(super) mac: String,
    /// Its egress, or why it has none.
    pub(super) way: Option<String>,
}

impl Shown {
    pub(super) fn of(container: &Container) -> Self {
        let state = &container.state;
        match &state.endpoint {
            _ if !container.status.is_alive() => Self::default(),
            Some(endpoint) => Self {
                endpoint: identity(&["endpoint", container.config.id.as_str()]),
                gateway: endpoint.gateway.to_string(),
                ip: endpoint.ip.to_string(),
                prefix: endpoint.prefix,
                mac: endpoint.mac.clone(),
                way: Some(endpoint.way.clone()),
            },
            None => Self {
                way: Some(state.no_way_out.as_str())
                    .filter(|why| !why.is_empty())
                    .map(|why| format!("none: {why}")),
                ..Self::without_interface(&container.config.host.network)
            },
        }
    }
}

impl Shown {
    fn without_interface(network: &NetworkMode) -> Self {
        match network {
            NetworkMode::Bridge => Self {
                ip: ADDRESS.to_string(),
                prefix: PREFIX,
                ..Self::default()
            },
            NetworkMode::None | NetworkMode::Host => Self::default(),
        }
    }
}

/// The ports of a running container: exposed ones are null, published ones list their bindings. Empty otherwise.
fn ports(container: &Container) -> Map {
    let mut map = Map::of(Missing::List, std::iter::empty::<(String, Value)>());
    if !container.status.is_alive() || container.config.host.network == NetworkMode::Host {
        return map;
    }
    let entries = map.entries.get_or_insert_default();
    for port in &container.config.exposed_ports {
        entries.insert(port.clone(), Value::List(None));
    }
    for port in &container.state.ports {
        for ip in host_ips(&port.host_ip) {
            push_binding(&mut map, port, ip, &port.host_port.to_string());
        }
    }
    map
}

fn endpoint(container: &Container, shown: &Shown) -> Struct {
    let options = match &shown.way {
        Some(way) => Map::of_texts([("outbound", way)]),
        None => Map::nil(),
    };
    let network = match container.status.is_alive() {
        true => network_id(network_name(&container.config.host.network)),
        false => String::new(),
    };
    Struct::new("network.EndpointSettings")
        .with("IPAMConfig", Value::Nil)
        .with("Links", Value::List(None))
        .with("Aliases", Value::List(None))
        .with("MacAddress", &shown.mac)
        .with("DriverOpts", options)
        .with("GwPriority", 0)
        .with("NetworkID", network)
        .with("EndpointID", &shown.endpoint)
        .with("Gateway", &shown.gateway)
        .with("IPAddress", &shown.ip)
        .with("IPPrefixLen", i32::from(shown.prefix))
        .with("IPv6Gateway", "")
        .with("GlobalIPv6Address", "")
        .with("GlobalIPv6PrefixLen", 0)
        .with("DNSNames", Value::List(None))
}

/// The id of one of the three networks: constant, because they are never created.
pub(super) fn network_id(name: &str) -> String {
    identity(&["network", name])
}

fn identity(parts: &[&str]) -> String {
    Digest::of(parts.join(" ").as_bytes()).hex().to_owned()
}
