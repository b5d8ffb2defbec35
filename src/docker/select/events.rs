//! `docker events --filter`.
//!
//! Source: moby `daemon/events/filter.go`.

use super::Filters;
use crate::docker::rows::event::kind;
use engine::Result;
use engine::events::{Event, ObjectKind};
use std::collections::BTreeMap;

/// The filters that `docker events` knows; filters for things that we do not have match nothing.
const KNOWN: [&str; 15] = [
    "config",
    "container",
    "daemon",
    "event",
    "image",
    "label",
    "network",
    "node",
    "plugin",
    "scope",
    "secret",
    "service",
    "type",
    "volume",
    "builder",
];

/// Refuses filters that Docker does not know.
///
/// # Errors
/// `invalid filter 'x'`.
pub(crate) fn check(filters: &Filters) -> Result<()> {
    filters.check(&KNOWN)
}

/// Whether `filters` let `event` through.
pub(crate) fn matches(filters: &Filters, event: &Event) -> bool {
    let labels: BTreeMap<String, String> = event
        .facts
        .iter()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect();
    let is = |wanted: ObjectKind| event.kind == wanted;
    // `health_status: healthy` is found by `health_status` too.
    let action = event.action.split(':').next().unwrap_or_default();
    (filters.is_one_of("event", &event.action) || filters.is_one_of("event", action))
        && filters.is_one_of("type", kind(event.kind))
        && filters.is_one_of("scope", "local")
        && filters.labels_match("label", &labels)
        && object(filters, "container", is(ObjectKind::Container), event)
        && object(filters, "volume", is(ObjectKind::Volume), event)
        && object(filters, "builder", is(ObjectKind::Builder), event)
        && image(filters, event)
        && [
            "config", "daemon", "network", "node", "plugin", "secret", "service",
        ]
        .iter()
        .all(|name| !filters.has(name))
}

/// Whether the event is about the thing with this name, or with an id or name that begins with it.
fn object(filters: &Filters, name: &str, is_kind: bool, event: &Event) -> bool {
    let called = event
        .facts
        .get("name")
        .and_then(|name| name.as_str())
        .unwrap_or_default();
    let fits = |wanted: &str| event.id.starts_with(wanted) || called.starts_with(wanted);
    !filters.has(name) || is_kind && filters.values(name).any(fits)
}

/// Whether the event is about the image, or about one of its containers. The tag may be omitted.
fn image(filters: &Filters, event: &Event) -> bool {
    let fact = match event.kind {
        ObjectKind::Image => "name",
        _ => "image",
    };
    let called = event
        .facts
        .get(fact)
        .and_then(|name| name.as_str())
        .unwrap_or_default();
    let slash = called.rfind('/').map_or(0, |slash| slash + 1);
    let colon = called[slash..]
        .find(':')
        .map_or(called.len(), |colon| slash + colon);
    let is_id = |wanted: &str| event.kind == ObjectKind::Image && event.id == wanted;
    let fits = |wanted: &str| wanted == called || wanted == &called[..colon] || is_id(wanted);
    !filters.has("image") || filters.values("image").any(fits)
}

#[cfg(test)]
mod tests {
    use super::super::filters;
    use super::*;
    use engine::events::Action;
    use jiff::Timestamp;

    fn event() -> Event {
        Event::new(
            Timestamp::UNIX_EPOCH,
            ObjectKind::Container,
            Action::Start,
            "0123abcd",
            "run",
        )
        .with("name", "web")
        .with("image", "team/app:2")
        .with("tier", "db")
    }

    #[test]
    fn events_are_chosen_by_what_they_are_about() {
        for (words, expected) in [
            (&[][..], true),
            (&["container=web"], true),
            (&["container=0123"], true),
            (&["container=db"], false),
            (&["event=start", "event=die"], true),
            (&["event=die"], false),
            (&["type=container"], true),
            (&["type=image"], false),
            (&["image=team/app"], true),
            (&["image=team/app:2"], true),
            (&["image=app"], false),
            (&["label=tier=db"], true),
            (&["label=tier=web"], false),
            (&["volume=web"], false),
            (&["network=bridge"], false),
        ] {
            assert_eq!(matches(&filters(words), &event()), expected, "{words:?}");
        }
        let error = check(&filters(&["color=red"])).unwrap_err();
        assert_eq!(error.to_string(), "invalid filter 'color'");
    }
}
