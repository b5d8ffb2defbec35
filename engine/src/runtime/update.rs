//! `docker update`: other limits, or another restart policy, for a container.
//!
//! **What Docker does.** It writes the new configuration, and the new limits into the control group of a running container.
//! **What we do.** The same; if the running monitor refuses, the configuration becomes what it was.

use super::requests::{self, Request, answered};
use super::spec::{Container, UpdateRequest};
use crate::cgroup;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::events::Action;
use crate::id::ContainerId;
use crate::store::containers::{HostConfig, RestartPolicy};
use crate::store::{lock, records};

impl Engine {
    /// Changes limits or the restart policy.
    pub fn update(&self, name: &str, request: &UpdateRequest) -> Result<()> {
        let mut container = self.container(name)?;
        let host = &mut container.config.host;
        let before = host.clone();
        change_limits(host, request)
            .and_then(|()| cgroup::validate(host))
            .map_err(|error| cannot_update(&container.config.id, &error))?;
        if let Some(policy) = &request.restart {
            if host.auto_remove && *policy != RestartPolicy::No {
                return Err(Error::conflict(
                    "Restart policy cannot be updated because AutoRemove is enabled for the container",
                ));
            }
            host.restart = policy.clone();
        }
        records::write_config(&self.sandbox, &container.config)?;
        if let Err(error) = tell(self, &container) {
            container.config.host = before;
            records::write_config(&self.sandbox, &container.config)?;
            return Err(error);
        }
        self.record(&self.event_of(&container.config, Action::Update));
        Ok(())
    }
}

/// A running monitor reads the changed configuration.
pub(super) fn tell(engine: &Engine, container: &Container) -> Result<()> {
    let place = engine.sandbox.container(&container.config.id);
    if !lock::is_held(place.lock())? {
        return Ok(());
    }
    let told = requests::send(engine, &container.config.id, &Request::Reload)
        .and_then(|stream| answered(engine, container, &stream));
    match told {
        // It has just ended: its next monitor reads what is on record.
        Err(_) if !lock::is_held(place.lock())? => Ok(()),
        other => other,
    }
}

/// Docker reads a 0 as what was not said. Source: moby `container/container_unix.go`, `UpdateContainer`.
fn change_limits(host: &mut HostConfig, request: &UpdateRequest) -> Result<()> {
    fn set<T: Clone + Default + PartialEq>(field: &mut T, asked: Option<&T>) {
        if let Some(value) = asked.filter(|value| **value != T::default()) {
            field.clone_from(value);
        }
    }
    if let Some(memory) = request.memory.filter(|memory| *memory > 0) {
        let with_swap = match host.memory_swap {
            0 => host.memory.saturating_mul(2),
            swap => u64::try_from(swap).unwrap_or(u64::MAX),
        };
        if memory > with_swap && request.memory_swap.unwrap_or(0) == 0 {
            return Err(Error::conflict(
                "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time",
            )
            .with_hint(format!("docker update --memory {memory} --memory-swap {} …", memory * 2)));
        }
        // What was twice the old limit stays what it was, as in Docker.
        if host.memory_swap == 0 {
            host.memory_swap = i64::try_from(with_swap).unwrap_or(i64::MAX);
        }
        host.memory = memory;
    }
    set(&mut host.memory_swap, request.memory_swap.as_ref());
    set(
        &mut host.memory_reservation,
        request.memory_reservation.as_ref(),
    );
    set(&mut host.nano_cpus, request.nano_cpus.as_ref());
    set(&mut host.cpu_shares, request.cpu_shares.as_ref());
    set(&mut host.cpuset_cpus, request.cpuset_cpus.as_ref());
    set(&mut host.pids_limit, request.pids_limit.as_ref());
    Ok(())
}

fn cannot_update(id: &ContainerId, error: &Error) -> Error {
    let wrapped = Error::new(
        error.kind(),
        format!("Cannot update container {id}: {}", error.message()),
    );
    match error.hint() {
        Some(hint) => wrapped.with_hint(hint),
        None => wrapped,
    }
}
