//! All containers that fit a description: how many there are, and what holds for all of them.
//!
//! ## Passes when
//! the number of containers that fit every field is `count` (at least one, if `count` is not given), and each of them
//! fits `all`.
//!
//! ## Example
//! ```yaml
//! - containers: { image: busybox, count: 1 }
//! - containers: { status: running, count: 0 }
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  1 container with image `busybox`
//! Found     2: `box` and `brave_fox`
//! ```

use super::container::PICKED;
use crate::field::{Field, Kind, Noun, concat, field};

/// The noun.
pub static NOUN: Noun = Noun {
    name: "containers",
    doc: "All containers that fit every field: how many there are, and what holds for all of them.",
    fields: &FIELDS,
    needs: &[],
};

static FIELDS: [Field; OWN.len() + PICKED.len()] = concat(OWN, PICKED);

const OWN: &[Field] = &[
    field(
        "name",
        "name",
        Kind::Text,
        "A condition on the name, such as `{ matches: ^web }`.",
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
        "Exactly the containers of the setup, each in the same state.",
    ),
];
