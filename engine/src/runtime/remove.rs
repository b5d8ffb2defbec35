//! `docker rm`: a container ceases to exist in one step, and its files are unlinked afterwards.

use super::observe;
use super::requests::{self, Request};
use super::spec::{RemoveOptions, Status};
use crate::cgroup;
use crate::error::{Error, Result};
use crate::events::ObjectKind;
use crate::site::Site;
use crate::store::containers::{ContainerConfig, MountSource};
use crate::store::tree::remove_tree;
use crate::store::{lock, records};
use crate::volume;
use std::path::PathBuf;
use std::time::Duration;

/// Removes a container; see [`crate::Engine::remove`].
pub(crate) fn remove(site: &Site, name: &str, options: RemoveOptions) -> Result<()> {
    let container = observe::by_name(site, name)?;
    let id = container.config.id.clone();
    match container.status {
        Status::Running | Status::Paused | Status::Restarting if !options.force => {
            return Err(refusal(name, container.status));
        }
        Status::Running | Status::Paused | Status::Restarting => kill(site, &container)?,
        Status::Created | Status::Exited | Status::Dead => {}
    }
    let place = site.sandbox.container(&id);
    // Somebody may have started it since; and the monitor that was just killed needs a moment.
    for attempt in 0..400 {
        let taken = lock::try_folder(place.lock());
        // With --rm its monitor may have been faster.
        if observe::by_id(site, &id)?.is_none() {
            return Ok(());
        }
        match taken? {
            Some(_lock) => {
                let trash = discard(site, &container.config, options.volumes)?;
                return records::empty_trash(&site.sandbox, &trash, site.now());
            }
            None if !options.force && attempt > 10 => return Err(refusal(name, Status::Running)),
            None => std::thread::sleep(Duration::from_millis(5)),
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

/// Kills the init and waits for the monitor's word. A monitor that does not answer is found dead afterwards.
fn kill(site: &Site, container: &super::spec::Container) -> Result<()> {
    let request = Request::Stop {
        signal: libc::SIGKILL,
        timeout: -1,
        via: site.via.clone(),
    };
    match requests::send(site, &container.config.id, &request) {
        Ok(stream) => requests::expect_exit(&stream).map(drop),
        Err(error) if error.kind() == crate::ErrorKind::Conflict => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes the container not exist, with its anonymous volumes if asked. The caller holds its lock, and has what is returned
/// unlinked by [`records::empty_trash`] when nobody waits for it any more.
pub(super) fn discard(site: &Site, config: &ContainerConfig, volumes: bool) -> Result<PathBuf> {
    let trash = records::discard(&site.sandbox, &config.id, &config.name)?;
    let _ = remove_tree(site.sandbox.container(&config.id).runtime());
    cgroup::sweep(config.id.as_str());
    site.record(
        &site
            .event(ObjectKind::Container, "destroy", config.id.as_str())
            .with("name", config.name.as_str())
            .with("image", config.image_reference.as_str()),
    )?;
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
