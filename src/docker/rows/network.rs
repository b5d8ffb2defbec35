//! `docker network ls`.

use super::View;
use crate::docker::inspect::Network;
use crate::docker::listing::Columns;
use crate::docker::value::{Struct, Value};
use std::collections::BTreeMap;

/// The columns of `docker network ls`.
pub const COLUMNS: Columns = Columns {
    headers: &[
        ("ID", "NETWORK ID"),
        ("Name", "NAME"),
        ("Driver", "DRIVER"),
        ("Scope", "SCOPE"),
        ("IPv4", "IPV4"),
        ("IPv6", "IPV6"),
        ("Internal", "INTERNAL"),
        ("Labels", "LABELS"),
        ("CreatedAt", "CREATED AT"),
    ],
    table: "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
    quiet: "{{.ID}}",
    raw: Some("network_id: {{.ID}}\nname: {{.Name}}\ndriver: {{.Driver}}\nscope: {{.Scope}}\n"),
};

/// One row.
pub fn row(network: &Network, view: &View) -> Value {
    Struct::row("*formatter.networkContext")
        .with("CreatedAt", "0001-01-01 00:00:00 +0000 UTC")
        .with("Driver", network.driver)
        .with("ID", view.id(&network.id()))
        .with("IPv4", (network.name == "bridge").to_string())
        .with("IPv6", "false")
        .with("Internal", "false")
        .with("Label", Value::Lookup(BTreeMap::new()))
        .with("Labels", "")
        .with("Name", network.name)
        .with("Scope", "local")
        .into()
}
