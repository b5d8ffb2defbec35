//! The running containers in all sandboxes of a home: each sandbox has its own names, but they share the machine and
//! its ports.

use super::requests;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::id::ContainerId;
use crate::paths::{Home, SandboxPaths};
use crate::store::atomic::read_json;
use crate::store::containers::{ContainerConfig, PortBinding, RecordedState};
use crate::store::{lock, records};
use std::fs;

/// A running container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The sandbox that it belongs to.
    pub sandbox: String,
    /// Its id.
    pub id: ContainerId,
    /// Its name; a prefix of its id if its record cannot be read.
    pub name: String,
    /// Its ports on the machine.
    pub ports: Vec<PortBinding>,
}

/// All running containers in all sandboxes of `home`, by sandbox and name. Unreadable ones are left out.
pub fn running(home: &Home) -> Vec<Located> {
    let sandboxes = fs::read_dir(home.sandboxes()).into_iter().flatten();
    let names = sandboxes.flatten().map(|entry| entry.file_name());
    let mut found: Vec<Located> = names
        .filter_map(|name| {
            let name = name.into_string().ok()?;
            let paths = home.sandbox(&name).ok()?;
            Some(running_in(&name, &paths))
        })
        .flatten()
        .collect();
    found.sort_by(|a, b| (&a.sandbox, &a.name).cmp(&(&b.sandbox, &b.name)));
    found
}

fn running_in(name: &str, sandbox: &SandboxPaths) -> Vec<Located> {
    let ids = records::list(sandbox).unwrap_or_default();
    let alive = ids.into_iter().filter_map(|id| {
        let place = sandbox.container(&id);
        let state: RecordedState = read_json(&place.state()).ok()??;
        // A `cp` into a stopped container also holds its lock.
        if !state.phase.claims_life() || !lock::is_held(place.lock()).ok()? {
            return None;
        }
        let config: Option<ContainerConfig> = read_json(&place.config()).ok().flatten();
        Some(Located {
            sandbox: name.to_owned(),
            name: config.map_or_else(|| id.short().to_owned(), |config| config.name),
            ports: state.ports,
            id,
        })
    });
    alive.collect()
}

impl Engine {
    /// Whether the monitor of a running container accepts requests.
    pub fn answers(&self, id: &ContainerId) -> bool {
        requests::is_taken(self, id)
    }
}

/// Adds to `error`, about a taken port, a hint that names the container of `home` with one of the `wanted` ports.
pub(super) fn with_holder(engine: &Engine, wanted: &[PortBinding], error: Error) -> Error {
    if error.kind() != ErrorKind::Conflict {
        return error;
    }
    let is_wanted = |has: &PortBinding| {
        wanted.iter().any(|port| {
            let last = port.host_port.max(port.host_port_last);
            port.protocol == has.protocol && (port.host_port..=last).contains(&has.host_port)
        })
    };
    let has = |other: &Located| other.ports.iter().any(is_wanted);
    let Some(other) = running(&engine.home).into_iter().find(has) else {
        return error;
    };
    let name = &other.name;
    if other.sandbox == engine.sandbox_name {
        return error.with_hint(format!(
            "container `{name}` has the port: docker stop {name}; or choose another port"
        ));
    }
    let sandbox = &other.sandbox;
    error.with_hint(format!(
        "container `{name}` in the sandbox `{sandbox}` has the port: DOCKLINGS_SANDBOX={sandbox} docker stop {name}; or choose another port"
    ))
}
