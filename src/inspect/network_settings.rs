//! `NetworkSettings`: the ports as they are bound, and the networks.

use super::host_config::{network_name, push_binding};
use crate::render::ports::host_ips;
use crate::render::value::{Map, Missing, Struct, Value};
use engine::runtime::spec::Container;
use engine::store::containers::NetworkMode;

/// The network settings of `container`.
///
/// Our networks have no bridge: the container has a namespace of its own with loopback and published ports, so
/// there are no endpoints and addresses to show, and `SandboxKey` names the namespace of a running container.
pub(super) fn network_settings(container: &Container) -> Struct {
    let key = match container.status.is_alive() {
        true => format!("/proc/{}/ns/net", container.state.pid),
        false => String::new(),
    };
    let name = network_name(&container.config.host.network);
    let networks = Map::of(Missing::Nil, [(name, Value::from(endpoint()))]);
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
                .with("EndpointID", "")
                .with("Gateway", "")
                .with("GlobalIPv6Address", "")
                .with("GlobalIPv6PrefixLen", 0)
                .with("IPAddress", "")
                .with("IPPrefixLen", 0)
                .with("IPv6Gateway", "")
                .with("MacAddress", ""),
        )
        .with("Networks", networks)
}

/// The ports of a running container: exposed ones are null, published ones list where they are bound. Empty otherwise.
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

fn endpoint() -> Struct {
    Struct::new("network.EndpointSettings")
        .with("IPAMConfig", Value::Nil)
        .with("Links", Value::List(None))
        .with("Aliases", Value::List(None))
        .with("MacAddress", "")
        .with("DriverOpts", Map::nil())
        .with("GwPriority", 0)
        .with("NetworkID", "")
        .with("EndpointID", "")
        .with("Gateway", "")
        .with("IPAddress", "")
        .with("IPPrefixLen", 0)
        .with("IPv6Gateway", "")
        .with("GlobalIPv6Address", "")
        .with("GlobalIPv6PrefixLen", 0)
        .with("DNSNames", Value::List(None))
}
