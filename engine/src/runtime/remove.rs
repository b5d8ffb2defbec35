//! `docker rm`: a container ceases to exist in one step, and its files are unlinked afterwards.

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

/// Between looks at a lock that somebody else holds for a moment.
const PAUSE: Duration = Duration::from_millis(2);
/// How long others who hold the lock of a container are waited for: a monitor that ends, or a `cp`.
const PATIENCE: Duration = Duration::from_secs(60);
/// After that a monitor of them is killed, if force is wanted.
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
        // One with --rm may remove itself at any moment, which is what was asked for.
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
            // A monitor that hangs before its container runs, or after, claims nothing, and keeps the lock all the same.
            (Ok(None), _) if options.force && begun.elapsed() > UNTIL_KILLED => {
                holder::kill(site, &id)?
            }
            // Somebody may have started it since; or a monitor that was just killed needs a moment.
            (Ok(None), _) => std::thread::sleep(PAUSE),
            (Err(error), _) => return Err(error),
        }
    }
    Err(Error::internal(format!("container {id} does not end")))
}

/// Removes a container without reading what it is: by its folder, its socket and its lock.
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
                // Of its record of states, what can still be read.
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
                    // It says when it has ended, or nothing; the lock tells.
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

/// Makes the container not exist, with its anonymous volumes if asked. The caller holds its lock, and has what is returned
/// unlinked by [`records::empty_trash`] when nobody waits for it any more.
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
