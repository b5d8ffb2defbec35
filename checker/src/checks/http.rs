//! An answer over HTTP, from this machine.
//!
//! ## Passes when
//! a GET of `url` is answered (or is not, with `answers: false`) and every field given fits the answer. Only
//! addresses of this machine are asked.
//!
//! ## Example
//! ```yaml
//! - http: { url: "http://localhost:8080/", status: 200, body: { contains: hello } }
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  http://localhost:8080/: an answer
//! Found     http://localhost:8080/: connection refused
//! ```

use crate::field::{Kind, Noun, field};

/// The noun.
pub static NOUN: Noun = Noun {
    name: "http",
    doc: "The answer to a GET on this machine.",
    fields: &[
        field(
            "url",
            "address",
            Kind::Name,
            "`http://localhost:PORT/PATH`.",
        ),
        field(
            "answers",
            "answers",
            Kind::Bool,
            "Whether anything answers; true if not given.",
        ),
        field("status", "status", Kind::Number, "The status, such as 200."),
        field("body", "body", Kind::Text, "The body."),
        field(
            "headers",
            "headers",
            Kind::Map,
            "Headers, by their lower-case names.",
        ),
    ],
    needs: &["url"],
};
