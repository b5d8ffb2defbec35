//! An event since the exercise began, whatever the state is now.
//!
//! ## Passes when
//! the journal has `count` events (at least one, if `count` is not given) that match every field. `never` passes when
//! it has none. `after` and `before` require another event on the same container, image or volume, and `since` an
//! earlier event on anything. `container: web` means the container that has this name now, whatever its earlier names; if there is none, and for `destroy`, the one
//! that had the name then. A `login` counts until the next login or logout at the same registry. A pass by `happened`
//! stays: the journal keeps everything until `reset`.
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
use super::{Arg, Check, Given, NounKind, arg, judge};
use crate::checks::field::{Field, Kind, Noun, aside, concat, named, shapes, value};
use crate::matcher::{Matcher, command_line};
use crate::world::{Blind, Container, Event, Image, World, find_image, tagged};
use describe::{describe_events, describe_pattern};
use serde_json::{Map, Value, json};
use std::rc::Rc;

/// The events, as `docker events` and the journal call them.
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

/// The fields of an event.
const EVENT: &[Field<Moment>] = &[
    value("event", Kind::OneOf(EVENTS), |one: &Moment| {
        json!(one.event.action)
    })
    .doc("What happened."),
    value(
        "type",
        Kind::OneOf(&["container", "image", "volume", "builder", "registry"]),
        |one: &Moment| json!(one.event.kind),
    )
    .doc("The kind of thing that it happened to."),
    value("via", Kind::Text, |one: &Moment| json!(one.event.via))
        .called("docker command")
        .doc(
            "The docker command that caused it, such as `run`; `monitor` for what \
         happened by itself.",
        ),
    named("container", Moment::is_about).doc(
        "The exact name of the container that has it now; if there is none, and for \
         `destroy`, of the one that had it then.",
    ),
    named("image", Moment::is_of_image).doc(
        "The image, of the container or itself, as typed; `app` and `app:latest` are \
         the same.",
    ),
    named("volume", Moment::is_of_volume).doc("The volume."),
    value("exit_code", Kind::Number, |one: &Moment| one.exit_code()).doc("How the process ended."),
    value("signal", Kind::Text, |one: &Moment| one.fact(&["signal"]))
        .doc("The signal, such as `15` or `SIGTERM`."),
    value("tty", Kind::Bool, |one: &Moment| one.fact(&["tty"])).doc("With a terminal (`-t`)."),
    value("stdin", Kind::Bool, |one: &Moment| {
        one.fact(&["stdin", "openStdin"])
    })
    .doc("With standard input (`-i`)."),
    value("attached", Kind::Bool, |one: &Moment| {
        one.fact(&["attached"])
    })
    .doc("With its output attached."),
    value("command", Kind::Words, |one: &Moment| one.command())
        .doc("The command of an `exec` or of the container."),
    value("path", Kind::Text, |one: &Moment| {
        one.fact(&["path", "container_path", "source", "target"])
    })
    .doc("The path in the container, of `copy_in` and `copy_out`."),
    value("tag", Kind::Text, |one: &Moment| {
        one.fact(&["tag", "name", "reference"])
    })
    .doc("The reference that was given or taken away."),
    value("cached", Kind::Bool, |one: &Moment| one.fact(&["cached"]))
        .doc("Of a `build_step`: it came from the cache."),
    value("uploaded", Kind::Number, |one: &Moment| {
        one.number(&["uploaded"])
    })
    .called("uploaded layers")
    .doc("Of a `push`: layers that were sent."),
    value("skipped", Kind::Number, |one: &Moment| {
        one.number(&["skipped"])
    })
    .called("skipped layers")
    .doc("Of a `push`: layers that the registry had."),
    value("mounted", Kind::Number, |one: &Moment| {
        one.number(&["mounted"])
    })
    .called("mounted layers")
    .doc("Of a `push`: layers that another repository of the registry had."),
    value("fetched", Kind::Number, |one: &Moment| {
        one.number(&["fetched"])
    })
    .called("fetched layers")
    .doc("Of a `pull`: layers that came over the network."),
    value("registry", Kind::Text, |one: &Moment| {
        one.fact(&["registry"])
    })
    .doc("Of a `login` or `logout`: where, such as `docker.io` or `localhost:5000`."),
    value("username", Kind::Text, |one: &Moment| {
        one.fact(&["username"])
    })
    .doc("Of a `login`: as whom."),
    value("fact", Kind::Map, |one: &Moment| json!(one.event.facts))
        .called("facts")
        .doc("Any other fact of the journal's line, by its key."),
];

const OWN: &[Field<Moment>] = &[
    aside("count", Kind::Number).doc("How often; at least once if not given."),
    aside("after", Kind::Group(&shapes::<_, { EVENT.len() }>(EVENT)))
        .doc("Only after such an event on the same thing."),
    aside("before", Kind::Group(&shapes::<_, { EVENT.len() }>(EVENT)))
        .doc("Only before such an event on the same thing."),
    aside("since", Kind::Group(&shapes::<_, { EVENT.len() }>(EVENT)))
        .doc("Only after such an event, whatever it happened to."),
];

const FIELDS: &[Field<Moment>] = &concat::<_, { EVENT.len() + OWN.len() }>(EVENT, OWN);

/// The noun.
pub static NOUN: Noun = Noun {
    name: "happened",
    doc: "Something that happened since the exercise began, whatever the state is now.",
    fields: &shapes::<_, { FIELDS.len() }>(FIELDS),
    needs: &["event"],
    shows: &["count", "container", "image", "name"],
};

/// The opposite noun.
pub static NEVER: Noun = Noun {
    name: "never",
    doc: "Something that must not have happened since the exercise began.",
    fields: &shapes::<_, { EVENT.len() }>(EVENT),
    needs: &["event"],
    shows: &["count", "container", "image", "name"],
};

/// Whether more events can make the check false, so that a pass may not last.
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
    let groups = ["after", "before", "since"].map(|field| judge::group(check.arg(field)));
    let patterns = [check.given.as_slice(), groups[0], groups[1], groups[2]];
    let untold = patterns
        .iter()
        .find_map(|pattern| untold(pattern, world))
        .map_or_else(|| world.events(), Err);
    let observed = untold.and_then(|events| Ok((events, world.containers()?)));
    let (events, containers) = match observed {
        Ok(observed) => observed,
        Err(blind) => return Outcome::blind(expected, blind),
    };
    let setting = Rc::new(Setting {
        containers,
        images: world.setup().images.clone(),
    });
    let moment = |event| Moment {
        event,
        setting: Rc::clone(&setting),
    };
    let journal: Vec<Moment> = events.into_iter().map(moment).collect();
    let fitting: Vec<&Moment> = journal
        .iter()
        .enumerate()
        .filter(|(at, one)| {
            judge::fits(FIELDS, &check.given, *one)
                && is_in_order(check, &journal, *at)
                && (check.noun == NounKind::Never || !has_ended(&journal, *at))
        })
        .map(|(_, one)| one)
        .collect();
    let number = json!(fitting.len());
    let claim = Claim {
        expected,
        found: describe_events(&check.given, &fitting, &journal),
        truth: Truth::of(matcher.accepts(&number)),
        values: Some((matcher.clone(), number)),
    };
    let mut facts = fitting.first().map_or_else(Map::new, |one| one.shown());
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

/// An event of the journal, and the facts that identify its subjects.
struct Moment {
    event: Event,
    setting: Rc<Setting>,
}

struct Setting {
    /// The current containers.
    containers: Vec<Container>,
    /// The images of the setup.
    images: Vec<Image>,
}

impl Moment {
    /// Whether the event is about the container called `name`.
    fn is_about(&self, name: &str) -> bool {
        let event = &self.event;
        if event.kind != "container" {
            return false;
        }
        let mut now = self.setting.containers.iter();
        match now.find(|one| one.name == name) {
            Some(one) if event.action != "destroy" => event.id == one.id,
            _ => self.text(&["container", "name"]).as_deref() == Some(name),
        }
    }

    /// Whether the event is about the image called `name`. A `delete` has no name, and a `save` may name several images,
    /// or give an id: the setup may record which image it was.
    fn is_of_image(&self, name: &str) -> bool {
        let action = self.event.action.as_str();
        let given = self.image().unwrap_or_default();
        let mut words: Vec<&str> = given.split_whitespace().collect();
        if matches!(action, "delete" | "save") {
            words.push(&self.event.id);
        }
        let of_setup = find_image(&self.setting.images, name);
        let is_id = |word: &str| {
            let hex = |id: &str| id.trim_start_matches("sha256:").to_owned();
            let is_hex = word.len() >= 12 && hex(word).bytes().all(|b| b.is_ascii_hexdigit());
            is_hex && of_setup.is_some_and(|image| hex(&image.id).starts_with(&hex(word)))
        };
        words
            .iter()
            .any(|word| tagged(word) == tagged(name) || is_id(word))
    }

    /// Whether the event is about the volume called `name`.
    fn is_of_volume(&self, name: &str) -> bool {
        self.event.kind == "volume" && self.event.id == name
            || self.text(&["volume"]).as_deref() == Some(name)
    }

    /// The image of the event.
    fn image(&self) -> Option<String> {
        match self.event.kind.as_str() {
            "image" => self.text(&["name", "reference", "image", "tag"]),
            _ => self.text(&["image"]),
        }
    }

    /// The words of the event's command.
    fn command(&self) -> Value {
        match self.fact(&["command", "execCommand", "cmd"]) {
            Value::String(line) => json!(shell_words::split(&line).unwrap_or_else(|_| vec![line])),
            other => other,
        }
    }

    /// How the process ended.
    fn exit_code(&self) -> Value {
        self.number(&["exitCode", "exit_code"])
    }

    fn fact(&self, keys: &[&str]) -> Value {
        let mut facts = keys.iter().filter_map(|key| self.event.facts.get(*key));
        facts.next().cloned().unwrap_or(Value::Null)
    }

    /// Docker writes numbers as text among an event's attributes.
    fn number(&self, keys: &[&str]) -> Value {
        match self.fact(keys) {
            Value::String(text) => text.parse::<i64>().map_or(Value::String(text), Value::from),
            other => other,
        }
    }

    fn text(&self, keys: &[&str]) -> Option<String> {
        let facts = keys
            .iter()
            .find_map(|key| self.event.facts.get(*key)?.as_str());
        facts.map(str::to_owned)
    }

    /// The facts for `{found.…}`.
    fn shown(&self) -> Map<String, Value> {
        let event = &self.event;
        let mut facts = event.facts.clone();
        facts.insert("event".to_owned(), json!(event.action));
        facts.insert("via".to_owned(), json!(event.via));
        facts.insert("exit_code".to_owned(), self.exit_code());
        facts.insert("image".to_owned(), json!(self.image()));
        if event.kind == "container" {
            let name = self.text(&["container", "name"]);
            facts.insert("container".to_owned(), json!(name));
        }
        if let Value::Array(words) = self.command() {
            let words: Vec<String> = words
                .iter()
                .filter_map(|word| word.as_str().map(str::to_owned))
                .collect();
            facts.insert("command".to_owned(), json!(command_line(&words)));
        }
        facts
    }
}

/// Whether the events that `after` and `before` require exist, on the same thing, and the one of `since`, on anything.
fn is_in_order(check: &Check, journal: &[Moment], at: usize) -> bool {
    let is_there = |field: &str, among: &[Moment]| match check.arg(field) {
        Some(Arg::Group(group)) => among
            .iter()
            .filter(|other| field == "since" || other.event.id == journal[at].event.id)
            .any(|one| judge::fits(EVENT, group, one)),
        _ => true,
    };
    let (earlier, later) = (&journal[..at], &journal[at + 1..]);
    is_there("after", earlier) && is_there("before", later) && is_there("since", earlier)
}

/// Whether a later login or logout at the same registry has ended the login at `at`.
fn has_ended(journal: &[Moment], at: usize) -> bool {
    let one = &journal[at];
    one.event.action == "login"
        && journal[at + 1..].iter().any(|later| {
            matches!(later.event.action.as_str(), "login" | "logout")
                && later.fact(&["registry"]) == one.fact(&["registry"])
        })
}

#[cfg(test)]
mod tests;
