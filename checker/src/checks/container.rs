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

mod fields;

pub(crate) use fields::{FILE, PICKED};

use super::judge;
use super::outcome::{Claim, Outcome, Truth};
use super::{Arg, Check, Given};
use crate::field::Noun;
use crate::matcher::{Matcher, describe_found, quote};
use crate::world::{Container, Observed, Snapshot, World, find_image, tagged};
use fields::FIELDS;
use serde_json::{Map, Value, json};

/// The noun.
pub static NOUN: Noun = Noun {
    name: "container",
    doc: "One container, by its exact name.",
    fields: &FIELDS,
    needs: &["name"],
};

/// Judges the check.
pub(crate) fn evaluate(check: &Check, world: &dyn World) -> Outcome {
    let name = check.name("name").unwrap_or_default();
    let subject = format!("container {}", quote(name));
    let containers = match world.containers() {
        Ok(containers) => containers,
        Err(blind) => return Outcome::blind(subject, blind),
    };
    let wanted = !matches!(check.arg("exists"), Some(Arg::Match(Matcher::Bool(false))));
    if !wanted && let Some(origin) = check.name("same_as") {
        return gone(origin, name, &containers, world.setup());
    }
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
    let mut claims = identity(&subject, check, container, world);
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

/// With `exists: false` and `same_as`: the very container of the setup is gone, and not only its name.
fn gone(origin: &str, name: &str, now: &[Container], setup: &Snapshot) -> Outcome {
    let name = judge::name_in_setup(origin, name).unwrap_or(name);
    let before = setup.containers.iter().find(|one| one.name == name);
    let same = before.and_then(|before| now.iter().find(|one| one.id == before.id));
    let there = same.map(|one| format!("{}, status {}", quote(&one.name), one.status));
    let facts = same.map_or_else(|| Map::from_iter([("count".to_owned(), json!(0))]), facts);
    let claim = judge::gone("container", name, before.is_some(), there);
    Outcome::all(vec![claim], facts)
}

/// `same_as` and `unchanged`.
fn identity(subject: &str, check: &Check, container: &Container, world: &dyn World) -> Vec<Claim> {
    let setup = world.setup();
    let mut claims = Vec::new();
    if let Some(origin) = check.name("same_as") {
        let name = judge::name_in_setup(origin, &container.name).unwrap_or(&container.name);
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
        claims.push(unchanged(subject, *wanted, before, container, world));
    }
    claims
}

/// The claim that a container is as it was after the setup, and so are its files.
fn unchanged(
    subject: &str,
    wanted: bool,
    before: Option<&Container>,
    now: &Container,
    world: &dyn World,
) -> Claim {
    let same_state = before.is_some_and(|before| fingerprint(before) == fingerprint(now));
    let word = if wanted {
        "as it was at the start"
    } else {
        "changed since the start"
    };
    let expected = format!("{subject}: {word}");
    let same_files = match before {
        Some(_) if same_state => match has_same_files(now, world) {
            Ok(same) => same,
            Err(blind) => return Claim::blind(expected, blind),
        },
        _ => false,
    };
    let same = same_state && same_files;
    let found = match before {
        None => "not there at the start".to_owned(),
        Some(before) if before.id != now.id => "another container, made since then".to_owned(),
        Some(_) if same => "as it was at the start".to_owned(),
        Some(_) if same_state => "its files have changed since the start".to_owned(),
        Some(before) => format!(
            "was {} with {} starts, is {} with {}",
            before.status, before.start_count, now.status, now.start_count
        ),
    };
    Claim::new(
        Truth::of(same == wanted),
        expected,
        format!("{subject}: {found}"),
    )
}

/// Whether the files that a container of the setup has written are as they were. A snapshot of an older version has no
/// files to compare with.
pub(crate) fn has_same_files(container: &Container, world: &dyn World) -> Observed<bool> {
    match world.setup().written.get(&container.id) {
        None => Ok(true),
        Some(before) => Ok(world.written(&container.id)? == *before),
    }
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
            ("stdout_of", Arg::Name(path)) => {
                claims.push(prints_file(subject, container, path, world));
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
    let named = find_image(&images, image)
        // It has lost its name since; the setup may know which image that was.
        .or_else(|| find_image(&world.setup().images, image));
    let (holds, found) = match named {
        Some(image) if image.id == container.image_id => (true, quote(&container.image_ref)),
        Some(_) if same_name => (
            false,
            format!(
                "an older image that was called {} then",
                quote(&container.image_ref)
            ),
        ),
        Some(_) => (false, quote(&container.image_ref)),
        // What was typed is all that is left of it.
        None => (same_name, quote(&container.image_ref)),
    };
    Claim::new(
        Truth::of(holds),
        expected,
        format!("{subject}: image {found}"),
    )
}

/// The claim that a container wrote to its standard output what is in the file at `path` of the workspace.
fn prints_file(subject: &str, container: &Container, path: &str, world: &dyn World) -> Claim {
    let expected = format!("{subject}: standard output is what is in {}", quote(path));
    let seen = world
        .file(path)
        .and_then(|file| Ok((file, world.logs(&container.id)?.stdout)));
    let (file, stdout) = match seen {
        Ok(seen) => seen,
        Err(blind) => return Claim::blind(expected, blind),
    };
    let Some(text) = file.and_then(|file| file.text) else {
        return Claim::new(Truth::No, expected, format!("no text file {}", quote(path)));
    };
    let stdout = Value::from(stdout);
    Claim::new(
        Truth::of(Matcher::Text(text).accepts(&stdout)),
        expected,
        format!("{subject}: standard output {}", describe_found(&stdout)),
    )
}

/// The entrypoint and command of the container's image; nothing if the image is gone.
fn command_of_image(
    container: &Container,
    world: &dyn World,
) -> Observed<Option<(Vec<String>, Vec<String>)>> {
    let images = world.images()?;
    let image = images.into_iter().find(|one| one.id == container.image_id);
    Ok(image.map(|image| (image.entrypoint, image.cmd)))
}

/// The value of a field of the table.
pub(crate) fn value(container: &Container, field: &str, world: &dyn World) -> Observed<Value> {
    if let Some(blind) = world.untold("container", field) {
        return Err(blind);
    }
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
        "command_from_image" => match command_of_image(container, world)? {
            Some((entrypoint, cmd)) => {
                json!(container.entrypoint == entrypoint && container.cmd == cmd)
            }
            None => Value::Null,
        },
        "restart_max" => json!(container.restart_max),
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
mod tests;
