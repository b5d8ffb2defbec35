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

use super::judge;
use super::outcome::{Claim, Outcome, Truth};
use super::{Arg, Check, Given, arg};
use crate::field::{Field, Kind, Noun, concat, field};
use crate::matcher::{Matcher, command_line, quote};
use crate::world::{Event, World, tagged};
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
    let events = match world.events() {
        Ok(events) => events,
        Err(blind) => return Outcome::blind(expected, blind),
    };
    let fitting: Vec<&Event> = events
        .iter()
        .enumerate()
        .filter(|(at, event)| fits(&check.given, event) && in_order(check, &events, *at))
        .map(|(_, event)| event)
        .collect();
    let number = json!(fitting.len());
    let claim = Claim {
        expected,
        found: describe_events(&check.given, &fitting, &events),
        truth: Truth::of(matcher.accepts(&number)),
        values: Some((matcher.clone(), number)),
    };
    let mut facts = fitting.first().map_or_else(Map::new, |event| facts(event));
    facts.insert("count".to_owned(), json!(fitting.len()));
    Outcome::all(vec![claim], facts)
}

/// Whether `event` fits every field of `pattern` but those about other events.
fn fits(pattern: &[Given], event: &Event) -> bool {
    pattern
        .iter()
        .all(|given| match (given.field.name, &given.arg) {
            ("count" | "after" | "before", _) => true,
            ("container", Arg::Name(name)) => {
                text(event, &["container", "name"]).as_deref() == Some(name)
                    && event.kind == "container"
            }
            ("volume", Arg::Name(name)) => {
                event.kind == "volume" && event.id == *name
                    || text(event, &["volume"]).as_deref() == Some(name)
            }
            ("image", Arg::Name(name)) => {
                image_of(event).is_some_and(|one| tagged(&one) == tagged(name))
            }
            (name, Arg::Match(matcher)) => matcher.accepts(&value(event, name)),
            _ => false,
        })
}

/// Whether the events that `after` and `before` ask for are there, on the same thing.
fn in_order(check: &Check, events: &[Event], at: usize) -> bool {
    let same = |other: &&Event| other.id == events[at].id;
    let after = match check.arg("after") {
        Some(Arg::Group(group)) => events[..at]
            .iter()
            .filter(same)
            .any(|event| fits(group, event)),
        _ => true,
    };
    let before = match check.arg("before") {
        Some(Arg::Group(group)) => events[at + 1..]
            .iter()
            .filter(same)
            .any(|event| fits(group, event)),
        _ => true,
    };
    after && before
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

/// `start of container box via run with tty yes`.
fn describe_pattern(pattern: &[Given]) -> String {
    let mut words = match arg(pattern, "event") {
        Some(Arg::Match(matcher)) => matcher.describe(),
        _ => "event".to_owned(),
    };
    for (field, joint) in [
        ("container", "of container"),
        ("volume", "of volume"),
        ("image", "of image"),
    ] {
        if let Some(Arg::Name(name)) = arg(pattern, field) {
            words.push_str(&format!(" {joint} {}", quote(name)));
        }
    }
    let rest: Vec<Given> = pattern
        .iter()
        .filter(|given| {
            !matches!(
                given.field.name,
                "event" | "container" | "volume" | "image" | "count" | "after" | "before"
            )
        })
        .cloned()
        .collect();
    if !rest.is_empty() {
        words.push_str(&format!(" with {}", judge::describe_all(&rest)));
    }
    for (field, joint) in [("after", "after"), ("before", "before")] {
        if let Some(Arg::Group(group)) = arg(pattern, field) {
            words.push_str(&format!(" {joint} {}", describe_pattern(group)));
        }
    }
    words
}

/// The events that fit; if there are none, those that come nearest: of the same action, else of the same thing.
fn describe_events(pattern: &[Given], fitting: &[&Event], events: &[Event]) -> String {
    const SHOWN: usize = 5;
    if !fitting.is_empty() {
        let shown: Vec<String> = fitting
            .iter()
            .take(SHOWN)
            .map(|event| describe_event(event))
            .collect();
        let more = fitting.len().saturating_sub(SHOWN);
        let rest = if more > 0 {
            format!(", and {more} more")
        } else {
            String::new()
        };
        return format!("{}: {}{rest}", fitting.len(), shown.join(", "));
    }
    let like = |names: &[&str]| -> Vec<String> {
        let part: Vec<Given> = pattern
            .iter()
            .filter(|given| names.contains(&given.field.name))
            .cloned()
            .collect();
        let near = events
            .iter()
            .filter(|event| !part.is_empty() && fits(&part, event));
        let mut shown: Vec<String> = near.map(describe_event).collect();
        shown.dedup();
        shown
    };
    let mut near = like(&["event", "type"]);
    if near.is_empty() {
        near = like(&["container", "volume", "image"]);
    }
    match near.len() {
        0 => "none".to_owned(),
        count if count > SHOWN => format!(
            "none, only {} and {} more",
            near[..SHOWN].join(", "),
            count - SHOWN
        ),
        _ => format!("none, only {}", near.join(", ")),
    }
}

fn describe_event(event: &Event) -> String {
    let mut words = quote(&event.action);
    let thing = text(event, &["container", "name"]);
    if let Some(name) = thing {
        words.push_str(&format!(" of {} {}", event.kind, quote(&name)));
    }
    if event.kind == "container"
        && let Some(image) = image_of(event)
    {
        words.push_str(&format!(" from {}", quote(&image)));
    }
    let code = value(event, "exit_code");
    if !code.is_null() {
        words.push_str(&format!(" with exit code {code}"));
    }
    for (name, words_for) in [
        ("attached", ["detached", "attached"]),
        ("tty", ["without a tty", "with a tty"]),
    ] {
        if let Some(yes) = value(event, name).as_bool() {
            words.push_str(&format!(", {}", words_for[usize::from(yes)]));
        }
    }
    words.push_str(&format!(" (by {})", quote(&event.via)));
    words
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
mod tests {
    use crate::checks::testing::{blind, fails, holds};
    use crate::world::fake::Fake;

    fn world() -> Fake {
        Fake::default()
            .event("create", "run", "fox", "busybox")
            .event("start", "run", "fox", "busybox")
            .fact("attached", false)
            .event("die", "monitor", "fox", "busybox")
            .fact("exitCode", "7")
            .event("start", "start", "box", "hello-world")
    }

    #[test]
    fn events_are_found_by_their_facts() {
        holds(
            "happened: { event: die, image: 'busybox:latest', exit_code: 7 }",
            &world(),
        );
        holds(
            "happened: { event: start, container: fox, attached: false, via: run }",
            &world(),
        );
        holds("happened: { event: start, count: 2 }", &world());
        fails(
            "happened: { event: start, container: box, via: run }",
            &world(),
            "`start` of container `box` with via `run`, since the start",
            "none, only `start` of container `fox` from `busybox`, detached (by `run`), `start` of container `box` from `hello-world` (by `start`)",
        );
    }

    #[test]
    fn a_name_is_literal() {
        fails(
            "happened: { event: die, container: fo }",
            &world(),
            "`die` of container `fo`, since the start",
            "none, only `die` of container `fox` from `busybox` with exit code 7 (by `monitor`)",
        );
    }

    #[test]
    fn never_is_broken_by_one_event() {
        holds("never: { event: destroy }", &world());
        fails(
            "never: { event: create, via: run }",
            &world(),
            "no `create` with via `run`, since the start",
            "1: `create` of container `fox` from `busybox` (by `run`)",
        );
    }

    #[test]
    fn before_and_after_look_at_the_same_thing() {
        holds(
            "happened: { event: start, after: { event: create }, before: { event: die } }",
            &world(),
        );
        fails(
            "happened: { event: start, container: box, after: { event: create } }",
            &world(),
            "`start` of container `box` after `create`, since the start",
            "none, only `start` of container `fox` from `busybox`, detached (by `run`), `start` of container `box` from `hello-world` (by `start`)",
        );
    }

    #[test]
    fn what_cannot_be_seen_is_not_wrong() {
        blind("happened: { event: start }");
        blind("never: { event: start }");
    }
}
