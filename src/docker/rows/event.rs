//! `docker events`.

use crate::docker::template::{Functions, Template, TemplateError};
use crate::docker::timestamps::rfc3339_fixed;
use crate::docker::value::{Map, Struct, Value};
use engine::events::{Action, Event, ObjectKind};
use engine::oci::reference::Reference;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

/// Whether Docker would report `event`.
pub(crate) fn is_reported(event: &Event) -> bool {
    event.what().is_none_or(Action::is_dockers)
}

/// Docker's name for the kind.
pub(crate) fn kind(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Container => "container",
        ObjectKind::Image => "image",
        ObjectKind::Volume => "volume",
        ObjectKind::Builder => "builder",
        ObjectKind::Registry => "registry",
    }
}

/// Docker's form of `event`: for a pull or push, the id is the name, and the name has no tag.
pub(crate) fn reported(event: &Event) -> Event {
    let mut event = event.clone();
    if event.kind == ObjectKind::Image
        && matches!(event.what(), Some(Action::Pull | Action::Push))
        && let Some(name) = event.facts.get("name").and_then(Json::as_str)
        && let Ok(reference) = Reference::parse(name)
    {
        event.id = name.to_owned();
        event = event.with("name", reference.familiar_name());
    }
    event
}

/// The event on one line: `2026-11-21T10:00:00.000000000Z container start 0123… (image=busybox, name=c1)`.
pub(crate) fn line(event: &Event, zone: &TimeZone) -> String {
    let mut facts: Vec<String> = event
        .facts
        .iter()
        .map(|(key, value)| format!("{key}={}", fact(value)))
        .collect();
    facts.sort();
    let facts = match facts.is_empty() {
        true => String::new(),
        false => format!(" ({})", facts.join(", ")),
    };
    let time = rfc3339_fixed(event.time, zone);
    format!(
        "{time} {} {} {}{facts}",
        kind(event.kind),
        event.action,
        event.id
    )
}

/// Parses the template of `--format` and tries it on an empty event, as Docker does.
///
/// # Errors
/// The caller prints it after `Error parsing format: ` and exits with 64.
pub(crate) fn format(text: &str) -> Result<Template, TemplateError> {
    let template = Template::parse(if text == "json" { "{{json .}}" } else { text })?;
    let mut empty = Event::new(
        Timestamp::UNIX_EPOCH,
        ObjectKind::Container,
        Action::List,
        "",
        "",
    );
    empty.action.clear();
    template.execute(&message(&empty), Functions::Normal)?;
    Ok(template)
}

/// The event as Docker's `events.Message`.
pub(crate) fn message(event: &Event) -> Value {
    let nanoseconds = i64::try_from(event.time.as_nanosecond()).unwrap_or(i64::MAX);
    let facts = event.facts.iter().map(|(key, value)| (key, fact(value)));
    let is_container = event.kind == ObjectKind::Container;
    let from = event.facts.get("image").filter(|_| is_container).map(fact);
    let actor = Struct::new("events.Actor")
        .with("ID", &event.id)
        .with("Attributes", Map::of_texts(facts));
    let scope = if event.id.is_empty() && event.action.is_empty() {
        ""
    } else {
        "local"
    };
    Struct::new("events.Message")
        .with_omitted("Status", "status", &event.action)
        .with_omitted("ID", "id", &event.id)
        .with_omitted("From", "from", from.unwrap_or_default())
        .with("Type", kind(event.kind))
        .with("Action", &event.action)
        .with("Actor", actor)
        .with_omitted("Scope", "scope", scope)
        .with_omitted("Time", "time", event.time.as_second())
        .with_omitted("TimeNano", "timeNano", nanoseconds)
        .into()
}

/// In Docker, facts are strings.
fn fact(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::inspect::samples::moment;

    fn event() -> Event {
        let time = moment("2026-11-21T10:00:00.5Z");
        Event::new(time, ObjectKind::Container, Action::Die, "0123", "monitor")
            .with("name", "c1")
            .with("exitCode", 2)
            .with("image", "busybox")
    }

    #[test]
    fn an_event_is_one_line_with_its_facts_sorted() {
        assert_eq!(
            line(&event(), &TimeZone::UTC),
            "2026-11-21T10:00:00.500000000Z container die 0123 (exitCode=2, image=busybox, name=c1)"
        );
    }

    #[test]
    fn templates_see_dockers_message() {
        let show = |text| {
            format(text)
                .unwrap()
                .execute(&message(&event()), Functions::Normal)
                .unwrap()
        };
        assert_eq!(
            show("{{.Action}} {{.Type}} {{.Actor.ID}} {{.Actor.Attributes.name}}"),
            "die container 0123 c1"
        );
        assert_eq!(
            show("{{.Status}} {{.ID}} {{.From}} {{.Time}}"),
            "die 0123 busybox 1795255200"
        );
        assert_eq!(
            show("json"),
            r#"{"status":"die","id":"0123","from":"busybox","Type":"container","Action":"die","Actor":{"ID":"0123","Attributes":{"exitCode":"2","image":"busybox","name":"c1"}},"scope":"local","time":1795255200,"timeNano":1795255200500000000}"#
        );
    }

    #[test]
    fn a_field_that_no_event_has_is_refused_at_once() {
        let error = format("{{.Nope}}").unwrap_err().to_string();
        assert!(
            error.ends_with("can't evaluate field Nope in type events.Message"),
            "{error}"
        );
    }

    #[test]
    fn what_travels_is_reported_by_its_name() {
        let time = event().time;
        let check = |action: Action, name: &str, expected: &str| {
            let event = Event::new(time, ObjectKind::Image, action, "sha256:0123", "x");
            let text = line(&reported(&event.with("name", name)), &TimeZone::UTC);
            assert_eq!(
                text,
                format!("2026-11-21T10:00:00.500000000Z image {expected}")
            );
        };
        check(
            Action::Pull,
            "busybox:latest",
            "pull busybox:latest (name=busybox)",
        );
        check(
            Action::Push,
            "reg:5000/a/b:1",
            "push reg:5000/a/b:1 (name=reg:5000/a/b)",
        );
        check(
            Action::Tag,
            "busybox:latest",
            "tag sha256:0123 (name=busybox:latest)",
        );
        assert_eq!(reported(&event()), event());
    }

    #[test]
    fn looks_are_not_reported() {
        assert!(is_reported(&event()));
        let look = Event::new(
            event().time,
            ObjectKind::Container,
            Action::Logs,
            "0123",
            "logs",
        );
        assert!(!is_reported(&look));
    }
}
