//! Events and patterns of events in words.

use super::{EVENT, Moment};
use crate::checks::{Arg, Given, arg, judge};
use crate::matcher::{Matcher, quote};

/// An event in words, and the word that joins it with what it happened to. Most are called as the command of docker that
/// causes them.
fn named(event: &str) -> (String, &'static str) {
    let (words, joint) = match event {
        "exec_create" | "exec_start" => ("a command of `docker exec`", "in"),
        "exec_die" => ("the end of a command of `docker exec`", "in"),
        "copy_in" | "extract-to-dir" => ("`docker cp`", "into"),
        "copy_out" | "archive-path" => ("`docker cp`", "out of"),
        "build_step" => ("a build step", "of"),
        "health_status" => ("a health check", "of"),
        _ => return (quote(event), "of"),
    };
    (words.to_owned(), joint)
}

/// `start of container box with docker command run and tty yes`.
pub(super) fn describe_pattern(pattern: &[Given]) -> String {
    let (mut words, joint) = match arg(pattern, "event") {
        Some(Arg::Match(Matcher::Text(event))) => named(event),
        Some(Arg::Match(matcher)) => (matcher.describe(), "of"),
        _ => ("event".to_owned(), "of"),
    };
    for kind in ["container", "volume", "image"] {
        if let Some(Arg::Name(name)) = arg(pattern, kind) {
            words.push_str(&format!(" {joint} {kind} {}", quote(name)));
        }
    }
    let rest: Vec<Given> = pattern
        .iter()
        .filter(|given| {
            !matches!(
                given.field.name,
                "event" | "container" | "volume" | "image" | "count" | "after" | "before" | "since"
            )
        })
        .cloned()
        .collect();
    if !rest.is_empty() {
        words.push_str(&format!(" with {}", judge::describe_all(&rest)));
    }
    for (field, joint) in [("after", "after"), ("before", "before"), ("since", "after")] {
        if let Some(Arg::Group(group)) = arg(pattern, field) {
            words.push_str(&format!(" {joint} {}", describe_pattern(group)));
        }
    }
    words
}

/// The matching events; if there are none, the nearest ones: with the same action, else about the same thing.
pub(super) fn describe_events(
    pattern: &[Given],
    fitting: &[&Moment],
    journal: &[Moment],
) -> String {
    const SHOWN: usize = 5;
    if !fitting.is_empty() {
        let shown: Vec<String> = fitting
            .iter()
            .take(SHOWN)
            .map(|one| describe_event(one))
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
        let near = journal
            .iter()
            .filter(|one| !part.is_empty() && judge::fits(EVENT, &part, *one));
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

fn describe_event(one: &Moment) -> String {
    let event = &one.event;
    let (mut words, joint) = named(&event.action);
    let thing = one.text(&["container", "name"]);
    if let Some(name) = thing {
        words.push_str(&format!(" {joint} {} {}", event.kind, quote(&name)));
    }
    if event.kind == "container"
        && let Some(image) = one.image()
    {
        words.push_str(&format!(" from {}", quote(&image)));
    }
    let code = one.exit_code();
    if !code.is_null() {
        words.push_str(&format!(" with exit code {code}"));
    }
    for (name, words_for) in [
        ("attached", ["detached", "attached"]),
        ("tty", ["without a tty", "with a tty"]),
    ] {
        if let Some(yes) = one.fact(&[name]).as_bool() {
            words.push_str(&format!(", {}", words_for[usize::from(yes)]));
        }
    }
    words.push_str(&format!(" (by {})", quote(&event.via)));
    words
}
