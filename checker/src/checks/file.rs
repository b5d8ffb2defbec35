//! A file of the workspace.
//!
//! ## Passes when
//! the file exists (or does not, with `exists: false`) and every field given fits it.
//!
//! ## Example
//! ```yaml
//! - file: { path: note.txt, contains: amber-otter }
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  file `note.txt`: text containing `amber-otter`
//! Found     file `note.txt`: text `hello`
//! ```

use super::container::FILE;
use crate::field::{Field, Kind, Noun, concat, field};

/// The noun.
pub static NOUN: Noun = Noun {
    name: "file",
    doc: "A file of the workspace.",
    fields: &FIELDS,
    needs: &["path"],
};

static FIELDS: [Field; OWN.len() + FILE.len()] = concat(OWN, FILE);

const OWN: &[Field] = &[
    field("path", "path", Kind::Name, "Relative to the workspace."),
    field(
        "unchanged",
        "unchanged",
        Kind::Bool,
        "The same contents as after the setup.",
    ),
    field(
        "same_as",
        "contents",
        Kind::Name,
        "Another file of the workspace with the same contents.",
    ),
];
