//! `Mounts`, and the parts of `HostConfig` that requested them.

use crate::docker::value::{Map, Struct, Value};
use engine::paths::SandboxPaths;
use engine::store::containers::{Mount, MountSource};

/// The mounts of the container. As in Docker, `--tmpfs` is not in this list.
pub(super) fn mounts(mounts: &[Mount], sandbox: &SandboxPaths) -> Value {
    let mut sorted: Vec<&Mount> = mounts.iter().collect();
    sorted.sort_by(|a, b| a.target.cmp(&b.target));
    Value::list(
        sorted
            .into_iter()
            .filter_map(|mount| mount_point(mount, sandbox)),
    )
}

fn mount_point(mount: &Mount, sandbox: &SandboxPaths) -> Option<Struct> {
    let (kind, name, source, driver, mode, propagation) = match &mount.source {
        MountSource::Bind { path, .. } => {
            let mode = if mount.read_only { "ro" } else { "" };
            ("bind", "", path.clone(), "", mode, "rprivate")
        }
        MountSource::Volume {
            name, anonymous, ..
        } => {
            let mode = match (mount.read_only, anonymous) {
                (true, _) => "ro",
                (false, true) => "",
                (false, false) => "z",
            };
            (
                "volume",
                name.as_str(),
                sandbox.volume_data(name),
                "local",
                mode,
                "",
            )
        }
        MountSource::Tmpfs { .. } => return None,
    };
    Some(
        Struct::new("container.MountPoint")
            .with_unless_empty("Type", kind)
            .with_unless_empty("Name", name)
            .with("Source", source.display().to_string())
            .with("Destination", &mount.target)
            .with_unless_empty("Driver", driver)
            .with("Mode", mode)
            .with("RW", !mount.read_only)
            .with("Propagation", propagation),
    )
}

/// `HostConfig.Binds`: the requests of `-v`, as `source:target[:ro]`.
pub(super) fn binds(mounts: &[Mount]) -> Value {
    Value::list_or_nil(mounts.iter().filter_map(|mount| {
        let source = match &mount.source {
            MountSource::Bind { path, create: true } => path.display().to_string(),
            MountSource::Volume {
                name,
                anonymous: false,
                no_copy: false,
            } => name.to_string(),
            _ => return None,
        };
        let read_only = if mount.read_only { ":ro" } else { "" };
        Some(format!("{source}:{}{read_only}", mount.target))
    }))
}

/// `HostConfig.Mounts`: the requests that only `--mount` can express.
pub(super) fn asked(mounts: &[Mount]) -> Value {
    Value::list_or_nil(mounts.iter().filter_map(|mount| {
        let (kind, source, no_copy) = match &mount.source {
            MountSource::Bind {
                path,
                create: false,
            } => ("bind", path.display().to_string(), false),
            MountSource::Volume {
                name,
                anonymous: false,
                no_copy: true,
            } => ("volume", name.to_string(), true),
            _ => return None,
        };
        let options = no_copy.then(|| Struct::new("mount.VolumeOptions").with("NoCopy", true));
        Some(
            Struct::new("mount.Mount")
                .with("Type", kind)
                .with("Source", source)
                .with("Target", &mount.target)
                .with_unless_empty("ReadOnly", mount.read_only)
                .with_unless_empty("VolumeOptions", options),
        )
    }))
}

/// `HostConfig.Tmpfs`: path -> options.
pub(super) fn tmpfs(mounts: &[Mount]) -> Map {
    let mut entries = mounts
        .iter()
        .filter_map(|mount| match &mount.source {
            MountSource::Tmpfs { options } => Some((mount.target.clone(), options.clone())),
            _ => None,
        })
        .peekable();
    match entries.peek() {
        None => Map::nil(),
        Some(_) => Map::of_texts(entries),
    }
}
