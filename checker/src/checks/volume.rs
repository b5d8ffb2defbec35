//! One volume, by its name.
//!
//! ## Passes when
//! a volume with exactly this name exists (or does not, with `exists: false`) and every field given fits it.
//!
//! ## Example
//! ```yaml
//! - volume: { name: data, used_by: { contains: db }, files: { note.txt: { contains: hello } } }
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  a volume named `data`
//! Found     no such volume; there are none
//! ```

use super::container::FILE;
use crate::field::{Kind, Noun, field};

/// The noun.
pub static NOUN: Noun = Noun {
    name: "volume",
    doc: "One volume, by its exact name.",
    fields: &[
        field("name", "name", Kind::Name, "Its exact name."),
        field(
            "exists",
            "exists",
            Kind::Bool,
            "Whether it exists; true if not given.",
        ),
        field(
            "unchanged",
            "unchanged",
            Kind::Bool,
            "The same volume as after the setup, not one made again.",
        ),
        field("labels", "labels", Kind::Map, "Labels."),
        field(
            "used_by",
            "used by",
            Kind::Set,
            "Names of the containers that mount it.",
        ),
        field(
            "files",
            "file",
            Kind::Paths(FILE),
            "Files in it, by their path inside the volume.",
        ),
    ],
    needs: &["name"],
};
