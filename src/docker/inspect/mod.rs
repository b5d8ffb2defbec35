//! The output of `docker inspect`: Docker 28's JSON, field by field and in its order.
//!
//! **What Docker does.** Sends the daemon's own structs as JSON, and runs `-f` over them.
//! **What we do.** Build the same structs as [`crate::docker::value::Value`]s from the engine's plain data.
//! **What we leave out.** No fields: where the engine has no such feature (Windows, Swarm, cgroup parents), the field
//! has the value that Docker shows when it is unused.

mod config;
mod container;
mod host_config;
mod image;
mod mounts;
mod network;
mod network_settings;
mod output;
mod state;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

use crate::docker::timestamps::rfc3339;
use crate::docker::value::{Map, Struct, Value};
use engine::runtime::spec::Volume;

pub(crate) use container::container;
pub(crate) use image::image;
pub(crate) use network::{NETWORKS, Network, network};
pub(crate) use output::Format;

/// The label that Docker sets on an anonymous volume.
const ANONYMOUS: &str = "com.docker.volume.anonymous";

/// The volume as Docker shows it.
pub(crate) fn volume(volume: &Volume) -> Value {
    let mut labels = volume.labels.clone();
    if volume.anonymous {
        labels.entry(ANONYMOUS.to_owned()).or_default();
    }
    let labels = match labels.is_empty() {
        true => Map::nil(),
        false => Map::of_texts(&labels),
    };
    Struct::new("volume.Volume")
        .with_unless_empty("ClusterVolume", Value::Nil)
        .with_unless_empty("CreatedAt", rfc3339(volume.created))
        .with("Driver", "local")
        .with("Labels", labels)
        .with("Mountpoint", volume.mountpoint.display().to_string())
        .with("Name", volume.name.as_str())
        .with("Options", Map::nil())
        .with("Scope", "local")
        .with_unless_empty("Status", Map::nil())
        .with_unless_empty("UsageData", Value::Nil)
        .into()
}
