//! `docker inspect` of a container.

use super::{config, host_config, mounts, network_settings, state};
use crate::docker::timestamps::rfc3339_nano;
use crate::docker::value::{Map, Struct, Value};
use engine::paths::{Home, SandboxPaths};
use engine::runtime::spec::Container;
use std::path::Path;

/// The container as Docker shows it. `sizes` are the bytes of its writable layer and of all layers (`inspect --size`).
pub(crate) fn container(
    container: &Container,
    home: &Home,
    sandbox: &SandboxPaths,
    sizes: Option<(u64, u64)>,
) -> Value {
    let config = &container.config;
    let paths = sandbox.container(&config.id);
    let shown = |path: &Path| path.display().to_string();
    let mut words = config.process.argv().into_iter();
    let base = Struct::new("container.ContainerJSONBase")
        .with_renamed("ID", "Id", config.id.as_str())
        .with("Created", rfc3339_nano(config.created))
        .with("Path", words.next().unwrap_or_default())
        .with("Args", Value::list(words))
        .with("State", state::state(container))
        .with("Image", config.image.as_str())
        .with("ResolvConfPath", shown(&paths.etc().join("resolv.conf")))
        .with("HostnamePath", shown(&paths.etc().join("hostname")))
        .with("HostsPath", shown(&paths.etc().join("hosts")))
        .with("LogPath", shown(&paths.log()))
        .with("Name", format!("/{}", config.name))
        .with("RestartCount", container.state.restart_count)
        .with("Driver", "overlay2")
        .with("Platform", "linux")
        .with("MountLabel", "")
        .with("ProcessLabel", "")
        .with("AppArmorProfile", "")
        .with("ExecIDs", Value::List(None))
        .with("HostConfig", host_config::host_config(&config.host))
        .with("GraphDriver", graph_driver(container, home, sandbox))
        .with_unless_empty("SizeRw", sizes.map(|(own, _)| own))
        .with_unless_empty("SizeRootFs", sizes.map(|(_, all)| all));
    Struct::new("container.InspectResponse")
        .embedding(base)
        .with("Mounts", mounts::mounts(&config.host.mounts, sandbox))
        .with("Config", config::of_container(config))
        .with(
            "NetworkSettings",
            network_settings::network_settings(container),
        )
        .with_unless_empty("ImageManifestDescriptor", Value::Nil)
        .into()
}

/// The place of the container's files. Nothing is mounted on the machine: the merged view exists only in the
/// container's mount namespace, which is accessible through `/proc` while it runs.
fn graph_driver(container: &Container, home: &Home, sandbox: &SandboxPaths) -> Struct {
    let paths = sandbox.container(&container.config.id);
    let lower: Vec<String> = container
        .config
        .layers
        .iter()
        .rev()
        .map(|chain| home.layers().join(chain).join("diff").display().to_string())
        .collect();
    let merged = match container.status.is_alive() {
        true => format!("/proc/{}/root", container.state.pid),
        false => String::new(),
    };
    let data = Map::of_texts([
        ("ID", container.config.id.as_str().to_owned()),
        ("LowerDir", lower.join(":")),
        ("MergedDir", merged),
        ("UpperDir", paths.upper().display().to_string()),
        ("WorkDir", paths.work().display().to_string()),
    ]);
    Struct::new("storage.DriverData")
        .with("Data", data)
        .with("Name", "overlay2")
}
