//! `show`: draws images, their layers, and the containers on top of them as a text tree.
//!
//! An image is a stack of read-only layers. A container adds a writable layer, and processes while it runs. Layers that
//! images share exist once, and are marked.

use crate::course::layout::fill;
use crate::course::look::{ASIDE, HEADING, Look, styled};
use crate::docker::tree::was;
use crate::failure::CommandResult;
use crate::term::human;
use crate::term::text::{ellipsis, short_id};
use engine::Engine;
use engine::image::Image;
use engine::runtime::spec::{Container, Status};
use engine::store::containers::MountSource;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The tree of a sandbox, fitted to the width of `look`.
pub(crate) fn show(engine: &Engine, look: Look) -> CommandResult<String> {
    let mut images = engine.images()?;
    images.reverse();
    draw(engine, &images, &engine.containers()?, look)
}

/// The tree of `images` and their containers.
pub(crate) fn show_images(
    engine: &Engine,
    images: Vec<Image>,
    look: Look,
) -> CommandResult<String> {
    let mut containers = engine.containers()?;
    containers.retain(|one| images.iter().any(|image| image.id == one.config.image));
    draw(engine, &images, &containers, look)
}

/// The tree of `container` alone, with its image if that exists here.
pub(crate) fn show_container(
    engine: &Engine,
    container: &Container,
    look: Look,
) -> CommandResult<String> {
    let mut images = engine.images()?;
    images.retain(|image| image.id == container.config.image);
    draw(engine, &images, std::slice::from_ref(container), look)
}

fn draw(
    engine: &Engine,
    images: &[Image],
    containers: &[Container],
    look: Look,
) -> CommandResult<String> {
    let mut sizes = BTreeMap::new();
    for container in containers {
        // A layer that cannot be measured, such as one that is being removed, is shown without a size.
        if let Ok(size) = engine.writable_size(container.config.id.as_str()) {
            sizes.insert(container.config.id.as_str().to_owned(), size);
        }
    }
    Ok(tree(images, containers, &sizes, look))
}

/// As [`show`], for these objects.
fn tree(
    images: &[Image],
    containers: &[Container],
    sizes: &BTreeMap<String, u64>,
    look: Look,
) -> String {
    let mut out = String::from("\n");
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    for image in images {
        let name = name_of(image);
        let size = human::size(image.size);
        push(
            &mut out,
            0,
            &styled(HEADING, &format!("image {name}")),
            &format!(" ({size})"),
            look,
        );
        let steps = image.config.history.iter().filter(|step| !step.empty_layer);
        let mut steps = steps.map(|step| step.created_by.as_str());
        for layer in &image.chain {
            let step = steps.next().unwrap_or_default();
            let text = match seen.get(layer.as_str()) {
                Some(owner) => format!("layer {}  the same as in {owner}", short_id(layer)),
                None => format!(
                    "layer {}  {}",
                    short_id(layer),
                    step.split_whitespace().collect::<Vec<_>>().join(" ")
                ),
            };
            seen.entry(layer).or_insert_with(|| name.clone());
            push(&mut out, 1, "", &text, look);
        }
        for container in containers
            .iter()
            .filter(|container| container.config.image == image.id)
        {
            push_container(&mut out, container, sizes, look);
        }
    }
    let orphans = containers.iter().filter(|container| {
        !images
            .iter()
            .any(|image| image.id == container.config.image)
    });
    for (index, container) in orphans.enumerate() {
        if index == 0 {
            push(&mut out, 0, "", "images without a name here", look);
        }
        push_container(&mut out, container, sizes, look);
    }
    if images.is_empty() && containers.is_empty() {
        out.push_str("There are no images and no containers.\n");
    }
    let legend = "Layers are read-only and shared; a container's own layer is writable, and `docker rm` removes it.";
    let _ = writeln!(out, "\n{}\n", fill(&styled(ASIDE, legend), look));
    out
}

fn name_of(image: &Image) -> String {
    let names = image.names();
    match names.is_empty() {
        true => {
            let was = was(image).map_or(String::new(), |was| format!(", was {was}"));
            format!("{} (no name{was})", short_id(&image.id.to_string()))
        }
        false => names.join(", "),
    }
}

fn container_line(container: &Container, sizes: &BTreeMap<String, u64>) -> String {
    let status = match container.status {
        Status::Exited => format!("exited with {}", container.state.exit_code),
        Status::Running => format!("running as process {}", container.state.pid),
        other => other.word().to_owned(),
    };
    let own = match sizes.get(container.config.id.as_str()) {
        Some(0) => ", own layer empty".to_owned(),
        Some(size) => format!(", own layer {}", human::size(*size)),
        None => String::new(),
    };
    format!("container {} ({status}{own})", container.config.name)
}

/// Adds a container, and what is mounted into it.
fn push_container(
    out: &mut String,
    container: &Container,
    sizes: &BTreeMap<String, u64>,
    look: Look,
) {
    push(out, 2, "", &container_line(container, sizes), look);
    for mount in &container.config.host.mounts {
        let source = match &mount.source {
            MountSource::Bind { path, .. } => format!("{} of this machine", path.display()),
            MountSource::Volume {
                anonymous: true, ..
            } => "a volume without a name".to_owned(),
            MountSource::Volume { name, .. } => format!("volume {}", name.as_str()),
            MountSource::Tmpfs { .. } => "memory".to_owned(),
        };
        let only = if mount.read_only { ", read-only" } else { "" };
        push(
            out,
            3,
            "",
            &format!("{}  {source}{only}", mount.target),
            look,
        );
    }
}

/// Adds a line at the depth `depth`; cuts `text` where it does not fit.
fn push(out: &mut String, depth: usize, head: &str, text: &str, look: Look) {
    let indent = "  ".repeat(depth);
    let plain = anstream::adapter::strip_str(head).to_string();
    let room = look.width.saturating_sub(indent.len() + plain.len());
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{indent}{head}{}", ellipsis(text, room));
}
