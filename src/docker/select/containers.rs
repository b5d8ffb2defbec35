//! `docker ps --filter`, `-a`, `-n`, `-l`.
//!
//! Source: moby `daemon/list.go`.

use super::{Filters, Pattern};
use engine::image::Image;
use engine::runtime::spec::{Container, Status};
use engine::store::containers::{ContainerConfig, MountSource, NetworkMode};
use engine::{Error, Result};
use std::collections::BTreeSet;

/// The filters that `docker ps` knows.
const KNOWN: [&str; 15] = [
    "ancestor",
    "before",
    "exited",
    "expose",
    "health",
    "id",
    "is-task",
    "isolation",
    "label",
    "name",
    "network",
    "publish",
    "since",
    "status",
    "volume",
];

/// Docker's words for a container's state.
const STATES: [&str; 7] = [
    "paused",
    "restarting",
    "removing",
    "running",
    "dead",
    "created",
    "exited",
];

/// The user's request to `docker ps`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    /// `-a`.
    pub(crate) all: bool,
    /// `-n`, or 1 with `-l`. Stopped containers count.
    pub(crate) limit: Option<usize>,
    /// `-f`.
    pub(crate) filters: Filters,
}

/// The containers of `containers` (newest first) that match `query`. `find_image` resolves the image of an `ancestor`
/// filter; a missing image matches nothing, as in Docker.
///
/// # Errors
/// In Docker's words: an unknown filter or value, or a missing container to compare with.
pub(crate) fn select(
    containers: Vec<Container>,
    query: &Query,
    find_image: &dyn Fn(&str) -> Option<Image>,
) -> Result<Vec<Container>> {
    let tests = Tests::new(&containers, &query.filters, find_image)?;
    let all = query.all
        || query.limit.is_some()
        || ["status", "before", "since"]
            .iter()
            .any(|name| query.filters.has(name));
    let limit = query.limit.unwrap_or(usize::MAX);
    Ok(containers
        .into_iter()
        .filter(|container| all || is_running(container))
        .filter(|container| tests.hold(container))
        .take(limit)
        .collect())
}

/// What `docker ps` shows without `-a`.
fn is_running(container: &Container) -> bool {
    container.status.is_alive() || container.status == Status::Restarting
}

/// The parsed filters.
struct Tests<'a> {
    filters: &'a Filters,
    names: Vec<Pattern>,
    ids: Vec<Pattern>,
    exit_codes: Vec<i32>,
    ancestors: Option<Vec<Image>>,
    find_image: &'a dyn Fn(&str) -> Option<Image>,
    before: Option<jiff::Timestamp>,
    since: Option<jiff::Timestamp>,
    published: BTreeSet<(u16, String)>,
    exposed: BTreeSet<(u16, String)>,
}

impl<'a> Tests<'a> {
    fn new(
        containers: &[Container],
        filters: &'a Filters,
        find_image: &'a dyn Fn(&str) -> Option<Image>,
    ) -> Result<Self> {
        filters.check(&KNOWN)?;
        if let Some(state) = filters
            .values("status")
            .find(|state| !STATES.contains(state))
        {
            return Err(Error::invalid(format!("invalid filter 'status={state}'")));
        }
        let verdicts = ["none", "starting", "healthy", "unhealthy"];
        if let Some(verdict) = filters
            .values("health")
            .find(|value| !verdicts.contains(value))
        {
            let message = format!("unrecognized filter value for health: {verdict}");
            return Err(Error::invalid(message));
        }
        let exit_code = |text: &str| {
            text.parse().map_err(|_| {
                Error::invalid(format!("strconv.Atoi: parsing \"{text}\": invalid syntax"))
            })
        };
        let created = |name: &str| -> Result<Option<jiff::Timestamp>> {
            let Some(wanted) = filters.values(name).last() else {
                return Ok(None);
            };
            let found = containers
                .iter()
                .find(|container| is_called(container, wanted));
            let missing = || Error::not_found(format!("No such container: {wanted}"));
            Ok(Some(found.ok_or_else(missing)?.config.created))
        };
        let ancestors = filters.values("ancestor").filter_map(find_image);
        Ok(Self {
            names: filters.patterns("name"),
            ids: filters.patterns("id"),
            exit_codes: filters
                .values("exited")
                .map(exit_code)
                .collect::<Result<_>>()?,
            ancestors: filters.has("ancestor").then(|| ancestors.collect()),
            find_image,
            before: created("before")?,
            since: created("since")?,
            published: ports(filters, "publish")?,
            exposed: ports(filters, "expose")?,
            filters,
        })
    }

    fn hold(&self, container: &Container) -> bool {
        let (config, filters) = (&container.config, self.filters);
        // Docker compares with and without the leading slash.
        let named = |name: &Pattern| {
            name.matches(&config.name) || name.matches(&format!("/{}", config.name))
        };
        let health = container
            .state
            .health
            .as_ref()
            .map_or("none", |health| &health.status);
        any_or_none(&self.names, named)
            && any_or_none(&self.ids, |id| id.matches(config.id.as_str()))
            && filters.labels_match("label", &config.labels)
            && filters.is_one_of("status", container.status.word())
            && filters.is_one_of("health", health)
            && filters.is_one_of("network", network(&config.host.network))
            && filters.is_one_of("is-task", "false")
            && any_or_none(&self.exit_codes, |&code| {
                // A container that was never started has no exit code.
                !is_running(container)
                    && container.state.started_at.is_some()
                    && container.state.exit_code == code
            })
            && self.before.is_none_or(|moment| config.created < moment)
            && self.since.is_none_or(|moment| config.created > moment)
            && self
                .ancestors
                .as_ref()
                .is_none_or(|ancestors| ancestors.iter().any(|image| self.descends(config, image)))
            && (!filters.has("volume") || filters.values("volume").any(|v| mounts(config, v)))
            && (self.published.is_empty() || publishes(container, &self.published))
            && (self.exposed.is_empty() || exposes(config, &self.exposed))
    }
}

impl Tests<'_> {
    /// Whether a container was created from `ancestor`, or from an image based on it: one with more layers on top, or
    /// one that has it among its parents.
    fn descends(&self, config: &ContainerConfig, ancestor: &Image) -> bool {
        let (layers, below) = (&config.layers, &ancestor.chain);
        if config.image == ancestor.id
            || (!below.is_empty() && layers.len() > below.len() && layers.starts_with(below))
        {
            return true;
        }
        let parent = |image: &Image| {
            let parent = image.parent.as_ref()?;
            (self.find_image)(parent.as_str())
        };
        let image = (self.find_image)(config.image.as_str());
        std::iter::successors(image, parent).any(|image| image.id == ancestor.id)
    }
}

/// Whether `test` holds for one of `wanted`, or `wanted` is empty.
fn any_or_none<T>(wanted: &[T], test: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(test)
}

fn is_called(container: &Container, name: &str) -> bool {
    let name = name.strip_prefix('/').unwrap_or(name);
    container.config.name == name || container.config.id.as_str().starts_with(name)
}

fn network(network: &NetworkMode) -> &'static str {
    match network {
        NetworkMode::Bridge => "bridge",
        NetworkMode::None => "none",
        NetworkMode::Host => "host",
    }
}

/// Whether a volume or folder called `wanted`, or the path `wanted`, is mounted.
fn mounts(config: &ContainerConfig, wanted: &str) -> bool {
    config.host.mounts.iter().any(|mount| {
        mount.target == wanted
            || match &mount.source {
                MountSource::Volume { name, .. } => name.as_str() == wanted,
                MountSource::Bind { path, .. } => path.as_os_str() == wanted,
                MountSource::Tmpfs { .. } => false,
            }
    })
}

fn publishes(container: &Container, wanted: &BTreeSet<(u16, String)>) -> bool {
    container.status.is_alive()
        && container
            .state
            .ports
            .iter()
            .any(|port| wanted.contains(&(port.host_port, port.protocol.clone())))
}

fn exposes(config: &ContainerConfig, wanted: &BTreeSet<(u16, String)>) -> bool {
    let exposed = config.exposed_ports.iter().filter_map(|port| {
        let (number, protocol) = port.split_once('/')?;
        Some((number.parse().ok()?, protocol.to_owned()))
    });
    let published = config
        .host
        .ports
        .iter()
        .map(|port| (port.container_port, port.protocol.clone()));
    exposed.chain(published).any(|port| wanted.contains(&port))
}

/// The ports under `name`: `80`, `80/udp`, `8000-8010/tcp`.
fn ports(filters: &Filters, name: &str) -> Result<BTreeSet<(u16, String)>> {
    let mut ports = BTreeSet::new();
    for text in filters.values(name) {
        let invalid = || {
            Error::invalid(format!(
                "filter for '{name}' should be in form of '<port>[/<proto>]' or '<startport-endport>[/<proto>]'"
            ))
        };
        let (range, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u16, u16) = match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) if first <= last => (first, last),
            _ => return Err(invalid()),
        };
        if !matches!(protocol, "tcp" | "udp" | "sctp") {
            return Err(invalid());
        }
        ports.extend((first..=last).map(|port| (port, protocol.to_owned())));
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::super::filters;
    use super::*;
    use crate::docker::inspect::samples;
    use engine::id::ContainerId;
    use engine::oci::digest::Digest;
    use engine::store::containers::Health;

    /// Newest first: `late` created, `mid` running, `early` exited with 2.
    fn three() -> Vec<Container> {
        let mut late = samples::container();
        late.config.name = "late".to_owned();
        late.config.id = ContainerId::parse(&"f".repeat(64)).unwrap();
        late.config.created = samples::moment("2026-11-21T11:00:00Z");
        late.config.labels.clear();
        late.config.image = Digest::of(b"other");
        late.config.layers = vec!["other".to_owned()];
        late.config.host.network = NetworkMode::None;
        late.status = Status::Created;
        late.state.exit_code = 0;
        let mut mid = samples::running();
        mid.config.name = "mid".to_owned();
        mid.config.id = ContainerId::parse(&"e".repeat(64)).unwrap();
        mid.config.created = samples::moment("2026-11-21T10:30:00Z");
        mid.config.layers.push("one more".to_owned());
        mid.state.health = Some(Health {
            status: "healthy".to_owned(),
            failing_streak: 0,
            log: Vec::new(),
        });
        let mut early = samples::container();
        early.config.name = "early".to_owned();
        vec![late, mid, early]
    }

    fn run(all: bool, limit: Option<usize>, words: &[&str]) -> Result<String> {
        let query = Query {
            all,
            limit,
            filters: filters(words),
        };
        let find = |name: &str| (name == "busybox").then(samples::image);
        let names = select(three(), &query, &find)?;
        let names: Vec<_> = names
            .into_iter()
            .map(|container| container.config.name)
            .collect();
        Ok(names.join(" "))
    }

    #[track_caller]
    fn check(words: &[&str], expected: &str) {
        assert_eq!(run(true, None, words).unwrap(), expected, "{words:?}");
    }

    #[test]
    fn without_filters_only_running_ones_are_shown() {
        assert_eq!(run(false, None, &[]).unwrap(), "mid");
        assert_eq!(run(true, None, &[]).unwrap(), "late mid early");
        assert_eq!(run(false, Some(2), &[]).unwrap(), "late mid");
        assert_eq!(run(false, Some(1), &[]).unwrap(), "late");
        assert_eq!(run(false, None, &["status=exited"]).unwrap(), "early");
        assert_eq!(run(false, None, &["exited=2"]).unwrap(), "");
    }

    #[test]
    fn names_and_ids_are_patterns() {
        check(&["name=l"], "late early");
        check(&["name=^l"], "late");
        check(&["name=^/early$"], "early");
        check(&["name=late", "name=mid"], "late mid");
        check(&["name=[", "name=mid"], "mid");
        check(&["id=eee"], "mid");
    }

    #[test]
    fn every_filter_must_hold() {
        check(&["status=created"], "late");
        check(&["status=running", "status=exited"], "mid early");
        check(&["exited=2"], "early");
        check(&["exited=0"], "late");
        check(&["label=tier=db"], "mid early");
        check(&["label=tier=db", "status=exited"], "early");
        check(&["health=healthy"], "mid");
        check(&["health=none"], "late early");
        check(&["network=none"], "late");
        check(&["volume=vol1"], "late mid early");
        check(&["volume=/app"], "late mid early");
        check(&["volume=/nowhere"], "");
    }

    #[test]
    fn ancestors_are_images_and_what_was_built_on_them() {
        check(&["ancestor=busybox"], "mid early");
        check(&["ancestor=nowhere"], "");
        check(&["ancestor=nowhere", "ancestor=busybox"], "mid early");
    }

    #[test]
    fn ports_are_published_or_exposed() {
        check(&["publish=8080"], "mid");
        check(&["publish=8000-9000/tcp"], "mid");
        check(&["publish=8080/udp"], "");
        check(&["expose=80"], "late mid early");
        check(&["expose=53/udp"], "late mid early");
    }

    #[test]
    fn before_and_since_compare_with_a_container() {
        check(&["before=mid"], "early");
        check(&["since=mid"], "late");
        check(&["since=0123"], "late mid");
    }

    #[test]
    fn bad_filters_are_told_in_dockers_words() {
        for (word, message) in [
            ("color=red", "invalid filter 'color'"),
            ("status=up", "invalid filter 'status=up'"),
            ("exited=x", "strconv.Atoi: parsing \"x\": invalid syntax"),
            ("health=good", "unrecognized filter value for health: good"),
            ("before=gone", "No such container: gone"),
            (
                "publish=x",
                "filter for 'publish' should be in form of '<port>[/<proto>]' or '<startport-endport>[/<proto>]'",
            ),
        ] {
            assert_eq!(run(true, None, &[word]).unwrap_err().to_string(), message);
        }
    }
}
