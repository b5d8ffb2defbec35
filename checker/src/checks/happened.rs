//! Something that happened since the exercise began, whatever the state is now.
//!
//! ## Passes when
//! the journal has `count` events (at least one, if `count` is not given) that fit every field. `never` passes when
//! it has none. `after` and `before` ask for another event on the same container, image or volume.
//! `container: web` means the container that has this name now, whatever it was called before; if there is none, and for
//! `destroy`, the one that had the name then. A `login` counts until the next login or logout at the same registry.
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

mod describe;

use super::outcome::{Claim, Outcome, Truth};
use super::{Arg, Check, Given, NounKind, arg};
use crate::field::{Field, Kind, Noun, concat, field};
use crate::matcher::{Matcher, command_line};
use crate::world::{Blind, Container, Event, Image, World, find_image, tagged};
use describe::{describe_events, describe_pattern};
use serde_json::{Map, Value, json};

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
        "The exact name of the container that has it now; if there is none, and for `destroy`, of the one that had it then.",
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
        "mounted",
        "mounted layers",
        Kind::Number,
        "Of a `push`: layers that another repository of the registry had.",
    ),
    field(
        "fetched",
        "fetched layers",
        Kind::Number,
        "Of a `pull`: layers that came over the network.",
    ),
    field(
        "registry",
        "registry",
        Kind::Text,
        "Of a `login` or `logout`: where, such as `docker.io` or `localhost:5000`.",
    ),
    field("username", "username", Kind::Text, "Of a `login`: as whom."),
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

/// Judges `happened`.
pub(crate) fn evaluate(check: &Check, world: &dyn World) -> Outcome {
    let default = Matcher::Range(Some(1.0), None);
    let matcher = match check.arg("count") {
        Some(Arg::Match(matcher)) => matcher.clone(),
        _ => default.clone(),
    };
    let times = if matcher == default {
        String::new()
    } else {
        format!("{} times: ", matcher.describe())
    };
    judge_events(check, world, &matcher, |what| {
        format!("{times}{what}, since the start")
    })
}

/// Judges `never`.
pub(crate) fn evaluate_never(check: &Check, world: &dyn World) -> Outcome {
    judge_events(check, world, &Matcher::Number(0.0), |what| {
        format!("no {what}, since the start")
    })
}

fn judge_events(
    check: &Check,
    world: &dyn World,
    matcher: &Matcher,
    expected: impl Fn(&str) -> String,
) -> Outcome {
    let expected = expected(&describe_pattern(&check.given));
    let groups = ["after", "before"].map(|field| match check.arg(field) {
        Some(Arg::Group(group)) => group.as_slice(),
        _ => &[],
    });
    let patterns = [check.given.as_slice(), groups[0], groups[1]];
    let untold = patterns
        .iter()
        .find_map(|pattern| untold(pattern, world))
        .map_or_else(|| world.events(), Err);
    let observed = untold.and_then(|events| Ok((events, world.containers()?)));
    let (events, containers) = match observed {
        Ok(observed) => observed,
        Err(blind) => return Outcome::blind(expected, blind),
    };
    let journal = Journal {
        events: &events,
        containers: &containers,
        images: &world.setup().images,
    };
    let fitting: Vec<&Event> = events
        .iter()
        .enumerate()
        .filter(|(at, event)| {
            journal.fits(&check.given, event)
                && journal.is_in_order(check, *at)
                && (check.noun == NounKind::Never || !journal.has_ended(*at))
        })
        .map(|(_, event)| event)
        .collect();
    let number = json!(fitting.len());
    let claim = Claim {
        expected,
        found: describe_events(&check.given, &fitting, &journal),
        truth: Truth::of(matcher.accepts(&number)),
        values: Some((matcher.clone(), number)),
    };
    let mut facts = fitting.first().map_or_else(Map::new, |event| facts(event));
    facts.insert("count".to_owned(), json!(fitting.len()));
    Outcome::all(vec![claim], facts)
}

/// Why this world's journal cannot answer for `pattern`, if it cannot.
fn untold(pattern: &[Given], world: &dyn World) -> Option<Blind> {
    let of_event = |event: &&str| match arg(pattern, "event") {
        Some(Arg::Match(matcher)) => matcher.accepts(&json!(event)),
        _ => false,
    };
    let mut events = EVENTS.iter().copied().filter(|event| of_event(event));
    events
        .find_map(|event| world.untold("event", event))
        .or_else(|| {
            let mut fields = pattern.iter().map(|given| given.field.name);
            fields.find_map(|field| world.untold("happened", field))
        })
}

/// What happened, and the containers that there are now.
struct Journal<'a> {
    events: &'a [Event],
    containers: &'a [Container],
    /// The images of the setup.
    images: &'a [Image],
}

impl Journal<'_> {
    /// Whether `event` is about the container called `name`.
    fn is_about(&self, event: &Event, name: &str) -> bool {
        if event.kind != "container" {
            return false;
        }
        let was_called = text(event, &["container", "name"]).as_deref() == Some(name);
        match self.containers.iter().find(|one| one.name == name) {
            Some(one) if event.action != "destroy" => event.id == one.id,
            _ => was_called,
        }
    }

    /// Whether `event` is about the image called `name`. A `delete` tells no name; the setup may know which image it was.
    fn is_of_image(&self, event: &Event, name: &str) -> bool {
        let named = image_of(event).is_some_and(|one| tagged(&one) == tagged(name));
        named
            || (event.action == "delete"
                && find_image(self.images, name).is_some_and(|image| image.id == event.id))
    }

    /// Whether `event` fits every field of `pattern` but those about other events.
    fn fits(&self, pattern: &[Given], event: &Event) -> bool {
        pattern
            .iter()
            .all(|given| match (given.field.name, &given.arg) {
                ("count" | "after" | "before", _) => true,
                ("container", Arg::Name(name)) => self.is_about(event, name),
                ("volume", Arg::Name(name)) => {
                    event.kind == "volume" && event.id == *name
                        || text(event, &["volume"]).as_deref() == Some(name)
                }
                ("image", Arg::Name(name)) => self.is_of_image(event, name),
                (name, Arg::Match(matcher)) => matcher.accepts(&value(event, name)),
                _ => false,
            })
    }

    /// Whether the events that `after` and `before` ask for are there, on the same thing.
    fn is_in_order(&self, check: &Check, at: usize) -> bool {
        let is_there = |field: &str, among: &[Event]| match check.arg(field) {
            Some(Arg::Group(group)) => among
                .iter()
                .filter(|other| other.id == self.events[at].id)
                .any(|event| self.fits(group, event)),
            _ => true,
        };
        is_there("after", &self.events[..at]) && is_there("before", &self.events[at + 1..])
    }

    /// Whether a later login or logout at the same registry has ended the login at `at`.
    fn has_ended(&self, at: usize) -> bool {
        let event = &self.events[at];
        event.action == "login"
            && self.events[at + 1..].iter().any(|later| {
                matches!(later.action.as_str(), "login" | "logout")
                    && value(later, "registry") == value(event, "registry")
            })
    }
}

/// The image that an event is about.
fn image_of(event: &Event) -> Option<String> {
    if event.kind == "image" {
        return text(event, &["name", "reference", "image", "tag"]);
    }
    text(event, &["image"])
}

/// The value of a field of the table.
fn value(event: &Event, field: &str) -> Value {
    let fact = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| event.facts.get(*key))
            .cloned()
            .unwrap_or(Value::Null)
    };
    match field {
        "event" => json!(event.action),
        "type" => json!(event.kind),
        "via" => json!(event.via),
        "exit_code" => number(fact(&["exitCode", "exit_code"])),
        "signal" => fact(&["signal"]),
        "tty" => fact(&["tty"]),
        "stdin" => fact(&["stdin", "openStdin"]),
        "attached" => fact(&["attached"]),
        "command" => match fact(&["command", "execCommand", "cmd"]) {
            Value::String(line) => json!(shell_words::split(&line).unwrap_or_else(|_| vec![line])),
            other => other,
        },
        "path" => fact(&["path", "container_path", "source", "target"]),
        "tag" => fact(&["tag", "name", "reference"]),
        "cached" => fact(&["cached"]),
        "uploaded" => number(fact(&["uploaded"])),
        "skipped" => number(fact(&["skipped"])),
        "mounted" => number(fact(&["mounted"])),
        "fetched" => number(fact(&["fetched"])),
        "registry" => fact(&["registry"]),
        "username" => fact(&["username"]),
        "fact" => Value::Object(event.facts.clone()),
        _ => Value::Null,
    }
}

/// Docker writes numbers as text among an event's attributes.
fn number(value: Value) -> Value {
    match &value {
        Value::String(text) => text.parse::<i64>().map_or(value, Value::from),
        _ => value,
    }
}

fn text(event: &Event, keys: &[&str]) -> Option<String> {
    keys.iter()
        .find_map(|key| event.facts.get(*key)?.as_str())
        .map(str::to_owned)
}

fn facts(event: &Event) -> Map<String, Value> {
    let mut facts = event.facts.clone();
    facts.insert("event".to_owned(), json!(event.action));
    facts.insert("via".to_owned(), json!(event.via));
    facts.insert("exit_code".to_owned(), value(event, "exit_code"));
    facts.insert("image".to_owned(), json!(image_of(event)));
    if event.kind == "container" {
        facts.insert(
            "container".to_owned(),
            json!(text(event, &["container", "name"])),
        );
    }
    if let Value::Array(words) = value(event, "command") {
        let words: Vec<String> = words
            .iter()
            .filter_map(|word| word.as_str().map(str::to_owned))
            .collect();
        facts.insert("command".to_owned(), json!(command_line(&words)));
    }
    facts
}

#[cfg(test)]
mod tests;
