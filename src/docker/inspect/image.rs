//! `docker image inspect`.

use super::config;
use crate::docker::timestamps::rfc3339_nano_or_zero;
use crate::docker::value::{Map, Struct, Value};
use engine::image::Image;
use engine::paths::Home;

/// The image as Docker shows it.
pub(crate) fn image(image: &Image, home: &Home) -> Value {
    let config = &image.config;
    let (tags, digests): (Vec<_>, Vec<_>) = image
        .references
        .iter()
        .partition(|reference| reference.digest().is_none());
    let names = |references: Vec<&engine::oci::reference::Reference>| {
        Value::list(references.into_iter().map(|reference| reference.familiar()))
    };
    let metadata =
        Struct::new("image.Metadata").with("LastTagTime", rfc3339_nano_or_zero(image.last_tagged));
    let layers = Value::list(config.rootfs.diff_ids.iter().map(|id| id.as_str()));
    Struct::new("image.InspectResponse")
        .with_renamed("ID", "Id", image.id.as_str())
        .with("RepoTags", names(tags))
        .with("RepoDigests", names(digests))
        .with(
            "Parent",
            image.parent.as_ref().map_or("", |parent| parent.as_str()),
        )
        .with("Comment", &config.comment)
        .with("Created", rfc3339_nano_or_zero(image.created))
        .with_unless_empty("Container", "")
        .with_unless_empty("ContainerConfig", Value::Nil)
        .with("DockerVersion", "")
        .with("Author", &config.author)
        .with("Config", config::of_image(&config.config))
        .with("Architecture", &config.architecture)
        .with_unless_empty("Variant", config.variant.clone().unwrap_or_default())
        .with("Os", &config.os)
        .with_unless_empty("OsVersion", "")
        .with("Size", image.size)
        .with_unless_empty("VirtualSize", 0)
        .with("GraphDriver", graph_driver(image, home))
        .with(
            "RootFS",
            Struct::new("image.RootFS")
                .with("Type", &config.rootfs.kind)
                .with_unless_empty("Layers", layers),
        )
        .with("Metadata", metadata)
        .with_unless_empty("Descriptor", Value::Nil)
        .with_unless_empty("Manifests", Value::List(None))
        .into()
}

/// The place of the image's layers: the top one, and the others below it.
fn graph_driver(image: &Image, home: &Home) -> Struct {
    let mut folders: Vec<String> = image
        .diffs(home)
        .iter()
        .rev()
        .map(|folder| folder.display().to_string())
        .collect();
    let own = if folders.is_empty() {
        String::new()
    } else {
        folders.remove(0)
    };
    let mut data = vec![
        ("MergedDir", String::new()),
        ("UpperDir", own),
        ("WorkDir", String::new()),
    ];
    if !folders.is_empty() {
        data.push(("LowerDir", folders.join(":")));
    }
    Struct::new("storage.DriverData")
        .with("Data", Map::of_texts(data))
        .with("Name", "overlay2")
}
