//! One volume, by its name.
//!
//! ## Passes when
//! a volume with exactly this name exists (or does not, with `exists: false`) and every field given fits it.
//!
//! ## Example
//! ```yaml
//! - volume: { name: data, used_by: { contains: db }, files: { note.txt: { contains: hello } } }
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  a volume named `data`
//! Found     no such volume; there are none
//! ```

use super::container::FILE;
use super::judge;
use super::outcome::{Claim, Outcome, Truth};
use super::{Arg, Check};
use crate::field::{Kind, Noun, field};
use crate::matcher::{Matcher, quote};
use crate::world::{Observed, World};
use serde_json::{Map, Value, json};

/// The noun.
pub static NOUN: Noun = Noun {
    name: "volume",
    doc: "One volume, by its exact name.",
    fields: &[
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
            Kind::OneOf(&["setup"]),
            "`setup`: the very volume that the setup made, whatever is in it now.",
        ),
        field(
            "unchanged",
            "unchanged",
            Kind::Bool,
            "The same volume as after the setup, with the same files in it.",
        ),
        field("labels", "labels", Kind::Map, "Labels."),
        field(
            "used_by",
            "used by",
            Kind::Set,
            "Names of the containers that mount it.",
        ),
        field(
            "files",
            "file",
            Kind::Paths(FILE),
            "Files in it, by their path inside the volume.",
        ),
    ],
    needs: &["name"],
};

/// Judges the check.
pub(crate) fn evaluate(check: &Check, world: &dyn World) -> Outcome {
    let name = check.name("name").unwrap_or_default();
    let subject = format!("volume {}", quote(name));
    let volumes = match world.volumes() {
        Ok(volumes) => volumes,
        Err(blind) => return Outcome::blind(subject, blind),
    };
    let wanted = !matches!(check.arg("exists"), Some(Arg::Match(Matcher::Bool(false))));
    let word = if wanted { "a" } else { "no" };
    let expected = format!("{word} volume named {}", quote(name));
    let Some(volume) = volumes.iter().find(|one| one.name == name) else {
        let others = judge::there_are(volumes.into_iter().map(|one| one.name));
        let claim = Claim::new(
            Truth::of(!wanted),
            expected,
            format!("no volume of that name; {others}"),
        );
        return Outcome::all(
            vec![claim],
            Map::from_iter([("count".to_owned(), json!(0))]),
        );
    };
    let mut claims = vec![Claim::new(
        Truth::of(wanted),
        expected,
        format!("{subject} exists"),
    )];
    let before = world.setup().volumes.iter().find(|one| one.name == name);
    let same = before.is_some_and(|before| before.created == volume.created);
    for given in &check.given {
        match (given.field.name, &given.arg) {
            ("name" | "exists", _) => {}
            ("same_as", _) => claims.push(Claim::new(
                Truth::of(same),
                format!("{subject}: the one of the start"),
                match same {
                    true => format!("{subject}: the one of the start"),
                    false => format!("{subject}: not the one of the start"),
                },
            )),
            ("unchanged", Arg::Match(Matcher::Bool(wanted))) => {
                claims.push(unchanged(&subject, *wanted, same, name, world));
            }
            ("files", Arg::Paths(paths)) => {
                let read = |path: &str| world.volume_file(name, path);
                claims.extend(judge::paths(&subject, paths, &read));
            }
            ("used_by", Arg::Match(matcher)) => {
                let found = users(name, world).map(|names| json!(names));
                claims.push(judge::value(&subject, given.field, matcher, found));
            }
            (_, Arg::Match(matcher)) => {
                let found = Ok(json!(volume.labels));
                claims.push(judge::value(&subject, given.field, matcher, found));
            }
            _ => {}
        }
    }
    let mut facts = Map::from_iter([
        ("count".to_owned(), json!(1)),
        ("name".to_owned(), json!(name)),
    ]);
    if let Ok(users) = users(name, world) {
        facts.insert("used_by".to_owned(), Value::from(users));
    }
    Outcome::all(claims, facts)
}

/// The claim that a volume, which is the `same` as at the start or not, has the same files.
fn unchanged(subject: &str, wanted: bool, same: bool, name: &str, world: &dyn World) -> Claim {
    let words = |unchanged| match (unchanged, same) {
        (true, _) => "as it was at the start",
        (false, true) => "its files have changed since the start",
        (false, false) => "not the one of the start",
    };
    let expected = match wanted {
        true => format!("{subject}: as it was at the start"),
        false => format!("{subject}: changed since the start"),
    };
    // A snapshot of an older version has no files to compare with.
    let same_files = match world.setup().stored.get(name) {
        None => Ok(true),
        Some(before) => world.stored(name).map(|now| now == *before),
    };
    match same_files {
        Err(blind) => Claim::blind(expected, blind),
        Ok(same_files) => {
            let unchanged = same && same_files;
            let found = format!("{subject}: {}", words(unchanged));
            Claim::new(Truth::of(unchanged == wanted), expected, found)
        }
    }
}

/// Names of the containers that mount it.
fn users(name: &str, world: &dyn World) -> Observed<Vec<String>> {
    let containers = world.containers()?;
    let mounts = |one: &crate::world::Container| {
        one.mounts
            .iter()
            .any(|mount| mount.volume.as_deref() == Some(name))
    };
    Ok(containers
        .into_iter()
        .filter(|one| mounts(one))
        .map(|one| one.name)
        .collect())
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::{blind, fails, holds};
    use crate::world::fake::{Fake, text_file};
    use crate::world::{Mount, Volume};

    fn world() -> Fake {
        let mut world = Fake::default().container("db", "busybox", |one| {
            one.mounts = vec![Mount {
                kind: "volume".into(),
                volume: Some("data".into()),
                target: "/data".into(),
                ..Mount::default()
            }];
        });
        world.volumes = vec![Volume {
            name: "data".into(),
            created: "now".into(),
            ..Volume::default()
        }];
        world
            .volume_files
            .insert(("data".into(), "note".into()), text_file("hi\n"));
        world
    }

    #[test]
    fn a_name_is_literal() {
        holds("volume: { name: data }", &world());
        holds("volume: { name: dat, exists: false }", &world());
        fails(
            "volume: { name: data2 }",
            &world(),
            "a volume named `data2`",
            "no volume of that name; there is `data`",
        );
    }

    #[test]
    fn its_users_and_files_are_looked_into() {
        holds(
            "volume: { name: data, used_by: db, files: { note: { contains: hi } } }",
            &world(),
        );
        fails(
            "volume: { name: data, used_by: { contains: web } }",
            &world(),
            "volume `data`: used by containing `web`",
            "volume `data`: used by `db`",
        );
    }

    #[test]
    fn one_made_again_is_not_unchanged() {
        let mut world = world().set_up();
        holds("volume: { name: data, unchanged: true }", &world);
        world.volumes[0].created = "later".into();
        fails(
            "volume: { name: data, unchanged: true }",
            &world,
            "volume `data`: as it was at the start",
            "volume `data`: not the one of the start",
        );
        fails(
            "volume: { name: data, same_as: setup }",
            &world,
            "volume `data`: the one of the start",
            "volume `data`: not the one of the start",
        );
    }

    #[test]
    fn one_with_other_files_is_not_unchanged() {
        let mut world = world().set_up();
        world.stored.insert("data".into(), "other".into());
        holds("volume: { name: data, same_as: setup }", &world);
        fails(
            "volume: { name: data, unchanged: true }",
            &world,
            "volume `data`: as it was at the start",
            "volume `data`: its files have changed since the start",
        );
        holds("volume: { name: data, unchanged: false }", &world);
    }

    #[test]
    fn what_cannot_be_seen_is_not_wrong() {
        blind("volume: { name: data }");
    }
}
