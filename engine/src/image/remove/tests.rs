//! Each case: the images before, the command, and its output.

use super::*;
use crate::oci::digest::Digest;
use crate::store::images::ImageRecord;
use jiff::Timestamp;

fn id(name: &str) -> ImageId {
    Digest::of(name.as_bytes())
}

/// `a: x:1 x:2` is image a with two names; `b < a` is image b, committed from a.
fn table(text: &str) -> ImageTable {
    let mut table = ImageTable::default();
    for line in text.split(',') {
        let (image, names) = line.split_once(':').unwrap_or((line, ""));
        let (name, parent) = match image.split_once('<') {
            Some((name, parent)) => (name.trim(), Some(id(parent.trim()))),
            None => (image.trim(), None),
        };
        table.images.insert(
            id(name),
            ImageRecord {
                added: Timestamp::UNIX_EPOCH,
                created: None,
                last_tagged: None,
                parent,
                chain: Vec::new(),
                size: 0,
                lost: Vec::new(),
            },
        );
        for reference in names.split_whitespace() {
            let reference = Reference::parse(reference).unwrap();
            table.tag(reference, &id(name), Timestamp::UNIX_EPOCH);
        }
    }
    table
}

fn container(image: &str, running: bool) -> InUse {
    InUse {
        container: ContainerId::parse(&"c".repeat(64)).unwrap(),
        name: "box".to_owned(),
        image: id(image),
        running,
    }
}

const FORCE: RemoveImageOptions = RemoveImageOptions {
    force: true,
    no_prune: false,
};

struct Case<'a> {
    table: &'a str,
    users: Vec<InUse>,
    options: RemoveImageOptions,
}

impl Case<'_> {
    /// `expected` is `-name` for each untied name and `image` for each deleted one, or the error, with `A` for the id
    /// of image a.
    #[track_caller]
    fn check(&self, name: &str, expected: &str) {
        let mut table = table(self.table);
        let name = match name.strip_prefix("id ") {
            Some(image) => id(image).short().to_owned(),
            None => name.to_owned(),
        };
        let found = match remove(&mut table, &name, self.options, &self.users) {
            Err(error) => error.message().replace(id("a").short(), "A"),
            Ok(done) => {
                let words: Vec<_> = done
                    .iter()
                    .map(|removed| match removed {
                        Removed::Untagged { name, .. } => format!("-{name}"),
                        Removed::Deleted(digest) => ["a", "b", "c"]
                            .into_iter()
                            .find(|image| id(image).as_str() == digest)
                            .unwrap()
                            .to_owned(),
                    })
                    .collect();
                words.join(" ")
            }
        };
        assert_eq!(found, expected);
    }
}

fn case(table: &str) -> Case<'_> {
    Case {
        table,
        users: Vec::new(),
        options: RemoveImageOptions::default(),
    }
}

#[test]
fn the_last_name_takes_the_image_along() {
    case("a: x:latest").check("x", "-x:latest a");
    case("a: x:latest").check("id a", "-x:latest a");
    case("a: x:latest y:1").check("x", "-x:latest");
    case("a").check("id a", "a");
    case("a: x:1").check("x", "No such image: x:latest");
}

#[test]
fn an_id_with_several_names_needs_force() {
    let several = "conflict: unable to delete A (must be forced) - image is referenced in multiple repositories";
    case("a: x:1 y:1").check("id a", several);
    case("a: x:1 x:2").check("id a", several);
    Case {
        options: FORCE,
        ..case("a: x:1 y:1")
    }
    .check("id a", "-x:1 -y:1 a");
}

#[test]
fn a_container_keeps_its_image() {
    let users = |running| Case {
        users: vec![container("a", running)],
        ..case("a: x:latest")
    };
    let name = "conflict: unable to remove repository reference \"x\" (must force) - container cccccccccccc is using its referenced image A";
    users(true).check("x", name);
    users(false).check("x", name);
    users(true).check(
        "id a",
        "conflict: unable to delete A (cannot be forced) - image is being used by running container cccccccccccc",
    );
    users(false).check(
        "id a",
        "conflict: unable to delete A (must be forced) - image is being used by stopped container cccccccccccc",
    );
}

#[test]
fn force_unties_a_name_in_use_and_deletes_the_image_of_a_stopped_container() {
    let users = |running| Case {
        users: vec![container("a", running)],
        options: FORCE,
        ..case("a: x:latest")
    };
    users(true).check("x", "-x:latest");
    users(false).check("x", "-x:latest a");
    users(false).check("id a", "-x:latest a");
    users(true).check(
        "id a",
        "conflict: unable to delete A (cannot be forced) - image is being used by running container cccccccccccc",
    );
}

#[test]
fn one_of_two_names_goes_although_a_container_uses_the_image() {
    Case {
        users: vec![container("a", true)],
        ..case("a: x:latest y:1")
    }
    .check("x", "-x:latest");
}

#[test]
fn children_keep_their_parent_and_take_a_nameless_one_along() {
    let children =
        "conflict: unable to delete A (cannot be forced) - image has dependent child images";
    case("a, b < a: y:1").check("id a", children);
    case("a: x:1, b < a: y:1").check("x:1", "-x:1");
    case("a, b < a, c < b: z:1").check("z:1", "-z:1 c b a");
    case("a: x:1, b < a: y:1").check("y:1", "-y:1 b");
    Case {
        options: RemoveImageOptions {
            no_prune: true,
            ..Default::default()
        },
        ..case("a, b < a: y:1")
    }
    .check("y:1", "-y:1 b");
}

#[test]
fn the_hint_is_the_command_that_solves_it() {
    let check = |table_text: &str, users: Vec<InUse>, name: &str, expected: &str| {
        let name = match name.strip_prefix("id ") {
            Some(image) => id(image).short().to_owned(),
            None => name.to_owned(),
        };
        let options = RemoveImageOptions::default();
        let error = remove(&mut table(table_text), &name, options, &users).unwrap_err();
        assert_eq!(error.hint(), Some(expected), "{table_text}");
    };
    let named = |name: &str, running| InUse {
        name: name.to_owned(),
        ..container("a", running)
    };
    let two = || vec![named("one", true), named("two", false)];
    check(
        "a: x:latest",
        two(),
        "x",
        "docker rm -f one two removes the containers; docker rmi -f x unties the name all the same",
    );
    check(
        "a: x:1",
        vec![named("one", true)],
        "id a",
        "docker rm -f one",
    );
    check("a: x:1", vec![named("two", false)], "id a", "docker rm two");
    check("a: x:1 y:2", Vec::new(), "id a", "docker rmi x:1 y:2");
    check(
        "a, b < a: y:1, c < b: z:1",
        Vec::new(),
        "id a",
        "docker rmi z:1 y:1 first",
    );
}

#[test]
fn digests_go_with_the_last_tag_of_their_repository() {
    let digest = Digest::of(b"manifest");
    let names = format!("a: x:1 x@{digest}");
    case(&names).check("x:1", &format!("-x:1 -x@{digest} a"));
    case(&names).check("id a", &format!("-x:1 -x@{digest} a"));
}
