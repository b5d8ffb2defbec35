//! A repository in the registry that the course pushes to.
//!
//! ## Passes when
//! the registry has the repository (or does not, with `exists: false`) and every field given fits it.
//!
//! ## Example
//! ```yaml
//! - registry: { repo: alice/hello, tag: v1, same_as: alice/hello:v1 }
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  registry: `alice/hello` with tag `v1`
//! Found     registry: `alice/hello` has tag `latest`
//! ```

use crate::field::{Kind, Noun, field};

/// The noun.
pub static NOUN: Noun = Noun {
    name: "registry",
    doc: "A repository in the registry.",
    fields: &[
        field(
            "repo",
            "repository",
            Kind::Name,
            "The repository, such as `alice/hello`.",
        ),
        field(
            "exists",
            "exists",
            Kind::Bool,
            "Whether it (with `tag`: this tag) exists; true if not given.",
        ),
        field("tag", "tag", Kind::Name, "A tag that must exist in it."),
        field("tags", "tags", Kind::Set, "All its tags."),
        field(
            "same_as",
            "image",
            Kind::Name,
            "A local image that the tag must be.",
        ),
    ],
    needs: &["repo"],
};
