//! `docker rm`: a container disappears in one step, and its files are unlinked afterwards.

use super::holder;
use super::observe;
use super::requests::{self, Request};
use super::spec::{RemoveOptions, Status};
use super::stop;
use crate::cgroup;
use crate::error::{Error, Result};
use crate::events::ObjectKind;
use crate::id::ContainerId;
use crate::site::Site;
use crate::store::containers::{ContainerConfig, MountSource, RecordedState};
use crate::store::{atomic, lock, records};
use crate::volume;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The pause between checks of a lock that is held briefly.
const PAUSE: Duration = Duration::from_millis(2);
/// How long to wait for another holder of the container's lock: a monitor that is ending, or a `cp`.
const PATIENCE: Duration = Duration::from_secs(60);
/// When to kill the monitor among them, with force.
const UNTIL_KILLED: Duration = Duration::from_secs(5);

/// Removes a container; see [`crate::Engine::remove`].
pub(crate) fn remove(site: &Site, name: &str, options: RemoveOptions) -> Result<()> {
    let id = observe::id_of(site, name)?;
    if options.force && observe::by_id(site, &id).is_err() {
        return remove_damaged(site, &id);
    }
    let id = observe::by_name(site, name)?.config.id;
    let place = site.sandbox.container(&id);
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        // A container with --rm may remove itself at any moment, which is the requested result.
        let Some(container) = observe::by_id(site, &id)? else {
            return Ok(());
        };
        if container.status.has_monitor() {
            if !options.force {
                return Err(refusal(name, container.status));
            }
            stop::end_with(site, &container, libc::SIGKILL, -1, false)?;
        }
        let taken = lock::try_folder(place.lock());
        match (taken, observe::by_id(site, &id)?) {
            (_, None) => return Ok(()),
            (Ok(Some(_lock)), Some(_)) => {
                let trash = discard(site, &container.config, options.volumes)?;
                return records::empty_trash(&site.sandbox, &trash, site.now());
            }
            // A monitor that hangs before its container runs, or after, keeps the lock although the container does not
            // run.
            (Ok(None), _) if options.force && begun.elapsed() > UNTIL_KILLED => {
                holder::kill(site, &id)?
            }
            // It may have been started again; or a monitor that was just killed needs a moment.
            (Ok(None), _) => std::thread::sleep(PAUSE),
            (Err(error), _) => return Err(error),
        }
    }
    Err(Error::internal(format!("container {id} does not end")))
}

/// Removes a container without reading its configuration: by its folder, its socket and its lock.
fn remove_damaged(site: &Site, id: &ContainerId) -> Result<()> {
    let place = site.sandbox.container(id);
    let begun = Instant::now();
    let mut asked = false;
    let request = Request::Stop {
        signal: libc::SIGKILL,
        timeout: -1,
        again: false,
        via: site.via.clone(),
    };
    while begun.elapsed() < PATIENCE {
        match lock::try_folder(place.lock()) {
            Ok(Some(_lock)) => {
                let name = records::name_of(&site.sandbox, id).unwrap_or_default();
                // What can still be read of its state record.
                let state = atomic::read_json::<RecordedState>(&place.state());
                let group = state.ok().flatten().and_then(|state| state.cgroup);
                let trash = records::discard(&site.sandbox, id, &name)?;
                cgroup::sweep(id.as_str(), group.as_deref());
                let event = site.event(ObjectKind::Container, "destroy", id.as_str());
                site.record(&event.with("name", name));
                return records::empty_trash(&site.sandbox, &trash, site.now());
            }
            Ok(None) if begun.elapsed() > UNTIL_KILLED => holder::kill(site, id)?,
            Ok(None) => {
                if !asked {
                    // The answer does not matter: the lock shows when it has ended.
                    let _ = requests::urge(site, id, &request);
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

/// Moves the container to the trash, and removes its anonymous volumes if requested. The caller holds its lock, and
/// passes the result to [`records::empty_trash`] once no client waits.
pub(super) fn discard(site: &Site, config: &ContainerConfig, volumes: bool) -> Result<PathBuf> {
    let trash = records::discard(&site.sandbox, &config.id, &config.name)?;
    cgroup::sweep(config.id.as_str(), None);
    site.record(&observe::event(site, config, "destroy"));
    if volumes {
        for mount in &config.host.mounts {
            if let MountSource::Volume {
                name,
                anonymous: true,
                ..
            } = &mount.source
                && volume::users(site, name)?.is_empty()
            {
                volume::discard(site, name)?;
            }
        }
    }
    Ok(trash)
}
