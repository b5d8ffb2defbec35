//! All images that fit a description.
//!
//! ## Passes when
//! the number of images that fit every field is `count` (at least one, if `count` is not given), and each of them
//! fits `all`. An image with two references is one image.
//!
//! ## Example
//! ```yaml
//! - images: { dangling: true, count: 0 }
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  0 images with dangling yes
//! Found     1: `3f2a9c1d77e0`
//! ```

use super::image::PICKED;
use crate::field::{Field, Kind, Noun, concat, field};

/// The noun.
pub static NOUN: Noun = Noun {
    name: "images",
    doc: "All images that fit every field: how many there are, and what holds for all of them.",
    fields: &FIELDS,
    needs: &[],
};

static FIELDS: [Field; OWN.len() + PICKED.len()] = concat(OWN, PICKED);

const OWN: &[Field] = &[
    field(
        "repository",
        "repository",
        Kind::Text,
        "A condition on the part of a reference before the tag.",
    ),
    field(
        "count",
        "count",
        Kind::Number,
        "How many fit; at least one if not given.",
    ),
    field(
        "all",
        "each",
        Kind::Group(PICKED),
        "What each of those must be.",
    ),
    field(
        "unchanged",
        "unchanged",
        Kind::Bool,
        "Exactly the images of the setup.",
    ),
];
