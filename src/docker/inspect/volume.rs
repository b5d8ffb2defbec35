//! `docker volume inspect`.

use crate::docker::timestamps::rfc3339;
use crate::docker::value::{Map, Struct, Value};
use engine::runtime::spec::Volume;

/// The label that Docker sets on an anonymous volume.
const ANONYMOUS: &str = "com.docker.volume.anonymous";

/// The volume as Docker shows it.
pub fn volume(volume: &Volume) -> Value {
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
