//! `docker ps`.

use super::View;
use crate::docker::listing::Columns;
use crate::docker::ports;
use crate::docker::timestamps::created_at;
use crate::docker::value::{Struct, Value};
use crate::term::human;
use crate::term::human::ellipsis;
use engine::go::quote;
use engine::oci::digest::ImageId;
use engine::runtime::spec::{Container, Status};
use engine::store::containers::{ContainerConfig, MountSource, NetworkMode};
use std::collections::BTreeMap;

/// The width to which Docker cuts a command.
const COMMAND_WIDTH: usize = 20;
/// The width to which Docker cuts a mount's name.
const MOUNT_WIDTH: usize = 15;

/// The columns of `docker ps`.
pub(crate) const COLUMNS: Columns = Columns {
    headers: HEADERS,
    table: "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}",
    quiet: "{{.ID}}",
    raw: Some(RAW),
};

/// The columns of `docker ps -s`.
pub(crate) const COLUMNS_WITH_SIZE: Columns = Columns {
    table: "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}\t{{.Size}}",
    ..COLUMNS
};

pub(super) const HEADERS: &[(&str, &str)] = &[
    ("ID", "CONTAINER ID"),
    ("Names", "NAMES"),
    ("Image", "IMAGE"),
    ("Command", "COMMAND"),
    ("CreatedAt", "CREATED AT"),
    ("RunningFor", "CREATED"),
    ("Ports", "PORTS"),
    ("State", "STATE"),
    ("Status", "STATUS"),
    ("Size", "SIZE"),
    ("Labels", "LABELS"),
    ("Mounts", "MOUNTS"),
    ("LocalVolumes", "LOCAL VOLUMES"),
    ("Networks", "NETWORKS"),
    ("Platform", "PLATFORM"),
];

const RAW: &str = "container_id: {{.ID}}
image: {{.Image}}
command: {{.Command}}
created_at: {{.CreatedAt}}
state: {{- pad .State 1 0}}
status: {{- pad .Status 1 0}}
names: {{.Names}}
labels: {{- pad .Labels 1 0}}
ports: {{- pad .Ports 1 0}}
";

/// One row. `names` maps image names, as they were written, to their current images; `sizes` are the bytes of the container's
/// writable layer and of all layers, if requested.
pub(crate) fn row(
    container: &Container,
    view: &View,
    names: &BTreeMap<String, ImageId>,
    sizes: Option<(u64, u64)>,
) -> Value {
    let config = &container.config;
    let command = command(config);
    let command = match view.truncate {
        true => ellipsis(&command, COMMAND_WIDTH),
        false => command,
    };
    let (mounts, volumes) = mounts(config, view);
    Struct::row("*formatter.ContainerContext")
        .with("Command", quote(&command))
        .with("CreatedAt", created_at(config.created, &view.zone))
        .with("ID", view.id(config.id.as_str()))
        .with("Image", image(config, view, names))
        .with("Label", Value::Lookup(config.labels.clone()))
        .with("Labels", super::labels(&config.labels))
        .with("LocalVolumes", volumes.to_string())
        .with("Mounts", mounts)
        .with("Names", &config.name)
        .with("Networks", network(&config.host.network))
        .with("Platform", Value::Nil)
        .with("Ports", port_column(container))
        .with("RunningFor", format!("{} ago", view.since(config.created)))
        .with("Size", size(sizes))
        .with("State", container.status.word())
        .with("Status", status(container, view))
        .into()
}

/// The command on one line. Docker only puts quotes around words with blanks.
fn command(config: &ContainerConfig) -> String {
    let mut words = config.process.argv().into_iter();
    let mut line = words.next().unwrap_or_default();
    for word in words {
        match word.contains(' ') {
            true => line.push_str(&format!(" '{word}'")),
            false => line.push_str(&format!(" {word}")),
        }
    }
    line
}

/// The image as the user wrote it, while that still refers to the same image; otherwise its id.
fn image(config: &ContainerConfig, view: &View, names: &BTreeMap<String, ImageId>) -> String {
    let written = &config.image_reference;
    let digits = written.strip_prefix("sha256:").unwrap_or(written);
    let is_id = digits.len() >= 4 && config.image.hex().starts_with(digits);
    if !(is_id || names.get(written) == Some(&config.image)) {
        return view.id(config.image.as_str()).to_owned();
    }
    match written == config.image.as_str() || digits == config.image.hex() {
        true => view.id(written).to_owned(),
        false => written.clone(),
    }
}

fn mounts(config: &ContainerConfig, view: &View) -> (String, usize) {
    let mut volumes = 0;
    let names: Vec<String> = config
        .host
        .mounts
        .iter()
        .filter_map(|mount| match &mount.source {
            MountSource::Bind { path, .. } => Some(path.display().to_string()),
            MountSource::Volume { name, .. } => {
                volumes += 1;
                Some(name.to_string())
            }
            MountSource::Tmpfs { .. } => None,
        })
        .map(|name| match view.truncate {
            true => ellipsis(&name, MOUNT_WIDTH),
            false => name,
        })
        .collect();
    (names.join(","), volumes)
}

fn network(network: &NetworkMode) -> &'static str {
    match network {
        NetworkMode::Bridge => "bridge",
        NetworkMode::None => "none",
        NetworkMode::Host => "host",
    }
}

/// Ports are shown only while the container runs, and never on the host network.
fn port_column(container: &Container) -> String {
    let host = container.config.host.network == NetworkMode::Host;
    if host || !container.status.is_alive() {
        return String::new();
    }
    ports::column(&container.state.ports, &container.config.exposed_ports)
}

/// `5B (virtual 4.26MB)`.
fn size(sizes: Option<(u64, u64)>) -> String {
    match sizes {
        None => "0B".to_owned(),
        Some((own, 0)) => human::size(own),
        Some((own, all)) => format!("{} (virtual {})", human::size(own), human::size(all)),
    }
}

/// `Up 5 seconds`, `Exited (0) 3 seconds ago`. Source: moby `daemon/container/state.go`.
pub(crate) fn status(container: &Container, view: &View) -> String {
    let state = &container.state;
    let since = |moment: Option<jiff::Timestamp>| view.since(moment.unwrap_or(view.now));
    let up = || since(state.started_at);
    match container.status {
        Status::Created => "Created".to_owned(),
        Status::Paused => format!("Up {} (Paused)", up()),
        Status::Running => match state.health.as_ref().map(|health| health.status.as_str()) {
            None => format!("Up {}", up()),
            Some("starting") => format!("Up {} (health: starting)", up()),
            Some(verdict) => format!("Up {} ({verdict})", up()),
        },
        Status::Restarting => {
            let ago = since(state.finished_at);
            format!("Restarting ({}) {ago} ago", state.exit_code)
        }
        Status::Dead => "Dead".to_owned(),
        Status::Exited if state.finished_at.is_none() => format!("Exited ({})", state.exit_code),
        Status::Exited => {
            let ago = since(state.finished_at);
            format!("Exited ({}) {ago} ago", state.exit_code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::inspect::samples;
    use engine::store::containers::Health;

    fn names() -> BTreeMap<String, ImageId> {
        let names = ["busybox", "busybox:latest"].map(str::to_owned);
        names.map(|name| (name, samples::image().listed.id)).into()
    }

    #[track_caller]
    fn check(container: &Container, format: &str, expected: &str) {
        let rows = [row(
            container,
            &View::sample(),
            &names(),
            Some((5, 4_261_555)),
        )];
        let found = COLUMNS.render(Some(format), false, &rows).unwrap();
        assert_eq!(found.trim_end(), expected);
    }

    #[test]
    fn a_row_has_dockers_fields() {
        let (exited, running) = (&samples::container(), &samples::running());
        check(
            exited,
            "{{.Names}} {{.Image}} {{.ID}}",
            "c1 busybox 0123456789ab",
        );
        check(exited, "{{.Command}}", r#""sh -c 'a rather lon…""#);
        check(
            exited,
            "{{.Status}}|{{.State}}|{{.Ports}}|",
            "Exited (2) 2 hours ago|exited||",
        );
        check(
            running,
            "{{.Ports}}",
            "53/udp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp",
        );
        check(
            running,
            "{{.RunningFor}} {{.CreatedAt}}",
            "2 hours ago 2026-11-21 10:00:00 +0000 UTC",
        );
        check(
            exited,
            r#"{{.Labels}} {{.Label "tier"}} {{.Label "x"}}"#,
            "app=shop,tier=db db",
        );
        check(
            exited,
            "{{.Mounts}} {{.LocalVolumes}} {{.Networks}}",
            "vol1,/src 1 bridge",
        );
        check(
            exited,
            "{{.Size}} {{.Platform}}",
            "5B (virtual 4.26MB) <nil>",
        );
    }

    #[test]
    fn without_truncation_everything_is_whole() {
        let view = View {
            truncate: false,
            ..View::sample()
        };
        let rows = [row(&samples::container(), &view, &names(), None)];
        let text = COLUMNS
            .render(Some("{{.Command}} {{len .ID}}"), false, &rows)
            .unwrap();
        assert_eq!(
            text,
            "\"sh -c 'a rather long command line that is cut'\" 64\n"
        );
    }

    #[test]
    fn json_rows_have_exactly_dockers_keys() {
        let row = row(&samples::container(), &View::sample(), &names(), None).to_json();
        let keys: Vec<_> = row.as_object().unwrap().keys().cloned().collect();
        assert_eq!(
            keys.join(" "),
            "Command CreatedAt ID Image Labels LocalVolumes Mounts Names Networks Platform Ports RunningFor Size State Status"
        );
    }

    #[test]
    fn an_image_that_lost_its_name_is_shown_by_its_id() {
        let mut container = samples::container();
        let id = container.config.image.clone();
        container.config.image_reference = "gone:1".to_owned();
        check(&container, "{{.Image}}", id.short());
        container.config.image_reference = id.hex()[..6].to_owned();
        check(&container, "{{.Image}}", &id.hex()[..6]);
        container.config.image_reference = id.to_string();
        check(&container, "{{.Image}}", id.short());
        container.config.image_reference = "busybox:latest".to_owned();
        check(&container, "{{.Image}}", "busybox:latest");
    }

    #[test]
    fn the_status_is_told_in_dockers_words() {
        let mut container = samples::running();
        container.state.started_at = Some(samples::moment("2026-11-21T11:59:55Z"));
        container.state.finished_at = Some(samples::moment("2026-11-21T11:59:58Z"));
        let health = |status: &str| {
            Some(Health {
                status: status.to_owned(),
                failing_streak: 0,
                log: Vec::new(),
            })
        };
        for (status, verdict, expected) in [
            (Status::Running, None, "Up 5 seconds"),
            (Status::Running, health("healthy"), "Up 5 seconds (healthy)"),
            (
                Status::Running,
                health("starting"),
                "Up 5 seconds (health: starting)",
            ),
            (Status::Paused, None, "Up 5 seconds (Paused)"),
            (Status::Restarting, None, "Restarting (2) 2 seconds ago"),
            (Status::Exited, None, "Exited (2) 2 seconds ago"),
            (Status::Created, None, "Created"),
            (Status::Dead, None, "Dead"),
        ] {
            (container.status, container.state.health) = (status, verdict);
            assert_eq!(super::status(&container, &View::sample()), expected);
        }
    }
}
