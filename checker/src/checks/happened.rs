//! Something that happened since the exercise began, whatever the state is now.
//!
//! ## Passes when
//! the journal has `count` events (at least one, if `count` is not given) that fit every field. `never` passes when
//! it has none. `after` and `before` ask for another event on the same container, image or volume.
//! A pass by `happened` stays: the journal forgets nothing until `reset`.
//!
//! ## Example
//! ```yaml
//! - happened: { event: start, container: box, via: start }
//! - never: { event: create, via: run, image: busybox }
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  `start` of container `box` via `start`, since the exercise began
//! Found     none; of container `box` there was nothing
//! ```

use super::Check;
use crate::field::{Field, Kind, Noun, concat, field};
use crate::matcher::Matcher;

/// What may happen, as `docker events` and the journal call it.
pub(crate) const EVENTS: &[&str] = &[
    "create",
    "start",
    "die",
    "stop",
    "kill",
    "restart",
    "pause",
    "unpause",
    "attach",
    "detach",
    "exec_create",
    "exec_start",
    "exec_die",
    "destroy",
    "rename",
    "update",
    "oom",
    "health_status",
    "commit",
    "tag",
    "untag",
    "delete",
    "import",
    "load",
    "save",
    "prune",
    "pull",
    "push",
    "login",
    "logout",
    "mount",
    "unmount",
    "build",
    "build_step",
    "logs",
    "inspect",
    "top",
    "stats",
    "diff",
    "copy_in",
    "copy_out",
    "export",
    "list",
    "history",
    "resize",
    "archive-path",
    "extract-to-dir",
    "wait",
    "port",
    "search",
];

/// What an event can be asked.
const EVENT: &[Field] = &[
    field("event", "event", Kind::OneOf(EVENTS), "What happened."),
    field(
        "type",
        "type",
        Kind::OneOf(&["container", "image", "volume", "builder", "registry"]),
        "The kind of thing that it happened to.",
    ),
    field(
        "via",
        "via",
        Kind::Text,
        "The docker command that caused it, such as `run`; `monitor` for what happened by itself.",
    ),
    field(
        "container",
        "container",
        Kind::Name,
        "The exact name of the container, at that time.",
    ),
    field(
        "image",
        "image",
        Kind::Name,
        "The image, of the container or itself, as typed; `app` and `app:latest` are the same.",
    ),
    field("volume", "volume", Kind::Name, "The volume."),
    field(
        "exit_code",
        "exit code",
        Kind::Number,
        "How the process ended.",
    ),
    field(
        "signal",
        "signal",
        Kind::Text,
        "The signal, such as `15` or `SIGTERM`.",
    ),
    field("tty", "tty", Kind::Bool, "With a terminal (`-t`)."),
    field("stdin", "stdin", Kind::Bool, "With standard input (`-i`)."),
    field(
        "attached",
        "attached",
        Kind::Bool,
        "With its output attached.",
    ),
    field(
        "command",
        "command",
        Kind::Words,
        "The command of an `exec` or of the container.",
    ),
    field(
        "path",
        "path",
        Kind::Text,
        "The path in the container, of `copy_in` and `copy_out`.",
    ),
    field(
        "tag",
        "tag",
        Kind::Text,
        "The reference that was given or taken away.",
    ),
    field(
        "cached",
        "cached",
        Kind::Bool,
        "Of a `build_step`: it came from the cache.",
    ),
    field(
        "uploaded",
        "uploaded layers",
        Kind::Number,
        "Of a `push`: layers that were sent.",
    ),
    field(
        "skipped",
        "skipped layers",
        Kind::Number,
        "Of a `push`: layers that the registry had.",
    ),
    field(
        "fact",
        "facts",
        Kind::Map,
        "Any other fact of the journal's line, by its key.",
    ),
];

const OWN: &[Field] = &[
    field(
        "count",
        "count",
        Kind::Number,
        "How often; at least once if not given.",
    ),
    field(
        "after",
        "after",
        Kind::Group(EVENT),
        "Only after such an event on the same thing.",
    ),
    field(
        "before",
        "before",
        Kind::Group(EVENT),
        "Only before such an event on the same thing.",
    ),
];

static FIELDS: [Field; EVENT.len() + OWN.len()] = concat(EVENT, OWN);

/// The noun.
pub static NOUN: Noun = Noun {
    name: "happened",
    doc: "Something that happened since the exercise began, whatever the state is now.",
    fields: &FIELDS,
    needs: &["event"],
};

/// Its opposite.
pub static NEVER: Noun = Noun {
    name: "never",
    doc: "Something that must not have happened since the exercise began.",
    fields: EVENT,
    needs: &["event"],
};

/// Whether more events can make the check false: then a pass does not last.
pub(crate) fn has_upper_bound(check: &Check) -> bool {
    match check.arg("count") {
        None => false,
        Some(super::Arg::Match(Matcher::Range(_, None))) => false,
        Some(_) => true,
    }
}
