//! Docker's JSON as plain facts, and the facts that it does not contain.

use super::text;
use crate::world::facts::{Container, Event, Image, Mount, Port, Volume};
use crate::world::{Blind, hex, journal, sees_source};
use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// Events of our journal that an engine does not record.
///
/// `detach` is among Docker's events, but Docker Engine 20.10 writes none when the detach keys are pressed.
const UNTOLD_EVENTS: &[&str] = &[
    "detach",
    "build",
    "build_step",
    "logs",
    "inspect",
    "stats",
    "diff",
    "list",
    "history",
    "wait",
    "port",
    "search",
    "login",
    "logout",
];
/// Facts of events that an engine does not record.
const UNTOLD_FACTS: &[&str] = &[
    "via", "tty", "stdin", "attached", "path", "cached", "uploaded", "skipped", "fact",
];

/// Why an engine does not expose `fact` of `subject`, a noun or an event; `None` if it does.
pub(super) fn untold(subject: &str, fact: &str) -> Option<Blind> {
    let because = match (subject, fact) {
        ("container", "created_via") => {
            "a Docker Engine does not note whether `run` or `create` made a container"
        }
        ("happened", fact) if UNTOLD_FACTS.contains(&fact) => {
            return Some(Blind::new(format!(
                "a Docker Engine's events do not tell `{fact}`"
            )));
        }
        ("event", event) if UNTOLD_EVENTS.contains(&event) => {
            return Some(Blind::new(format!(
                "a Docker Engine keeps no record of `{event}`"
            )));
        }
        _ => return None,
    };
    Some(Blind::new(because))
}

/// A container as `docker inspect` shows it; its number of starts is counted in `events`.
pub(super) fn container(raw: &Value, events: &[Event], workspace: &Path) -> Container {
    let (config, host, state) = (&raw["Config"], &raw["HostConfig"], &raw["State"]);
    let id = text(&raw["Id"]);
    let status = text(&state["Status"]);
    let alive = matches!(status.as_str(), "running" | "paused" | "restarting");
    let starts = |event: &&Event| event.id == id && event.action == "start";
    let start_count = events.iter().filter(starts).count();
    let bound = &raw["NetworkSettings"]["Ports"];
    let bound = match bound.as_object() {
        Some(ports) if alive && !ports.is_empty() => bound,
        _ => &host["PortBindings"],
    };
    Container {
        name: text(&raw["Name"]).trim_start_matches('/').to_owned(),
        image_id: text(&raw["Image"]),
        image_ref: text(&config["Image"]),
        exit_code: state["ExitCode"]
            .as_i64()
            .filter(|_| !alive)
            .map(|code| code as i32),
        oom_killed: yes(&state["OOMKilled"]),
        entrypoint: words(&config["Entrypoint"]),
        cmd: words(&config["Cmd"]),
        env: env(&config["Env"]),
        workdir: or_root(&config["WorkingDir"]),
        user: text(&config["User"]),
        hostname: text(&config["Hostname"]),
        tty: yes(&config["Tty"]),
        stdin: yes(&config["OpenStdin"]),
        detached: !yes(&config["AttachStdout"]) && !yes(&config["AttachStderr"]),
        labels: map(&config["Labels"]),
        created: text(&raw["Created"]).parse().ok(),
        start_count: start_count as u32,
        restart_count: raw["RestartCount"].as_u64().unwrap_or_default() as u32,
        created_via: String::new(),
        auto_remove: yes(&host["AutoRemove"]),
        ports: ports(bound),
        mounts: mounts(raw, workspace),
        network: match host["NetworkMode"].as_str() {
            Some("default") | None => "bridge".to_owned(),
            Some(other) => other.to_owned(),
        },
        restart: match host["RestartPolicy"]["Name"].as_str() {
            Some("") | None => "no".to_owned(),
            Some(other) => other.to_owned(),
        },
        restart_max: host["RestartPolicy"]["MaximumRetryCount"]
            .as_u64()
            .filter(|most| *most > 0)
            .map(|most| most as u32),
        memory: host["Memory"].as_u64().filter(|bytes| *bytes > 0),
        cpus: host["NanoCpus"]
            .as_f64()
            .filter(|nano| *nano > 0.0)
            .map(|nano| nano / 1e9),
        pids_limit: host["PidsLimit"].as_i64().filter(|limit| *limit > 0),
        read_only: yes(&host["ReadonlyRootfs"]),
        privileged: yes(&host["Privileged"]),
        cap_add: words(&host["CapAdd"]),
        cap_drop: words(&host["CapDrop"]),
        init: yes(&host["Init"]),
        health: state["Health"]["Status"].as_str().map(str::to_owned),
        id,
        status,
    }
}

fn ports(bindings: &Value) -> Vec<Port> {
    let mut ports = Vec::new();
    for (inside, bound) in bindings.as_object().into_iter().flatten() {
        let (container, protocol) = inside.split_once('/').unwrap_or((inside, "tcp"));
        for one in bound.as_array().into_iter().flatten() {
            let host_ip = match one["HostIp"].as_str() {
                // Every address of the machine: no address was requested.
                Some("0.0.0.0" | "::") | None => "",
                Some(address) => address,
            };
            let port = Port {
                host: text(&one["HostPort"]).parse().unwrap_or_default(),
                container: container.parse().unwrap_or_default(),
                protocol: protocol.to_owned(),
                host_ip: host_ip.to_owned(),
            };
            if !ports.contains(&port) {
                ports.push(port);
            }
        }
    }
    ports
}

fn mounts(raw: &Value, workspace: &Path) -> Vec<Mount> {
    let shown = |mount: &Value| {
        let kind = text(&mount["Type"]);
        let source = text(&mount["Source"]);
        let inside = Path::new(&source).strip_prefix(workspace).ok();
        let source = match inside {
            Some(inside) if inside.as_os_str().is_empty() => ".".to_owned(),
            Some(inside) => inside.display().to_string(),
            None => source,
        };
        let pid = raw["State"]["Pid"].as_i64().filter(|pid| *pid > 0);
        let target = text(&mount["Destination"]);
        let live = pid
            .filter(|_| kind == "bind")
            .map(|pid| sees_source(Path::new(&text(&mount["Source"])), &target, pid as i32));
        Mount {
            live,
            volume: (kind == "volume").then(|| text(&mount["Name"])),
            source: (kind == "bind").then_some(source),
            target,
            read_only: mount["RW"] == Value::Bool(false),
            kind,
        }
    };
    let listed = raw["Mounts"].as_array();
    let mut mounts: Vec<Mount> = listed.into_iter().flatten().map(shown).collect();
    // `--tmpfs` is not among the mounts.
    for target in raw["HostConfig"]["Tmpfs"].as_object().into_iter().flatten() {
        mounts.push(Mount {
            kind: "tmpfs".to_owned(),
            target: target.0.clone(),
            ..Mount::default()
        });
    }
    mounts
}

/// An image as `docker inspect` shows it, with its `History`, newest first.
pub(super) fn image(raw: &Value) -> Image {
    let config = &raw["Config"];
    let tags = words(&raw["RepoTags"]);
    let keys = |value: &Value| -> Vec<String> {
        match value {
            Value::Object(entries) => entries.keys().cloned().collect(),
            other => words(other),
        }
    };
    let mut history: Vec<String> = raw["History"]
        .as_array()
        .map(|steps| steps.iter().map(|step| text(&step["CreatedBy"])).collect())
        .unwrap_or_default();
    history.reverse();
    Image {
        id: text(&raw["Id"]),
        references: tags
            .into_iter()
            .filter(|tag| tag != "<none>:<none>")
            .collect(),
        layers: chain(&words(&raw["RootFS"]["Layers"])),
        size: raw["Size"].as_u64().unwrap_or_default(),
        entrypoint: words(&config["Entrypoint"]),
        cmd: words(&config["Cmd"]),
        env: env(&config["Env"]),
        workdir: or_root(&config["WorkingDir"]),
        user: text(&config["User"]),
        expose: keys(&config["ExposedPorts"]),
        volumes: keys(&config["Volumes"]),
        labels: map(&config["Labels"]),
        stop_signal: text(&config["StopSignal"]),
        healthcheck: words(&config["Healthcheck"]["Test"]),
        history,
    }
}

/// Chain ids: each identifies a layer and all below it, derived from the layers' digests as in the image specification.
fn chain(layers: &[String]) -> Vec<String> {
    let mut chain: Vec<String> = Vec::new();
    for layer in layers {
        let next = match chain.last() {
            Some(below) => format!(
                "sha256:{}",
                hex(&Sha256::digest(format!("{below} {layer}")))
            ),
            None => layer.clone(),
        };
        chain.push(next);
    }
    chain
}

/// A volume.
pub(super) fn volume(raw: &Value) -> Volume {
    Volume {
        name: text(&raw["Name"]),
        created: text(&raw["CreatedAt"]),
        labels: map(&raw["Labels"]),
    }
}

/// An event, in the words of our journal.
pub(super) fn event(raw: &Value) -> Event {
    let attributes = raw["Actor"]["Attributes"].as_object().cloned();
    let mut facts: Map<String, Value> = attributes.unwrap_or_default();
    let action = journal::take_command(text(&raw["Action"]), &mut facts);
    let nanoseconds = raw["timeNano"].as_i64().unwrap_or_default();
    Event {
        time: Timestamp::from_nanosecond(nanoseconds.into()).unwrap_or_default(),
        kind: text(&raw["Type"]),
        action: match action.as_str() {
            "archive-path" => "copy_out".to_owned(),
            "extract-to-dir" => "copy_in".to_owned(),
            _ => action,
        },
        id: text(&raw["Actor"]["ID"]),
        via: String::new(),
        facts,
    }
}

fn yes(value: &Value) -> bool {
    *value == Value::Bool(true)
}

fn words(value: &Value) -> Vec<String> {
    let items = value.as_array();
    items.into_iter().flatten().map(text).collect()
}

fn map(value: &Value) -> BTreeMap<String, String> {
    let entries = value.as_object();
    let pair = |(key, value): (&String, &Value)| (key.clone(), text(value));
    entries.into_iter().flatten().map(pair).collect()
}

fn env(value: &Value) -> BTreeMap<String, String> {
    crate::world::env(&words(value))
}

fn or_root(path: &Value) -> String {
    match path.as_str() {
        Some("") | None => "/".to_owned(),
        Some(path) => path.to_owned(),
    }
}

#[cfg(test)]
mod tests;
