//! Events and patterns of events in words.

use super::{EVENT, Moment};
use crate::checks::{Arg, Given, arg, judge};
use crate::matcher::quote;

/// `start of container box via run with tty yes`.
pub(super) fn describe_pattern(pattern: &[Given]) -> String {
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
    let mut words = quote(&event.action);
    let thing = one.text(&["container", "name"]);
    if let Some(name) = thing {
        words.push_str(&format!(" of {} {}", event.kind, quote(&name)));
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
