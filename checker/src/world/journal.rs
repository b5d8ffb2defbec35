//! The journal, prepared for checks. A build is assembled from a `build_step` for each step and one `build`.

use super::facts::{Build, BuildStep, Event};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The builds in `events`, oldest first. Steps without a following `build` belong to a failed one.
pub(crate) fn builds(events: &[Event]) -> Vec<Build> {
    let (mut builds, mut steps): (Vec<Build>, Vec<BuildStep>) = (Vec::new(), Vec::new());
    for event in events {
        match event.action.as_str() {
            "build_step" => steps.push(step(event)),
            "build" => builds.push(Build {
                tags: tags(event),
                result: if failed(event) { "failed" } else { "ok" }.to_owned(),
                steps: std::mem::take(&mut steps),
                context: event.facts.get("context").and_then(Value::as_u64),
                image_id: Some(event.id.clone()).filter(|id| !id.is_empty()),
                args: args(event),
                dockerfile: text(event, "dockerfile"),
            }),
            _ => {}
        }
    }
    if !steps.is_empty() {
        builds.push(Build {
            result: "failed".to_owned(),
            steps,
            ..Build::default()
        });
    }
    builds
}

fn step(event: &Event) -> BuildStep {
    let line = text(event, "instruction").unwrap_or_default();
    let number = event.facts.get("index").and_then(Value::as_u64);
    let cached = event.facts.get("cached").and_then(Value::as_bool);
    BuildStep {
        // Steps that change no files, such as CMD, have no number.
        number: number.unwrap_or_default() as u32,
        instruction: line
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_ascii_uppercase(),
        cached: cached.unwrap_or_default(),
        reason: text(event, "reason").unwrap_or_default(),
        line,
    }
}

fn failed(event: &Event) -> bool {
    event.facts.get("success") == Some(&Value::Bool(false))
}

fn tags(event: &Event) -> Vec<String> {
    let tags = event.facts.get("tags").and_then(Value::as_array);
    tags.into_iter()
        .flatten()
        .filter_map(|tag| tag.as_str().map(str::to_owned))
        .collect()
}

fn args(event: &Event) -> BTreeMap<String, String> {
    let args = event.facts.get("args").and_then(Value::as_object);
    args.into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn text(event: &Event, key: &str) -> Option<String> {
    event.facts.get(key)?.as_str().map(str::to_owned)
}

/// The plain action of a line with an action such as `exec_start: cat /recipe`, as Docker writes it; the rest becomes a
/// fact.
pub(super) fn take_command(action: String, facts: &mut Map<String, Value>) -> String {
    match action.split_once(": ") {
        Some((plain, command)) => {
            facts.insert("command".to_owned(), command.into());
            plain.to_owned()
        }
        None => action,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(action: &str, facts: Value) -> Event {
        Event {
            kind: "builder".to_owned(),
            action: action.to_owned(),
            facts: facts.as_object().cloned().unwrap_or_default(),
            ..Event::default()
        }
    }

    #[test]
    fn steps_belong_to_the_build_that_comes_after_them() {
        let built = builds(&[
            event(
                "build_step",
                json!({"index": 1, "instruction": "FROM busybox", "cached": true}),
            ),
            event(
                "build_step",
                json!({"index": 2, "instruction": "RUN true", "cached": false, "reason": "first time"}),
            ),
            event(
                "build",
                json!({"tags": ["app:latest"], "args": {"A": "1"}, "dockerfile": "sha256:d"}),
            ),
            event(
                "build_step",
                json!({"index": 1, "instruction": "FROM busybox", "cached": true}),
            ),
            event("build", json!({"success": false, "error": "no such file"})),
        ]);
        assert_eq!(built.len(), 2);
        assert_eq!(built[0].result, "ok");
        assert_eq!(built[0].tags, ["app:latest"]);
        assert_eq!(built[0].args["A"], "1");
        assert_eq!(built[0].dockerfile.as_deref(), Some("sha256:d"));
        assert_eq!(built[0].steps[1].instruction, "RUN");
        assert_eq!(built[0].steps[1].reason, "first time");
        assert_eq!(
            (built[1].result.as_str(), built[1].steps.len()),
            ("failed", 1)
        );
    }

    #[test]
    fn steps_without_an_end_are_a_build_that_failed() {
        let built = builds(&[event("build_step", json!({"instruction": "RUN false"}))]);
        assert_eq!(built[0].result, "failed");
        assert!(builds(&[]).is_empty());
    }

    #[test]
    fn the_command_of_an_exec_is_a_fact_and_no_part_of_the_action() {
        let mut facts = Map::new();
        let plain = take_command("exec_start: cat /a: b".to_owned(), &mut facts);
        assert_eq!(plain, "exec_start");
        assert_eq!(facts["command"], "cat /a: b");
        assert_eq!(take_command("die".to_owned(), &mut Map::new()), "die");
    }
}
