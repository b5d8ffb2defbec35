//! Observes the current state of a container.
//!
//! A container runs if its monitor holds its lock. A record that says "running" while the lock is free means that the
//! monitor was killed or the machine rebooted: the next command that observes this corrects the record.

use super::resume;
use super::spec::{Container, Status};
use crate::cgroup::{self, Cgroup};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::events::{Action, Event, ObjectKind};
use crate::id::ContainerId;
use crate::store::containers::{ContainerConfig, MountSource, Phase, RecordedState};
use crate::store::{lock, records};
use crate::sys::process;
use crate::volume;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

/// The exit code of a container whose end was not observed; Docker's, after its daemon was killed.
pub const UNKNOWN_EXIT: i32 = 255;

impl Engine {
    /// An event of a container, with the attributes that Docker gives every such event: its labels, name and image.
    pub(crate) fn event_of(&self, config: &ContainerConfig, action: Action) -> Event {
        let event = self.event(ObjectKind::Container, action, config.id.as_str());
        let labels = config.labels.iter();
        labels
            .fold(event, |event, (key, value)| event.with(key, value.as_str()))
            .with("name", config.name.as_str())
            .with("image", config.image_reference.as_str())
    }

    /// All containers, newest first.
    pub fn containers(&self) -> Result<Vec<Container>> {
        let mut containers = Vec::new();
        for id in records::list(&self.sandbox)? {
            // A container removed in the meantime is skipped.
            let what = format!("container {}", id.short());
            containers.extend(self.or_leave_out(&what, by_id(self, &id)));
        }
        containers.sort_by_key(|container| std::cmp::Reverse(container.config.created));
        Ok(containers)
    }
}

/// The id that `name` means; the container may be damaged.
pub(crate) fn id_of(engine: &Engine, name: &str) -> Result<ContainerId> {
    if name.trim().is_empty() {
        return Err(Error::local("invalid container name or ID: value is empty"));
    }
    records::find(&engine.sandbox, name)
}

impl Engine {
    /// The container that `name` means. Error: `No such container: name`.
    pub fn container(&self, name: &str) -> Result<Container> {
        let id = id_of(self, name)?;
        let found = by_id(self, &id).map_err(|error| {
            Error::internal(format!("container {} cannot be used", id.short()))
                .with_source(error)
                .with_hint(format!("docker rm -f {name} removes it"))
        })?;
        found.ok_or_else(|| Error::not_found(format!("No such container: {name}")))
    }
}

/// The container `id`; `None` if it no longer exists.
pub(crate) fn by_id(engine: &Engine, id: &ContainerId) -> Result<Option<Container>> {
    let Some((config, state)) = records::read(&engine.sandbox, id)? else {
        return Ok(None);
    };
    if !state.phase.claims_life() {
        let status = settled(&state);
        return Ok(Some(Container {
            config,
            state,
            status,
        }));
    }
    if lock::is_held(engine.sandbox.container(id).lock())? {
        let status = match state.phase {
            Phase::Paused => Status::Paused,
            Phase::Restarting => Status::Restarting,
            _ => Status::Running,
        };
        return Ok(Some(Container {
            config,
            state,
            status,
        }));
    }
    // It may have ended between the two checks; then the record is correct by now.
    let Some((config, state)) = records::read(&engine.sandbox, id)? else {
        return Ok(None);
    };
    let state = if state.phase.claims_life() {
        match record_lost_end(engine, &config, state)? {
            Some(state) => state,
            None => return Ok(None),
        }
    } else {
        state
    };
    let status = settled(&state);
    Ok(Some(Container {
        config,
        state,
        status,
    }))
}

fn settled(state: &RecordedState) -> Status {
    if state.phase == Phase::Created {
        Status::Created
    } else {
        Status::Exited
    }
}

/// Records the end of a container whose monitor died without doing so, and ends its remaining processes. `None` if this
/// also removes it.
fn record_lost_end(
    engine: &Engine,
    config: &ContainerConfig,
    mut state: RecordedState,
) -> Result<Option<RecordedState>> {
    let Some(_lock) = lock::try_folder(engine.sandbox.container(&config.id).lock())? else {
        return Ok(Some(state));
    };
    kill_leftover(config, &state);
    cgroup::sweep(config.id.as_str(), state.cgroup.take().as_deref());
    state.phase = Phase::Exited;
    state.exit_code = UNKNOWN_EXIT;
    state.finished_at = Some(engine.now());
    state.error = "the monitor was killed, or the machine restarted".to_owned();
    state.cut_off = true;
    state.pid = 0;
    state.health = None;
    state.ports.clear();
    // If the disk is full or read-only, this fails and the next command tries again.
    if records::write_state(&engine.sandbox, &config.id, &state).is_ok() {
        let mut event = engine.event_of(config, Action::Die);
        event.via = "monitor".to_owned();
        engine.record(&event.with("exitCode", UNKNOWN_EXIT.to_string()));
    }
    if config.host.auto_remove {
        let gone = discard(engine, config, true)
            .and_then(|trash| records::empty_trash(&engine.sandbox, &trash, engine.now()));
        if gone.is_ok() {
            return Ok(None);
        }
    }
    resume::is_due(&engine.sandbox);
    Ok(Some(state))
}

/// Moves the container to the trash, and removes its anonymous volumes if requested. The caller holds its lock, and
/// passes the result to [`records::empty_trash`] once no client waits.
pub(super) fn discard(engine: &Engine, config: &ContainerConfig, volumes: bool) -> Result<PathBuf> {
    let trash = records::discard(&engine.sandbox, &config.id, &config.name)?;
    cgroup::sweep(config.id.as_str(), None);
    engine.record(&engine.event_of(config, Action::Destroy));
    if volumes {
        for mount in &config.host.mounts {
            if let MountSource::Volume {
                name,
                anonymous: true,
                ..
            } = &mount.source
                && engine.volume_users(name)?.is_empty()
            {
                volume::discard(engine, name)?;
            }
        }
    }
    Ok(trash)
}

/// Seconds that the kernel may take to end a container's processes.
const LONGEST_DEATH: i64 = 30;

/// The init requests to be killed with its monitor; this handles a monitor killed before that request.
fn kill_leftover(config: &ContainerConfig, state: &RecordedState) {
    if let Some(init) = init(state) {
        let _ = process::send_signal(init.as_fd(), libc::SIGKILL);
        if state.phase == Phase::Paused {
            // With cgroup version 1, not even SIGKILL ends a frozen process.
            let freezer = Cgroup::create_freezer(config.id.as_str(), Vec::new);
            let _ = freezer.and_then(|group| group.freeze(false));
        }
        // Its mounts end with it: otherwise the next start would mount the same folders a second time.
        let _ = process::ends_within(init.as_fd(), LONGEST_DEATH);
    }
}

/// The recorded first process of a container, if it still runs.
pub(super) fn init(state: &RecordedState) -> Option<OwnedFd> {
    let is_it = || process::start_time(state.pid) == Some(state.pid_start_time);
    if state.pid <= 0 || state.boot_id != process::boot_id() || !is_it() {
        return None;
    }
    let pidfd = process::pidfd_open(state.pid).ok()?;
    is_it().then_some(pidfd)
}

/// The container that `name` means, which must run. Docker's error: `container <id> is not running`.
pub(crate) fn running(engine: &Engine, name: &str) -> Result<Container> {
    let container = engine.container(name)?;
    match container.status {
        Status::Running | Status::Paused => Ok(container),
        Status::Restarting => Err(Error::conflict(format!(
            "Container {} is restarting, wait until the container is running",
            container.config.id
        ))),
        _ => Err(
            Error::conflict(format!("container {} is not running", container.config.id))
                .with_hint(format!("docker start {}", container.config.name)),
        ),
    }
}
