//! A Dockerfile of the workspace, parsed.
//!
//! ## Passes when
//! the file is a valid Dockerfile and every field given fits it. `has`, `lacks` and `order` look at its instructions
//! in all stages; variables are not filled in.
//!
//! ## Example
//! ```yaml
//! - dockerfile:
//!     from: busybox
//!     order: [{ instruction: COPY, contains: requirements.txt }, { instruction: RUN }, { instruction: COPY }]
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  `Dockerfile`: `COPY` containing `requirements.txt` before `RUN`
//! Found     `Dockerfile`: `RUN pip install` is on line 3, before it
//! ```

use crate::field::{Field, Kind, Noun, field};

/// What an instruction can be asked.
const INSTRUCTION: &[Field] = &[
    field(
        "instruction",
        "instruction",
        Kind::Text,
        "Its keyword, such as `COPY`.",
    ),
    field(
        "contains",
        "text",
        Kind::Contains,
        "Text that occurs in its arguments.",
    ),
    field(
        "matches",
        "text",
        Kind::Matches,
        "A regular expression that matches in its arguments.",
    ),
    field(
        "form",
        "form",
        Kind::OneOf(&["exec", "shell"]),
        "`exec` for the JSON form.",
    ),
    field(
        "stage",
        "stage",
        Kind::Text,
        "The name or number (from 0) of its stage.",
    ),
];

/// The noun.
pub static NOUN: Noun = Noun {
    name: "dockerfile",
    doc: "A Dockerfile of the workspace, parsed.",
    fields: &[
        field(
            "path",
            "path",
            Kind::Name,
            "Relative to the workspace; `Dockerfile` if not given.",
        ),
        field(
            "exists",
            "exists",
            Kind::Bool,
            "Whether it exists; true if not given.",
        ),
        field(
            "from",
            "base",
            Kind::Text,
            "The image of the last stage's FROM.",
        ),
        field("stages", "stages", Kind::Number, "How many stages it has."),
        field(
            "count",
            "instructions",
            Kind::Number,
            "How many instructions it has.",
        ),
        field(
            "has",
            "an instruction",
            Kind::Records(INSTRUCTION),
            "Patterns, each of which some instruction must fit.",
        ),
        field(
            "lacks",
            "no instruction",
            Kind::Records(INSTRUCTION),
            "Patterns that no instruction may fit.",
        ),
        field(
            "order",
            "order",
            Kind::Records(INSTRUCTION),
            "Patterns that different instructions must fit in this order.",
        ),
    ],
    needs: &[],
};
