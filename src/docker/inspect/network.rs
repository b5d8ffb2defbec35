//! `docker network inspect`: Docker's three networks.
//!
//! Here `bridge` is not a bridge on the machine: each container has a separate network that looks like one.

use super::network_settings::{Shown, network_id};
use crate::docker::value::{Map, Missing, Struct, Value};
use engine::network::outbound::{GATEWAY, PREFIX};
use engine::runtime::spec::Container;
use engine::store::containers::NetworkMode;

/// One of the networks.
#[derive(Debug)]
pub(crate) struct Network {
    /// Its name.
    pub(crate) name: &'static str,
    /// Docker's word for its kind.
    pub(crate) driver: &'static str,
    mode: NetworkMode,
}

/// All networks, by name.
pub(crate) static NETWORKS: [Network; 3] = [
    Network {
        name: "bridge",
        driver: "bridge",
        mode: NetworkMode::Bridge,
    },
    Network {
        name: "host",
        driver: "host",
        mode: NetworkMode::Host,
    },
    Network {
        name: "none",
        driver: "null",
        mode: NetworkMode::None,
    },
];

impl Network {
    /// Its id.
    pub(crate) fn id(&self) -> String {
        network_id(self.name)
    }

    /// The network with this name, or with an id that begins with it.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        let by_name = NETWORKS.iter().find(|network| network.name == name);
        by_name.or_else(|| {
            let starts = |network: &&Self| !name.is_empty() && network.id().starts_with(name);
            NETWORKS.iter().find(starts)
        })
    }
}

/// The network as Docker shows it, with the running containers among `containers`.
pub(crate) fn network(network: &Network, containers: &[Container]) -> Value {
    let is_bridge = network.mode == NetworkMode::Bridge;
    let ranges = is_bridge.then(|| {
        Struct::new("network.IPAMConfig")
            .with("Subnet", format!("{}/{PREFIX}", SUBNET))
            .with("Gateway", GATEWAY.to_string())
    });
    let users = containers.iter().filter(|container| {
        container.status.is_alive() && container.config.host.network == network.mode
    });
    let users = users.map(|container| {
        let user = user(container);
        (container.config.id.as_str().to_owned(), Value::from(user))
    });
    Struct::new("network.Inspect")
        .with("Name", network.name)
        .with("Id", network.id())
        .with("Created", "0001-01-01T00:00:00Z")
        .with("Scope", "local")
        .with("Driver", network.driver)
        .with("EnableIPv4", true)
        .with("EnableIPv6", false)
        .with(
            "IPAM",
            Struct::new("network.IPAM")
                .with("Driver", "default")
                .with("Options", Map::nil())
                .with("Config", Value::list(ranges)),
        )
        .with("Internal", false)
        .with("Attachable", false)
        .with("Ingress", false)
        .with(
            "ConfigFrom",
            Struct::new("network.ConfigReference").with("Network", ""),
        )
        .with("ConfigOnly", false)
        .with("Containers", Map::of(Missing::Nil, users))
        .with("Options", Map::of_texts::<String, String>([]))
        .with("Labels", Map::of_texts::<String, String>([]))
        .into()
}

const SUBNET: &str = "172.17.0.0";

fn user(container: &Container) -> Struct {
    let shown = Shown::of(container);
    let address = match shown.ip.is_empty() {
        true => String::new(),
        false => format!("{}/{}", shown.ip, shown.prefix),
    };
    Struct::new("network.EndpointResource")
        .with("Name", container.config.name.as_str())
        .with("EndpointID", &shown.endpoint)
        .with("MacAddress", &shown.mac)
        .with("IPv4Address", address)
        .with("IPv6Address", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_found_by_name_and_by_the_start_of_its_id() {
        let id = network_id("none");
        assert_eq!(Network::find("none").unwrap().driver, "null");
        assert_eq!(Network::find(&id[..12]).unwrap().name, "none");
        assert!(Network::find("").is_none() && Network::find("nope").is_none());
    }
}
