//! One container, by its name.
//!
//! ## Passes when
//! a container with exactly this name exists (or does not, with `exists: false`) and every field given fits it.
//! `same_as: setup` asks that it is the very container that the exercise began with, not a new one of its name.
//!
//! ## Example
//! ```yaml
//! - container: { name: web, status: running, ports: [{ host: 8080, container: 80 }] }
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  container `web`: status running
//! Found     container `web`: status exited
//! ```

use super::judge;
use super::outcome::{Claim, Outcome, Truth};
use super::{Arg, Check, Given};
use crate::field::{Field, Kind, Noun, concat, field};
use crate::matcher::{Matcher, quote};
use crate::world::{Container, Observed, Snapshot, World, find_image, tagged};
use serde_json::{Map, Value, json};

/// The states of a container, in Docker's words.
pub(crate) const STATUS: &[&str] = &[
    "created",
    "running",
    "paused",
    "restarting",
    "exited",
    "dead",
];

/// What a published port can be asked.
pub(crate) const PORT: &[Field] = &[
    field(
        "host",
        "host port",
        Kind::Number,
        "The host's port, as bound.",
    ),
    field(
        "container",
        "container port",
        Kind::Number,
        "The container's port.",
    ),
    field(
        "protocol",
        "protocol",
        Kind::OneOf(&["tcp", "udp"]),
        "`tcp` or `udp`.",
    ),
    field(
        "host_ip",
        "host address",
        Kind::Text,
        "The host's address asked for; empty means all.",
    ),
];

/// What a mount can be asked.
pub(crate) const MOUNT: &[Field] = &[
    field(
        "type",
        "type",
        Kind::OneOf(&["bind", "volume", "tmpfs"]),
        "`bind`, `volume` or `tmpfs`.",
    ),
    field("volume", "volume", Kind::Text, "The volume's name."),
    field(
        "source",
        "source",
        Kind::Text,
        "The host path of a bind mount; one in the workspace is relative to it.",
    ),
    field("target", "target", Kind::Text, "The path in the container."),
    field(
        "read_only",
        "read-only",
        Kind::Bool,
        "Whether the container may only read it.",
    ),
];

/// What a file in a container, an image, a volume or the workspace can be asked.
pub(crate) const FILE: &[Field] = &[
    field("exists", "exists", Kind::Bool, "Whether it exists."),
    field(
        "type",
        "type",
        Kind::OneOf(&["file", "folder", "link"]),
        "`file`, `folder` or `link`.",
    ),
    field(
        "text",
        "text",
        Kind::Text,
        "Its whole text; one newline at the end does not count.",
    ),
    field(
        "contains",
        "text",
        Kind::Contains,
        "Text that must occur in it.",
    ),
    field(
        "matches",
        "text",
        Kind::Matches,
        "A regular expression that must match somewhere in it.",
    ),
    field("lines", "lines", Kind::Number, "How many lines it has."),
    field("size", "size", Kind::Size, "Its bytes."),
    field(
        "mode",
        "mode",
        Kind::Text,
        "Its permissions in octal, such as `755`.",
    ),
    field("owner", "owner", Kind::Text, "Its owner as `uid:gid`."),
];

/// The paths that a container changed.
pub(crate) const CHANGES: &[Field] = &[
    field(
        "added",
        "added",
        Kind::Set,
        "Paths that `docker diff` marks A.",
    ),
    field(
        "changed",
        "changed",
        Kind::Set,
        "Paths that `docker diff` marks C.",
    ),
    field(
        "deleted",
        "deleted",
        Kind::Set,
        "Paths that `docker diff` marks D.",
    ),
];

/// The noun.
pub static NOUN: Noun = Noun {
    name: "container",
    doc: "One container, by its exact name.",
    fields: &FIELDS,
    needs: &["name"],
};

static FIELDS: [Field; SELECT.len() + PICKED.len()] = concat(SELECT, PICKED);

const SELECT: &[Field] = &[
    field("name", "name", Kind::Name, "Its exact name."),
    field(
        "exists",
        "exists",
        Kind::Bool,
        "Whether it exists; true if not given.",
    ),
    field(
        "same_as",
        "identity",
        Kind::Name,
        "`setup`, or `setup.NAME`: the very container that the setup made.",
    ),
    field(
        "unchanged",
        "unchanged",
        Kind::Bool,
        "The same container as after the setup, in the same state.",
    ),
];

/// What a container can be asked; `containers` asks the same of each.
pub(crate) const PICKED: &[Field] = &[
    field("status", "status", Kind::OneOf(STATUS), "What it does now."),
    field(
        "exit_code",
        "exit code",
        Kind::Number,
        "How its last run ended; nothing while it runs.",
    ),
    field(
        "image",
        "image",
        Kind::Name,
        "A reference to the image that it was made from; a container of an older image with that name does not fit.",
    ),
    field(
        "image_ref",
        "image as typed",
        Kind::Text,
        "The image as it was named when the container was made.",
    ),
    field(
        "command",
        "command",
        Kind::Words,
        "Entrypoint and command together.",
    ),
    field("entrypoint", "entrypoint", Kind::Words, "The entrypoint."),
    field(
        "cmd",
        "cmd",
        Kind::Words,
        "The command without the entrypoint.",
    ),
    field("env", "environment", Kind::Map, "Environment variables."),
    field(
        "workdir",
        "working directory",
        Kind::Text,
        "Where its process starts.",
    ),
    field("user", "user", Kind::Text, "Its user, as asked for."),
    field("hostname", "hostname", Kind::Text, "Its host name."),
    field(
        "tty",
        "tty",
        Kind::Bool,
        "Whether it has a terminal (`-t`).",
    ),
    field(
        "stdin",
        "stdin open",
        Kind::Bool,
        "Whether its standard input was kept open (`-i`).",
    ),
    field(
        "detached",
        "detached",
        Kind::Bool,
        "Whether it was made without attaching its output (`-d`).",
    ),
    field("labels", "labels", Kind::Map, "Labels."),
    field(
        "started",
        "start count",
        Kind::Number,
        "How often it was started, in all.",
    ),
    field(
        "restarts",
        "restart count",
        Kind::Number,
        "How often the restart policy started it again.",
    ),
    field(
        "created_via",
        "created via",
        Kind::OneOf(&["run", "create"]),
        "The command that made it.",
    ),
    field(
        "auto_remove",
        "auto-remove",
        Kind::Bool,
        "Whether it removes itself (`--rm`).",
    ),
    field(
        "ports",
        "published ports",
        Kind::Records(PORT),
        "Published ports; each pattern must fit one.",
    ),
    field(
        "mounts",
        "mounts",
        Kind::Records(MOUNT),
        "Mounts; each pattern must fit one.",
    ),
    field(
        "network",
        "network",
        Kind::OneOf(&["bridge", "host", "none"]),
        "Its network.",
    ),
    field(
        "restart",
        "restart policy",
        Kind::OneOf(&["no", "always", "unless-stopped", "on-failure"]),
        "Its restart policy.",
    ),
    field(
        "memory",
        "memory limit",
        Kind::Size,
        "Its memory limit; nothing if it has none.",
    ),
    field(
        "cpus",
        "processor limit",
        Kind::Number,
        "Its processors; nothing if it has no limit.",
    ),
    field(
        "pids_limit",
        "process limit",
        Kind::Number,
        "Its process limit; nothing if it has none.",
    ),
    field(
        "read_only",
        "read-only",
        Kind::Bool,
        "Whether its root file system is read-only.",
    ),
    field(
        "privileged",
        "privileged",
        Kind::Bool,
        "Whether it is privileged.",
    ),
    field(
        "cap_add",
        "added capabilities",
        Kind::Set,
        "Capabilities added, without `CAP_`.",
    ),
    field(
        "cap_drop",
        "dropped capabilities",
        Kind::Set,
        "Capabilities dropped, without `CAP_`.",
    ),
    field(
        "init",
        "init",
        Kind::Bool,
        "Whether an init was asked for (`--init`).",
    ),
    field(
        "health",
        "health",
        Kind::OneOf(&["starting", "healthy", "unhealthy"]),
        "Its health; nothing without a health check.",
    ),
    field(
        "oom_killed",
        "killed for memory",
        Kind::Bool,
        "Whether the kernel killed it for its memory.",
    ),
    field(
        "logs",
        "logs",
        Kind::Text,
        "What it wrote to both of its outputs.",
    ),
    field(
        "stdout",
        "stdout",
        Kind::Text,
        "What it wrote to standard output.",
    ),
    field(
        "stderr",
        "stderr",
        Kind::Text,
        "What it wrote to standard error.",
    ),
    field(
        "files",
        "file",
        Kind::Paths(FILE),
        "Files as the container sees them.",
    ),
    field(
        "changes",
        "changes",
        Kind::Group(CHANGES),
        "Paths that differ from its image.",
    ),
];

/// Judges the check.
pub(crate) fn evaluate(check: &Check, world: &dyn World) -> Outcome {
    let name = check.name("name").unwrap_or_default();
    let subject = format!("container {}", quote(name));
    let containers = match world.containers() {
        Ok(containers) => containers,
        Err(blind) => return Outcome::blind(subject, blind),
    };
    let wanted = !matches!(check.arg("exists"), Some(Arg::Match(Matcher::Bool(false))));
    let Some(container) = containers.iter().find(|one| one.name == name) else {
        let others = judge::there_are(containers.into_iter().map(|one| one.name));
        let facts = Map::from_iter([("count".to_owned(), json!(0))]);
        let found = format!("no container of that name; {others}");
        let expected = if wanted {
            format!("a container named {}", quote(name))
        } else {
            format!("no container named {}", quote(name))
        };
        return Outcome::all(vec![Claim::new(Truth::of(!wanted), expected, found)], facts);
    };
    let facts = facts(container);
    if !wanted {
        let claim = Claim::new(
            Truth::No,
            format!("no container named {}", quote(name)),
            format!("{subject}: status {}", container.status),
        );
        return Outcome::all(vec![claim], facts);
    }
    let mut claims = identity(&subject, check, container, world.setup());
    claims.extend(judge_fields(&subject, &check.given, container, world));
    if claims.is_empty() {
        claims.push(Claim::new(
            Truth::Yes,
            format!("a container named {}", quote(name)),
            format!("{subject}: status {}", container.status),
        ));
    }
    Outcome::all(claims, facts)
}

/// `same_as` and `unchanged`.
fn identity(subject: &str, check: &Check, container: &Container, setup: &Snapshot) -> Vec<Claim> {
    let mut claims = Vec::new();
    if let Some(origin) = check.name("same_as") {
        let name = origin.strip_prefix("setup.").unwrap_or(&container.name);
        let before = setup.containers.iter().find(|one| one.name == name);
        let truth = Truth::of(before.is_some_and(|before| before.id == container.id));
        let found = match (&truth, before) {
            (Truth::Yes, _) => format!("{subject}: the one that was there at the start"),
            (_, Some(_)) => format!("{subject}: another container, made since then"),
            (_, None) => format!("{subject}: at the start there was no {}", quote(name)),
        };
        claims.push(Claim::new(
            truth,
            format!("{subject}: the one that was there at the start"),
            found,
        ));
    }
    if let Some(Arg::Match(Matcher::Bool(wanted))) = check.arg("unchanged") {
        let before = setup
            .containers
            .iter()
            .find(|one| one.name == container.name);
        claims.push(unchanged(subject, *wanted, before, container));
    }
    claims
}

/// The claim that a container is as it was after the setup.
pub(crate) fn unchanged(
    subject: &str,
    wanted: bool,
    before: Option<&Container>,
    now: &Container,
) -> Claim {
    let same = before.is_some_and(|before| fingerprint(before) == fingerprint(now));
    let found = match before {
        None => "not there at the start".to_owned(),
        Some(before) if before.id != now.id => "another container, made since then".to_owned(),
        Some(_) if same => "as it was at the start".to_owned(),
        Some(before) => format!(
            "was {} with {} starts, is {} with {}",
            before.status, before.start_count, now.status, now.start_count
        ),
    };
    let word = if wanted {
        "as it was at the start"
    } else {
        "changed since the start"
    };
    Claim::new(
        Truth::of(same == wanted),
        format!("{subject}: {word}"),
        format!("{subject}: {found}"),
    )
}

/// What must be the same for a container to be unchanged.
pub(crate) fn fingerprint(container: &Container) -> impl PartialEq + use<> {
    (
        container.id.clone(),
        container.name.clone(),
        container.status.clone(),
        container.start_count,
        (
            container.memory,
            container.restart.clone(),
            container.pids_limit,
        ),
        container.cpus.map(f64::to_bits),
    )
}

/// Claims for every field of `given` that both `container` and `containers` have.
pub(crate) fn judge_fields(
    subject: &str,
    given: &[Given],
    container: &Container,
    world: &dyn World,
) -> Vec<Claim> {
    let mut claims = Vec::new();
    for given in given {
        match (given.field.name, &given.arg) {
            ("exists" | "unchanged" | "count" | "name", _) => {}
            ("image", Arg::Name(image)) => {
                claims.push(from_image(subject, container, image, world))
            }
            ("ports", Arg::Records(patterns)) => {
                let ports: Vec<Value> = container.ports.iter().map(|port| json!(port)).collect();
                claims.extend(judge::records(subject, given.field, patterns, &ports));
            }
            ("mounts", Arg::Records(patterns)) => {
                let mounts: Vec<Value> =
                    container.mounts.iter().map(|mount| json!(mount)).collect();
                claims.extend(judge::records(subject, given.field, patterns, &mounts));
            }
            ("files", Arg::Paths(paths)) => {
                let read = |path: &str| world.container_file(&container.id, path);
                claims.extend(judge::paths(subject, paths, &read));
            }
            ("changes", Arg::Group(group)) => {
                claims.extend(judge::values(subject, group, &|field| {
                    let changes = world.changes(&container.id)?;
                    Ok(match field.name {
                        "added" => json!(changes.added),
                        "changed" => json!(changes.changed),
                        _ => json!(changes.deleted),
                    })
                }))
            }
            (_, Arg::Match(matcher)) => {
                let found = value(container, given.field.name, world);
                let mut claim = judge::value(subject, given.field, matcher, found);
                if given.field.name == "status" {
                    claim.found.push_str(&history(container));
                }
                claims.push(claim);
            }
            _ => {}
        }
    }
    claims
}

/// What happened to it, in brackets.
fn history(container: &Container) -> String {
    let starts = match container.start_count {
        0 => "never started".to_owned(),
        1 => "started once".to_owned(),
        count => format!("started {count} times"),
    };
    match container.exit_code {
        Some(code) if container.status == "exited" => format!(" (exit code {code}, {starts})"),
        _ => format!(" ({starts})"),
    }
}

fn from_image(subject: &str, container: &Container, image: &str, world: &dyn World) -> Claim {
    let expected = format!("{subject}: image {}", quote(image));
    let images = match world.images() {
        Ok(images) => images,
        Err(blind) => return Claim::blind(expected, blind),
    };
    let same_name = tagged(&container.image_ref) == tagged(image);
    let (holds, found) = match find_image(&images, image) {
        Some(image) if image.id == container.image_id => (true, quote(&container.image_ref)),
        Some(_) if same_name => (
            false,
            format!(
                "an older image that was called {} then",
                quote(&container.image_ref)
            ),
        ),
        Some(_) => (false, quote(&container.image_ref)),
        // The image has lost its name since; what was typed is all that is left of it.
        None => (same_name, quote(&container.image_ref)),
    };
    Claim::new(
        Truth::of(holds),
        expected,
        format!("{subject}: image {found}"),
    )
}

/// The value of a field of the table.
pub(crate) fn value(container: &Container, field: &str, world: &dyn World) -> Observed<Value> {
    Ok(match field {
        "status" => json!(container.status),
        "exit_code" => json!(container.exit_code),
        "image_ref" => json!(container.image_ref),
        "command" => json!([container.entrypoint.as_slice(), container.cmd.as_slice()].concat()),
        "entrypoint" => json!(container.entrypoint),
        "cmd" => json!(container.cmd),
        "env" => json!(container.env),
        "workdir" => json!(container.workdir),
        "user" => json!(container.user),
        "hostname" => json!(container.hostname),
        "tty" => json!(container.tty),
        "stdin" => json!(container.stdin),
        "detached" => json!(container.detached),
        "labels" => json!(container.labels),
        "started" => json!(container.start_count),
        "restarts" => json!(container.restart_count),
        "created_via" => json!(container.created_via),
        "auto_remove" => json!(container.auto_remove),
        "network" => json!(container.network),
        "restart" => json!(container.restart),
        "memory" => json!(container.memory),
        "cpus" => json!(container.cpus),
        "pids_limit" => json!(container.pids_limit),
        "read_only" => json!(container.read_only),
        "privileged" => json!(container.privileged),
        "cap_add" => json!(container.cap_add),
        "cap_drop" => json!(container.cap_drop),
        "init" => json!(container.init),
        "health" => json!(container.health),
        "oom_killed" => json!(container.oom_killed),
        "logs" => json!(world.logs(&container.id)?.both),
        "stdout" => json!(world.logs(&container.id)?.stdout),
        "stderr" => json!(world.logs(&container.id)?.stderr),
        _ => Value::Null,
    })
}

/// What `{found.…}` can show of a container.
pub(crate) fn facts(container: &Container) -> Map<String, Value> {
    let mut facts = Map::new();
    facts.insert("count".to_owned(), json!(1));
    facts.insert("name".to_owned(), json!(container.name));
    facts.insert(
        "id".to_owned(),
        json!(container.id.get(..12).unwrap_or(&container.id)),
    );
    facts.insert("status".to_owned(), json!(container.status));
    facts.insert("exit_code".to_owned(), json!(container.exit_code));
    facts.insert("image".to_owned(), json!(container.image_ref));
    facts.insert("started".to_owned(), json!(container.start_count));
    let command = [container.entrypoint.as_slice(), container.cmd.as_slice()].concat();
    facts.insert("command".to_owned(), json!(shell_words::join(command)));
    facts.insert("workdir".to_owned(), json!(container.workdir));
    facts.insert("user".to_owned(), json!(container.user));
    facts
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::{blind, fails, holds};
    use crate::world::fake::{Fake, text_file};
    use crate::world::{ChangeFacts, LogFacts, Mount, Port};

    #[test]
    fn a_name_is_literal() {
        let world = Fake::default()
            .running("web2", "busybox")
            .running("my-web", "busybox");
        fails(
            "container: { name: web }",
            &world,
            "a container named `web`",
            "no container of that name; there are `web2` and `my-web`",
        );
        holds("container: { name: web, exists: false }", &world);
        holds(
            "container: { name: web2, status: running, image: busybox }",
            &world,
        );
        fails(
            "container: { name: web2, exists: false }",
            &world,
            "no container named `web2`",
            "container `web2`: status running",
        );
    }

    #[test]
    fn expected_and_found_come_from_the_field_that_failed() {
        let world = Fake::default().exited("box", "busybox", 3);
        fails(
            "container: { name: box, image: busybox, status: running }",
            &world,
            "container `box`: status running",
            "container `box`: status exited (exit code 3, started once)",
        );
        fails(
            "container: { name: box, exit_code: { not: 3 } }",
            &world,
            "container `box`: exit code not 3",
            "container `box`: exit code 3",
        );
        holds(
            "container: { name: box, exit_code: { min: 1 }, started: 1, created_via: run }",
            &world,
        );
    }

    #[test]
    fn a_container_of_the_same_name_is_not_the_same_container() {
        let world = Fake::default().exited("box", "busybox", 0).set_up();
        holds(
            "container: { name: box, same_as: setup, unchanged: true }",
            &world,
        );
        let mut replaced = world.clone();
        replaced.containers[0].id = "new".to_owned();
        fails(
            "container: { name: box, same_as: setup }",
            &replaced,
            "container `box`: the one that was there at the start",
            "container `box`: another container, made since then",
        );
        let mut restarted = world;
        restarted.containers[0].start_count = 2;
        holds("container: { name: box, same_as: setup }", &restarted);
        fails(
            "container: { name: box, unchanged: true }",
            &restarted,
            "container `box`: as it was at the start",
            "container `box`: was exited with 1 starts, is exited with 2",
        );
    }

    #[test]
    fn ports_mounts_logs_files_and_changes_are_looked_into() {
        let mut world = Fake::default().container("web", "busybox", |one| {
            one.ports = vec![Port {
                host: 8080,
                container: 80,
                protocol: "tcp".into(),
                host_ip: String::new(),
            }];
            one.mounts = vec![Mount {
                kind: "volume".into(),
                volume: Some("data".into()),
                target: "/data".into(),
                ..Mount::default()
            }];
        });
        let id = "web-id".to_owned();
        world.logs.insert(
            id.clone(),
            LogFacts {
                both: "one\ntwo\n".into(),
                stdout: "one\n".into(),
                stderr: "two\n".into(),
            },
        );
        world
            .container_files
            .insert((id.clone(), "/note".into()), text_file("hello\n"));
        world.changes.insert(
            id,
            ChangeFacts {
                added: vec!["/note".into()],
                ..ChangeFacts::default()
            },
        );
        holds(
            "container: { name: web, ports: [{ host: 8080, container: 80 }], mounts: { volume: data } }",
            &world,
        );
        holds(
            "container: { name: web, logs: { contains: two, lines: 2 }, stdout: one }",
            &world,
        );
        holds(
            "container: { name: web, files: { /note: { text: hello, lines: 1 }, /x: { exists: false } } }",
            &world,
        );
        holds(
            "container: { name: web, changes: { added: { contains: /note }, deleted: { count: 0 } } }",
            &world,
        );
        fails(
            "container: { name: web, ports: { host: 8081 } }",
            &world,
            "container `web`: published ports with host port 8081",
            "container `web`: published ports (host 8080, container 80, protocol `tcp` and host_ip ``)",
        );
        fails(
            "container: { name: web, files: { /note: { contains: bye } } }",
            &world,
            "container `web`: `/note`: text containing `bye`",
            "container `web`: `/note`: text `hello`",
        );
    }

    #[test]
    fn an_older_image_of_the_name_does_not_fit() {
        let mut world = Fake::default().running("web", "app");
        world.images[0].id = "sha256:new".to_owned();
        fails(
            "container: { name: web, image: app }",
            &world,
            "container `web`: image `app`",
            "container `web`: image an older image that was called `app` then",
        );
        holds("container: { name: web, image_ref: app }", &world);
    }

    #[test]
    fn what_cannot_be_seen_is_not_wrong() {
        blind("container: { name: web, status: running }");
    }
}
