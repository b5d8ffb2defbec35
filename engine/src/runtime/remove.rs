//! `docker rm`: a container disappears in one step, and its files are unlinked afterwards.

use super::holder;
use super::observe;
use super::requests::{self, Request};
use super::spec::{RemoveOptions, Status};
use super::stop;
use crate::cgroup;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::events::{Action, ObjectKind};
use crate::id::ContainerId;
use crate::store::containers::RecordedState;
use crate::store::{atomic, lock, records};
use std::time::{Duration, Instant};

/// The pause between checks of a lock that is held briefly.
const PAUSE: Duration = Duration::from_millis(2);
/// How long to wait for another holder of the container's lock: a monitor that is ending, or a `cp`.
const PATIENCE: Duration = Duration::from_secs(60);
/// When to kill the monitor among them, with force.
const UNTIL_KILLED: Duration = Duration::from_secs(5);

impl Engine {
    /// Removes a container.
    pub fn remove(&self, name: &str, options: RemoveOptions) -> Result<()> {
        let id = observe::id_of(self, name)?;
        let place = self.sandbox.container(&id);
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            // A container with --rm may remove itself at any moment, which is the requested result.
            let container = match observe::by_id(self, &id) {
                Ok(Some(container)) => container,
                Ok(None) => return Ok(()),
                Err(_) if options.force => return remove_damaged(self, &id),
                Err(error) => return Err(error),
            };
            if container.status.has_monitor() {
                if !options.force {
                    return Err(refusal(&container.config.name, container.status));
                }
                stop::end_with(self, &container, libc::SIGKILL, -1, false)?;
            }
            let taken = lock::try_folder(place.lock());
            match (taken, observe::by_id(self, &id)?) {
                (_, None) => return Ok(()),
                (Ok(Some(_lock)), Some(_)) => {
                    let trash = observe::discard(self, &container.config, options.volumes)?;
                    return records::empty_trash(&self.sandbox, &trash, self.now());
                }
                // A monitor that hangs before its container runs, or after, keeps the lock although the container does not
                // run.
                (Ok(None), _) if options.force && begun.elapsed() > UNTIL_KILLED => {
                    holder::kill(self, &id)?
                }
                // It may have been started again; or a monitor that was just killed needs a moment.
                (Ok(None), _) => std::thread::sleep(PAUSE),
                (Err(error), _) => return Err(error),
            }
        }
        Err(Error::internal(format!("container {id} does not end")))
    }
}

/// Removes a container without reading its configuration: by its folder, its socket and its lock.
fn remove_damaged(engine: &Engine, id: &ContainerId) -> Result<()> {
    let place = engine.sandbox.container(id);
    let begun = Instant::now();
    let mut asked = false;
    let request = Request::Stop {
        signal: libc::SIGKILL,
        timeout: -1,
        again: false,
        via: engine.via.clone(),
    };
    while begun.elapsed() < PATIENCE {
        match lock::try_folder(place.lock()) {
            Ok(Some(_lock)) => {
                let name = records::name_of(&engine.sandbox, id).unwrap_or_default();
                // What can still be read of its state record.
                let state = atomic::read_json::<RecordedState>(&place.state());
                let group = state.ok().flatten().and_then(|state| state.cgroup);
                let trash = records::discard(&engine.sandbox, id, &name)?;
                cgroup::sweep(id.as_str(), group.as_deref());
                let event = engine.event(ObjectKind::Container, Action::Destroy, id.as_str());
                engine.record(&event.with("name", name));
                return records::empty_trash(&engine.sandbox, &trash, engine.now());
            }
            Ok(None) if begun.elapsed() > UNTIL_KILLED => holder::kill(engine, id)?,
            Ok(None) => {
                if !asked {
                    // The answer does not matter: the lock shows when it has ended.
                    let _ = requests::urge(engine, id, &request);
                }
                asked = true;
                std::thread::sleep(PAUSE);
            }
            Err(_) if !place.root().exists() => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Err(Error::internal(format!("container {id} does not end")))
}

fn refusal(name: &str, status: Status) -> Error {
    let (what, way) = match status {
        Status::Paused => (
            "container is paused and must be unpaused first",
            "docker unpause, then docker stop",
        ),
        Status::Restarting => (
            "container is restarting: stop the container before removing or force remove",
            "docker stop",
        ),
        _ => (
            "container is running: stop the container before removing or force remove",
            "docker stop",
        ),
    };
    Error::conflict(format!("cannot remove container \"/{name}\": {what}"))
        .with_hint(format!("{way} {name}, or docker rm -f {name}"))
}
