//! One image, by its reference.
//!
//! ## Passes when
//! the reference names an image and every field given fits it. `app` means `app:latest`, as everywhere.
//!
//! ## Example
//! ```yaml
//! - image: { name: "hello:v1", cmd: [sh, /hello.sh], shares_layers_with: { image: busybox, min: 1 } }
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  an image `hello:v1`
//! Found     no such image; there are `busybox:latest` and `hello:latest`
//! ```

use super::container::FILE;
use crate::field::{Field, Kind, Noun, concat, field};

/// The noun.
pub static NOUN: Noun = Noun {
    name: "image",
    doc: "One image, by its reference.",
    fields: &FIELDS,
    needs: &["name"],
};

static FIELDS: [Field; SELECT.len() + PICKED.len()] = concat(SELECT, PICKED);

const SELECT: &[Field] = &[
    field(
        "name",
        "name",
        Kind::Name,
        "Its reference, such as `app` or `app:v1`.",
    ),
    field(
        "exists",
        "exists",
        Kind::Bool,
        "Whether it exists; true if not given.",
    ),
    field(
        "same_as",
        "identity",
        Kind::Name,
        "Another reference that must name the same image; `setup` is this reference as it was after the setup.",
    ),
    field(
        "unchanged",
        "unchanged",
        Kind::Bool,
        "The same image as after the setup.",
    ),
];

/// How many layers two images share.
const SHARED: &[Field] = &[
    field("image", "image", Kind::Name, "The other image."),
    field(
        "min",
        "layers",
        Kind::Number,
        "How many of the lowest layers are the same, at least; all of the other's if not given.",
    ),
];

/// What an image can be asked; `images` asks the same of each.
pub(crate) const PICKED: &[Field] = &[
    field(
        "tags",
        "references",
        Kind::Set,
        "All its references, such as `app:v1`.",
    ),
    field(
        "dangling",
        "dangling",
        Kind::Bool,
        "Whether it has no reference.",
    ),
    field("layers", "layers", Kind::Number, "How many layers it has."),
    field(
        "shares_layers_with",
        "shared layers",
        Kind::Group(SHARED),
        "Layers that it has in common with another, from below.",
    ),
    field("size", "size", Kind::Size, "Its bytes, unpacked."),
    field(
        "command",
        "command",
        Kind::Words,
        "Entrypoint and command together.",
    ),
    field("entrypoint", "entrypoint", Kind::Words, "The entrypoint."),
    field(
        "cmd",
        "cmd",
        Kind::Words,
        "The command without the entrypoint.",
    ),
    field("env", "environment", Kind::Map, "Environment variables."),
    field(
        "workdir",
        "working directory",
        Kind::Text,
        "Where its process starts.",
    ),
    field("user", "user", Kind::Text, "Its user."),
    field(
        "expose",
        "exposed ports",
        Kind::Set,
        "Ports that it names, such as `80/tcp`.",
    ),
    field("volumes", "volumes", Kind::Set, "Paths of its VOLUMEs."),
    field("labels", "labels", Kind::Map, "Labels."),
    field("stop_signal", "stop signal", Kind::Text, "Its STOPSIGNAL."),
    field(
        "healthcheck",
        "health check",
        Kind::Words,
        "The words of its HEALTHCHECK, such as `[CMD, true]`.",
    ),
    field(
        "history",
        "history",
        Kind::Text,
        "The lines of `docker history`, oldest first, one per step.",
    ),
    field(
        "used",
        "used by containers",
        Kind::Number,
        "How many containers were made from it.",
    ),
    field("files", "file", Kind::Paths(FILE), "Files in it."),
];
