//! One volume, by name.
//!
//! ## Passes when
//! a volume with exactly this name exists (or does not, with `exists: false`) and every given field matches.
//!
//! ## Example
//! ```yaml
//! - volume: { name: data, used_by: { contains: db }, files: { note.txt: { contains: hello } } }
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  a volume named `data`
//! Found     no volume of that name; there are none
//! ```

use super::file;
use super::file::FILE_SHAPES;
use super::thing::{Thing, exists, name, same_as, unchanged};
use crate::checks::field::{Asked, Field, Kind, Noun, claims, look, shapes, value};
use crate::world::{Container, Observed, Snapshot, Volume, World};
use serde_json::{Map, Value, json};

/// The noun.
pub static NOUN: Noun = Noun {
    name: "volume",
    doc: "One volume, by its exact name.",
    fields: &shapes::<_, { FIELDS.len() }>(FIELDS),
    needs: &["name"],
    shows: &["count", "name", "used_by"],
};

const FIELDS: &[Field<Volume>] = &[
    name().doc("Its exact name."),
    exists(),
    same_as(Kind::OneOf(&["setup"])).doc(
        "`setup`: the very volume that the setup made, whatever is in it now. With \
         `exists: false`: that volume is gone.",
    ),
    unchanged().doc("The same volume as after the setup, with the same files in it."),
    value("labels", Kind::Map, |one: &Volume| json!(one.labels)).doc("Labels."),
    look("used_by", Kind::Set, used_by).doc("Names of the containers that mount it."),
    claims(
        "files",
        Kind::Paths(FILE_SHAPES),
        |asked: &Asked<'_, Volume>| {
            file::files(asked, |path| asked.world.volume_file(&asked.it.name, path))
        },
    )
    .called("file")
    .doc("Files in it, by their path inside the volume."),
];

impl Thing for Volume {
    const KIND: &'static str = "volume";
    const ONE: &'static str = "a volume";
    const FIELDS: &'static [Field<Self>] = FIELDS;
    const EACH: &'static [Field<Self>] = FIELDS;

    fn all(world: &dyn World) -> Observed<Vec<Self>> {
        world.volumes()
    }

    fn of_setup(setup: &Snapshot) -> &[Self] {
        &setup.volumes
    }

    fn names(&self) -> Vec<String> {
        vec![self.name.clone()]
    }

    fn identity(&self) -> String {
        format!("{} {}", self.name, self.created)
    }

    fn state(&self) -> String {
        "exists".to_owned()
    }

    fn change(&self, _: &Self, world: &dyn World) -> Observed<Option<String>> {
        // A snapshot of an older version has no files to compare with.
        let same_files = match world.setup().stored.get(&self.name) {
            None => true,
            Some(before) => world.stored(&self.name)? == *before,
        };
        Ok((!same_files).then(|| "its files have changed since the start".to_owned()))
    }

    fn facts(&self, world: &dyn World) -> Map<String, Value> {
        let users = used_by(self, world).ok();
        users
            .map(|users| ("used_by".to_owned(), users))
            .into_iter()
            .collect()
    }
}

/// Names of the containers that mount it.
fn used_by(volume: &Volume, world: &dyn World) -> Observed<Value> {
    let is_it = |name: &Option<String>| name.as_ref() == Some(&volume.name);
    let mounts = |one: &Container| one.mounts.iter().any(|mount| is_it(&mount.volume));
    let users = world.containers()?.into_iter().filter(mounts);
    Ok(users.map(|one| one.name).collect())
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
            "volume `data`: another volume than at the start",
        );
        fails(
            "volume: { name: data, same_as: setup }",
            &world,
            "volume `data`: the same volume as at the start",
            "volume `data`: another volume than at the start",
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
