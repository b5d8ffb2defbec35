//! `docker commit`: a container's writable layer becomes the top layer of a new image.
//!
//! **What Docker does.** It packs the upper folder, and takes over the container's configuration. A container that
//! changed no file adds no layer. **What we do.** The same; the container keeps its folder, so the layer is a copy.
//! **Try it.** `docker commit box mine:1`, `docker history mine:1`.
//! Source: moby `daemon/commit.go`, `image.NewChildImage`.

use super::changes;
use crate::ErrorKind;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::events::{Action, ObjectKind};
use crate::image::record::NewImage;
use crate::image::tag::name_of;
use crate::image::{self, layer};
use crate::oci::config::{History, ImageConfig, RootFs, RunConfig, machine_architecture};
use crate::oci::digest::ImageId;
use crate::oci::reference::Reference;
use crate::paths::Home;
use crate::runtime::spec::Status;
use crate::store::blobs;
use crate::store::containers::{ContainerConfig, MountSource};
use serde_json::Map;
use serde_json::json;
use std::collections::BTreeMap;

/// `docker commit`.
#[derive(Debug, Clone, Default)]
pub struct CommitRequest {
    /// The new image's name, as written.
    pub reference: Option<String>,
    /// `--author`.
    pub author: String,
    /// `--message`.
    pub message: String,
    /// `--change`, in order.
    pub changes: Vec<String>,
    /// `--no-pause`: processes may write during the commit.
    pub no_pause: bool,
}

impl Engine {
    /// Makes an image of a container, which is frozen meanwhile if the machine supports it. Returns its id. The process
    /// must be single-threaded: an ordinary user gets a user namespace here.
    pub fn commit(&self, name: &str, request: CommitRequest) -> Result<ImageId> {
        let reference = name_of(&request.reference)?;
        let container = self.container(name)?;
        let config = run_config(&self.home, &container.config)?;
        let config = changes::apply(config, &request.changes)?;
        let _kept = self.begin_content()?;
        let freeze = !request.no_pause && container.status == Status::Running;
        let frozen = freeze && self.pause(name).is_ok();
        let new = image_of(self, &container.config, &request, reference.clone(), config);
        if frozen {
            // The container may have ended, or been removed, meanwhile.
            self.unpause(name).or_else(|error| match error.kind() {
                ErrorKind::Conflict | ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            })?;
        }
        let id = self.add_image(&new?)?.id;
        let image = reference.map(|name| name.or_latest().familiar());
        self.note(
            ObjectKind::Container,
            Action::Commit,
            container.config.id.as_str(),
            json!({
                "name": container.config.name,
                "image": container.config.image_reference,
                "imageID": id,
                "imageRef": image.unwrap_or_default(),
                "comment": request.message,
            }),
        );
        Ok(id)
    }
}

/// Publishes the layer of `container`, and returns the image, which the caller records. The caller holds
/// [`Engine::keep_content`].
fn image_of(
    engine: &Engine,
    container: &ContainerConfig,
    request: &CommitRequest,
    reference: Option<Reference>,
    config: RunConfig,
) -> Result<NewImage> {
    let home = &engine.home;
    let base = base(home, container)?;
    let upper = engine.sandbox.container(&container.id).upper();
    let layer = layer::copy(home, &container.layers, &upper).map_err(|error| {
        // Another process removed it meanwhile.
        match upper.exists() {
            true => error,
            false => Error::not_found(format!("No such container: {}", container.name)),
        }
    })?;
    let changed = layer.is_some();
    let mut rootfs = base.rootfs.clone();
    rootfs.diff_ids.extend(layer.map(|layer| layer.diff_id));
    let created = Some(engine.now().to_string());
    let mut history = base.history.clone();
    history.push(History {
        created: created.clone(),
        created_by: container.process.cmd.join(" "),
        author: request.author.clone(),
        comment: request.message.clone(),
        empty_layer: !changed,
    });
    let config = ImageConfig {
        created,
        author: request.author.clone(),
        comment: request.message.clone(),
        config,
        history,
        rootfs,
        ..base
    };
    Ok(NewImage {
        config: serde_json::to_vec(&config)
            .map_err(|error| Error::internal("cannot write a configuration").with_source(error))?,
        parent: Some(container.image.clone()).filter(|id| blobs::exists(home, id)),
        references: reference.into_iter().map(Reference::or_latest).collect(),
    })
}

/// The configuration of the container's image; if that image is gone, one with its layers only.
fn base(home: &Home, container: &ContainerConfig) -> Result<ImageConfig> {
    if blobs::exists(home, &container.image) {
        return image::config(home, &container.image);
    }
    let diff_ids = container
        .layers
        .iter()
        .map(|chain| Ok(crate::store::layers::read(home, chain)?.diff_id))
        .collect::<Result<_>>()?;
    Ok(ImageConfig {
        architecture: machine_architecture().to_owned(),
        os: "linux".to_owned(),
        rootfs: RootFs {
            diff_ids,
            ..RootFs::default()
        },
        ..ImageConfig::default()
    })
}

/// The runtime configuration of an image made of `container`: the container's.
fn run_config(home: &Home, container: &ContainerConfig) -> Result<RunConfig> {
    let base = base(home, container)?.config;
    let process = &container.process;
    let words = |words: &[String]| (!words.is_empty()).then(|| words.to_vec());
    let mut volumes = base.volumes.clone().unwrap_or_default();
    for mount in &container.host.mounts {
        if let MountSource::Volume {
            anonymous: true, ..
        } = mount.source
        {
            volumes.insert(mount.target.clone(), Map::new());
        }
    }
    let published = container.host.ports.iter();
    let published = published.map(|port| format!("{}/{}", port.container_port, port.protocol));
    let ports = container.exposed_ports.iter().cloned().chain(published);
    let ports: BTreeMap<_, _> = ports.map(|port| (port, Map::new())).collect();
    Ok(RunConfig {
        user: process.user.clone(),
        exposed_ports: (!ports.is_empty()).then_some(ports),
        env: words(&process.env),
        entrypoint: words(&process.entrypoint),
        cmd: words(&process.cmd),
        volumes: (!volumes.is_empty()).then_some(volumes),
        working_dir: process.working_dir.clone(),
        labels: (!container.labels.is_empty()).then(|| container.labels.clone()),
        stop_signal: container.host.stop_signal.clone(),
        healthcheck: container.healthcheck.clone(),
        ..base
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::starter;
    use crate::image::{record, resolve};
    use crate::store::layers;
    use crate::store::lock::keep_content;
    use crate::testing;
    use std::fs;

    /// A home with starter images, and a container of `busybox` that wrote `/note` if `changed`.
    fn check(changed: bool, layers_on_top: usize) {
        let (_folder, home, sandbox) = crate::paths::testing::world();
        let now = jiff::Timestamp::UNIX_EPOCH;
        starter::sandboxes::ensure(&home, &sandbox, now).unwrap();
        let busybox = resolve::find(&home, &sandbox, "busybox").unwrap();
        let starter_layers = layers::list(&home).unwrap();
        let container: ContainerConfig = serde_json::from_value(serde_json::json!({
            "id": "c".repeat(64), "name": "c", "created": "2026-01-01T00:00:00Z",
            "image": busybox.id, "image_reference": "busybox", "layers": busybox.chain,
            "process": { "cmd": ["sh", "-c", "x"], "env": ["A=b"], "working_dir": "/w" },
            "hostname": "c", "host": {}, "via": "run",
        }))
        .unwrap();
        let upper = sandbox.container(&container.id).upper();
        fs::create_dir_all(&upper).unwrap();
        if changed {
            fs::write(upper.join("note"), "hello").unwrap();
        }
        let _kept = keep_content(&home).unwrap();
        let asked = CommitRequest {
            message: "why".to_owned(),
            ..CommitRequest::default()
        };
        let (engine, name) = (testing::open(&home), Reference::parse("mine").unwrap());
        let config = run_config(&home, &container).unwrap();
        let new = image_of(&engine, &container, &asked, Some(name), config).unwrap();
        record::record(&home, &sandbox, now, &[new]).unwrap();
        let image = resolve::find(&home, &sandbox, "mine").unwrap();
        let kept = layers::list(&home).unwrap();
        assert!(
            kept.iter()
                .all(|layer| image.chain.contains(layer) || starter_layers.contains(layer)),
            "{kept:?}"
        );
        assert_eq!(image.chain.len(), busybox.chain.len() + layers_on_top);
        assert_eq!(image.parent.as_ref(), Some(&busybox.id));
        assert_eq!(image.config.config.env.as_deref().unwrap(), ["A=b"]);
        let last = image.config.history.last().unwrap();
        assert_eq!(
            (last.created_by.as_str(), last.comment.as_str()),
            ("sh -c x", "why")
        );
        assert_eq!(last.empty_layer, !changed);
        if changed {
            assert!(upper.join("note").exists());
            let top = layers::diff(&home, image.chain.last().unwrap());
            assert_eq!(fs::read_to_string(top.join("note")).unwrap(), "hello");
        }
    }

    #[test]
    fn changed_files_become_a_layer_and_the_container_keeps_them() {
        check(true, 1);
    }

    #[test]
    fn a_container_that_changed_nothing_adds_no_layer() {
        check(false, 0);
    }
}
