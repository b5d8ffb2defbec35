//! `show`: draws images, their layers, and the containers on top of them as a text tree.
//!
//! An image is a stack of read-only layers. A container adds a writable layer, and processes while it runs. Layers that
//! images share exist once, and are marked.

use crate::course::layout::fill;
use crate::course::look::{ASIDE, HEADING, Look, styled};
use crate::docker::commands::image::ls::was;
use crate::failure::CommandResult;
use crate::term::human;
use crate::term::human::{ellipsis, short_id};
use engine::Engine;
use engine::image::Image;
use engine::runtime::spec::{Container, Status};
use engine::store::containers::MountSource;
use engine::store::layers;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The tree of a sandbox, fitted to the width of `look`.
pub(crate) fn show(engine: &Engine, look: Look) -> CommandResult<String> {
    let mut images = engine.images()?;
    images.reverse();
    draw(engine, (&images, &images), &engine.containers()?, look)
}

/// The tree of `images` and their containers.
pub(crate) fn show_images(
    engine: &Engine,
    images: Vec<Image>,
    look: Look,
) -> CommandResult<String> {
    let mut containers = engine.containers()?;
    containers.retain(|one| images.iter().any(|image| image.id == one.config.image));
    draw(engine, (&images, &engine.images()?), &containers, look)
}

/// The tree of `container` alone, with its image if that exists here.
pub(crate) fn show_container(
    engine: &Engine,
    container: &Container,
    look: Look,
) -> CommandResult<String> {
    let all = engine.images()?;
    let own = all
        .iter()
        .filter(|image| image.id == container.config.image);
    let own: Vec<Image> = own.cloned().collect();
    draw(engine, (&own, &all), std::slice::from_ref(container), look)
}

fn draw(
    engine: &Engine,
    (images, all): (&[Image], &[Image]),
    containers: &[Container],
    look: Look,
) -> CommandResult<String> {
    let mut sizes = BTreeMap::new();
    for layer in images.iter().flat_map(|image| &image.chain) {
        if let Ok(layer) = layers::read(engine.home(), layer) {
            sizes.insert(layer.chain.clone(), layer.size);
        }
    }
    for container in containers {
        // A layer that cannot be measured, such as one that is being removed, is shown without a size.
        if let Ok(size) = engine.writable_size(container.config.id.as_str()) {
            sizes.insert(container.config.id.as_str().to_owned(), size);
        }
    }
    Ok(tree((images, all), containers, &sizes, look))
}

/// As [`show`], for these objects; `sizes` are those of their layers. A layer is marked if others of `all` have it.
fn tree(
    (images, all): (&[Image], &[Image]),
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
            let (id, first) = (short_id(layer), seen.get(layer.as_str()));
            let text = match first {
                Some(owner) => format!("layer {id}  the same as in {owner}"),
                None => {
                    let size = sizes
                        .get(layer)
                        .map_or(String::new(), |&size| human::size(size));
                    format!("layer {id}  {size:>8}  {}", instruction(step))
                }
            };
            let others = also_in(layer, images, all).filter(|_| first.is_none());
            push(&mut out, 1, "", &text, look);
            if let Some(others) = others {
                push(&mut out, 2, "", &others, look);
            }
            seen.entry(layer).or_insert_with(|| name.clone());
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

/// The images of `all` beside `images` that have the layer; `None` if none has.
fn also_in(layer: &str, images: &[Image], all: &[Image]) -> Option<String> {
    let is_shown = |image: &Image| images.iter().any(|one| one.id == image.id);
    let others = all.iter().filter(|other| !is_shown(other));
    let others = others.filter(|other| other.chain.iter().any(|one| one == layer));
    let names: Vec<String> = others.map(name_of).collect();
    (!names.is_empty()).then(|| format!("also in {}", names.join(", ")))
}

/// The instruction as in the Dockerfile, without the text that builders add.
fn instruction(created_by: &str) -> String {
    let text = created_by.trim_end_matches("# buildkit").trim();
    let text = match text.strip_prefix("/bin/sh -c ") {
        Some(rest) => match rest.trim_start().strip_prefix("#(nop)") {
            Some(instruction) => instruction.trim().to_owned(),
            None => format!("RUN {}", rest.trim()),
        },
        None => text.replacen("RUN /bin/sh -c ", "RUN ", 1),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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
