//! A build, as the journal tells it: which steps ran, which came from the cache, and why not.
//!
//! ## Passes when
//! a build since the exercise began fits every field. `which` picks the `last` (if not given), the `first`, or `any`.
//!
//! ## Example
//! ```yaml
//! - build: { tag: app, result: ok, steps: [{ instruction: RUN, contains: pip, cache: hit }] }
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  last build: a step with instruction `RUN` and cache hit
//! Found     last build: step 3 `RUN pip install -r requirements.txt` ran: step 2 changed
//! ```

use crate::field::{Field, Kind, Noun, field};

/// What a step can be asked.
const STEP: &[Field] = &[
    field(
        "number",
        "number",
        Kind::Number,
        "Its number within its stage, as printed.",
    ),
    field(
        "instruction",
        "instruction",
        Kind::Text,
        "Its keyword, such as `RUN`.",
    ),
    field(
        "contains",
        "step",
        Kind::Contains,
        "Text that occurs in its line.",
    ),
    field(
        "cache",
        "cache",
        Kind::OneOf(&["hit", "miss"]),
        "`hit` if it came from the cache.",
    ),
    field("reason", "reason", Kind::Text, "Why it ran."),
];

/// The noun.
pub static NOUN: Noun = Noun {
    name: "build",
    doc: "A build since the exercise began, as the journal tells it.",
    fields: &[
        field(
            "which",
            "which",
            Kind::OneOf(&["last", "first", "any"]),
            "Which build; the last if not given.",
        ),
        field(
            "tag",
            "tag",
            Kind::Name,
            "Only builds that were given this tag.",
        ),
        field(
            "result",
            "result",
            Kind::OneOf(&["ok", "failed"]),
            "How it ended.",
        ),
        field(
            "count",
            "builds",
            Kind::Number,
            "How many builds there were.",
        ),
        field(
            "cached",
            "cached steps",
            Kind::Number,
            "How many steps came from the cache.",
        ),
        field("ran", "steps that ran", Kind::Number, "How many steps ran."),
        field(
            "steps",
            "step",
            Kind::Records(STEP),
            "Steps; each pattern must fit one.",
        ),
        field(
            "context",
            "context",
            Kind::Size,
            "Bytes of the build context.",
        ),
    ],
    needs: &[],
};
