//! One container, by name.
//!
//! ## Passes when
//! a container with exactly this name exists (or does not, with `exists: false`) and matches every given field.
//! `same_as: setup` requires the container that the exercise started with, not a new one with the same name.
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

use super::outcome::{Claim, Truth};
use super::thing::{HasProcess, Process, Thing};
use super::{Arg, judge};
use crate::checks::field::{Asked, Field, Noun, shapes};
use crate::matcher::{Matcher, describe_found, quote};
use crate::world::{Container, Observed, Snapshot, World, meant_image, tagged};
use serde_json::{Map, Value, json};

/// The noun.
pub static NOUN: Noun = Noun {
    name: "container",
    doc: "One container, by its exact name.",
    fields: &shapes::<_, { fields::ONE.len() }>(fields::ONE),
    needs: &["name"],
    shows: &["count", "name", "id", "status", "image"],
};

/// The noun for all containers; `containers.rs` is its manual page.
pub static ALL: Noun = Noun {
    name: "containers",
    doc: "All containers that fit every field: how many there are, and what holds for all of them.",
    fields: &shapes::<_, { fields::ALL.len() }>(fields::ALL),
    needs: &[],
    shows: &["count", "names", "name", "id", "status", "image"],
};

impl Thing for Container {
    const KIND: &'static str = "container";
    const ONE: &'static str = "a container";
    const FIELDS: &'static [Field<Self>] = fields::ONE;
    const EACH: &'static [Field<Self>] = fields::ALL;

    fn all(world: &dyn World) -> Observed<Vec<Self>> {
        world.containers()
    }

    fn of_setup(setup: &Snapshot) -> &[Self] {
        &setup.containers
    }

    fn names(&self) -> Vec<String> {
        vec![self.name.clone()]
    }

    fn identity(&self) -> String {
        self.id.clone()
    }

    fn state(&self) -> String {
        format!("status {}", self.status)
    }

    fn whereabouts(&self) -> String {
        format!("{}, {}", quote(&self.name), self.state())
    }

    fn change(&self, before: &Self, world: &dyn World) -> Observed<Option<String>> {
        let starts = |one: &Self| judge::counted(&one.start_count.to_string(), "start");
        let state = |one: &Self| format!("{} with {}", one.status, starts(one));
        if state(before) != state(self) {
            return Ok(Some(format!("was {}, is {}", state(before), state(self))));
        }
        let limits = |one: &Self| (one.memory, one.cpus.map(f64::to_bits), one.pids_limit);
        if limits(before) != limits(self) || before.restart != self.restart {
            return Ok(Some("its settings have changed since the start".to_owned()));
        }
        let same_files = has_same_files(self, world)?;
        Ok((!same_files).then(|| "its files have changed since the start".to_owned()))
    }

    fn facts(&self, _: &dyn World) -> Map<String, Value> {
        let id = self.id.get(..12).unwrap_or(&self.id);
        Map::from_iter([
            ("id".to_owned(), json!(id)),
            ("status".to_owned(), json!(self.status)),
            ("image".to_owned(), json!(self.image_ref)),
        ])
    }
}

impl HasProcess for Container {
    fn process(&self) -> Process<'_> {
        Process {
            entrypoint: &self.entrypoint,
            cmd: &self.cmd,
            env: &self.env,
            workdir: &self.workdir,
            user: &self.user,
            labels: &self.labels,
        }
    }
}

/// Whether the files written by a container of the setup are unchanged. A snapshot of an older version has no files to
/// compare with.
fn has_same_files(container: &Container, world: &dyn World) -> Observed<bool> {
    match world.setup().written.get(&container.id) {
        None => Ok(true),
        Some(before) => Ok(world.written(&container.id)? == *before),
    }
}

/// The claim about its status, with its history.
fn status(asked: &Asked<'_, Container>) -> Vec<Claim> {
    let Arg::Match(matcher) = asked.arg else {
        return Vec::new();
    };
    let found = Ok(json!(asked.it.status));
    let mut claim = judge::value(asked.subject, asked.shape, matcher, found);
    claim.found.push_str(&history(asked.it));
    vec![claim]
}

/// Its history, in brackets.
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

/// The claim that a container was made from the image that a reference names now.
fn from_image(asked: &Asked<'_, Container>) -> Vec<Claim> {
    let (subject, container, world) = (asked.subject, asked.it, asked.world);
    let image = asked.word();
    let expected = format!("{subject}: image {}", quote(image));
    let images = match world.images() {
        Ok(images) => images,
        Err(blind) => return vec![Claim::blind(expected, blind)],
    };
    let same_name = tagged(&container.image_ref) == tagged(image);
    let named = meant_image(&images, world.setup(), image);
    let (holds, found) = match named {
        Some(image) if image.id == container.image_id => (true, quote(&container.image_ref)),
        Some(_) if same_name => (
            false,
            format!(
                "another one that was called {} then",
                quote(&container.image_ref)
            ),
        ),
        Some(_) => (false, quote(&container.image_ref)),
        // Only the reference as typed is left.
        None => (same_name, quote(&container.image_ref)),
    };
    vec![Claim::new(
        Truth::of(holds),
        expected,
        format!("{subject}: image {found}"),
    )]
}

/// The claim that a container wrote the contents of a workspace file to its standard output.
fn prints_file(asked: &Asked<'_, Container>) -> Vec<Claim> {
    let (subject, path) = (asked.subject, quote(asked.word()));
    let expected = format!("{subject}: standard output is what is in {path}");
    let seen = asked
        .world
        .file(asked.word())
        .and_then(|file| Ok((file, asked.world.logs(&asked.it.id)?.stdout)));
    let (file, stdout) = match seen {
        Ok(seen) => seen,
        Err(blind) => return vec![Claim::blind(expected, blind)],
    };
    let Some(text) = file.and_then(|file| file.text) else {
        return vec![Claim::new(
            Truth::No,
            expected,
            format!("no text file {path}"),
        )];
    };
    let stdout = Value::from(stdout);
    vec![Claim::new(
        Truth::of(Matcher::Text(text).accepts(&stdout)),
        expected,
        format!("{subject}: standard output {}", describe_found(&stdout)),
    )]
}

/// Claims about the paths that it changed.
fn changes(asked: &Asked<'_, Container>) -> Vec<Claim> {
    let group = judge::group(Some(asked.arg));
    match asked.world.changes(&asked.it.id) {
        Ok(changes) => judge::fields(asked.subject, fields::CHANGES, group, &changes, asked.world),
        Err(blind) => {
            let expected = format!("{}: {}", asked.subject, judge::describe_all(group));
            vec![Claim::blind(expected, blind)]
        }
    }
}

/// The command that created it, if this world shows that.
fn created_via(container: &Container, world: &dyn World) -> Observed<Value> {
    match world.untold("container", "created_via") {
        Some(blind) => Err(blind),
        None => Ok(json!(container.created_via)),
    }
}

/// Whether its entrypoint and command are those of its image; unknown if the image is gone.
fn command_from_image(container: &Container, world: &dyn World) -> Observed<Value> {
    let images = world.images()?;
    let image = images.iter().find(|one| one.id == container.image_id);
    Ok(json!(image.map(|image| {
        image.entrypoint == container.entrypoint && image.cmd == container.cmd
    })))
}

#[cfg(test)]
mod tests;
