//! All images that fit a description.
//!
//! ## Passes when
//! the number of images that fit every field is `count` (at least one, if `count` is not given), and each of them
//! fits `all`. An image with two references is one image.
//!
//! ## Example
//! ```yaml
//! - images: { dangling: true, count: 0 }
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  0 images with dangling yes
//! Found     1: `3f2a9c1d77e0`
//! ```

use super::image::{self, PICKED};
use super::judge;
use super::outcome::{Claim, Outcome, Truth};
use super::{Arg, Check, Given};
use crate::field::{Field, Kind, Noun, concat, field};
use crate::matcher::{Matcher, join, quote};
use crate::world::{Image, World};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The noun.
pub static NOUN: Noun = Noun {
    name: "images",
    doc: "All images that fit every field: how many there are, and what holds for all of them.",
    fields: &FIELDS,
    needs: &[],
};

static FIELDS: [Field; OWN.len() + PICKED.len()] = concat(OWN, PICKED);

const OWN: &[Field] = &[
    field(
        "repository",
        "repository",
        Kind::Text,
        "A condition on the part of a reference before the tag.",
    ),
    field(
        "count",
        "count",
        Kind::Number,
        "How many fit; at least one if not given.",
    ),
    field(
        "all",
        "each",
        Kind::Group(PICKED),
        "What each of those must be.",
    ),
    field(
        "unchanged",
        "unchanged",
        Kind::Bool,
        "Exactly the images of the setup.",
    ),
];

/// Judges the check.
pub(crate) fn evaluate(check: &Check, world: &dyn World) -> Outcome {
    let images = match world.images() {
        Ok(images) => images,
        Err(blind) => return Outcome::blind("images", blind),
    };
    if let Some(Arg::Match(Matcher::Bool(wanted))) = check.arg("unchanged") {
        return unchanged(*wanted, world, &images);
    }
    let picking: Vec<Given> = check
        .given
        .iter()
        .filter(|given| !matches!(given.field.name, "count" | "all"))
        .cloned()
        .collect();
    let (mut picked, mut sure) = (Vec::new(), Truth::Yes);
    for one in &images {
        match fits(&picking, one, world) {
            Truth::Yes => picked.push(one),
            Truth::No => {}
            blind => sure = sure.and(blind),
        }
    }
    let mut claims = vec![count(check, &picking, &picked, sure)];
    if let Some(Arg::Group(each)) = check.arg("all") {
        for one in &picked {
            let subject = format!("image {}", quote(&name(one)));
            claims.extend(image::judge_fields(&subject, each, one, world));
        }
    }
    let mut facts = match picked.as_slice() {
        [one] => image::facts(one),
        _ => Map::new(),
    };
    let names: Vec<Value> = picked.iter().map(|one| json!(name(one))).collect();
    facts.insert("count".to_owned(), json!(picked.len()));
    facts.insert("names".to_owned(), Value::Array(names));
    Outcome::all(claims, facts)
}

/// What to call an image.
fn name(image: &Image) -> String {
    match image.references.first() {
        Some(reference) => reference.clone(),
        None => image::short(&image.id).to_owned(),
    }
}

fn fits(picking: &[Given], one: &Image, world: &dyn World) -> Truth {
    let repository = picking
        .iter()
        .filter_map(|given| match (&given.arg, given.field.name) {
            (Arg::Match(matcher), "repository") => {
                let is_one = |reference: &String| {
                    let repository = reference
                        .rsplit_once(':')
                        .map_or(reference.as_str(), |(name, _)| name);
                    matcher.accepts(&json!(repository))
                };
                Some(Truth::of(one.references.iter().any(is_one)))
            }
            _ => None,
        })
        .fold(Truth::Yes, Truth::and);
    image::judge_fields("", picking, one, world)
        .into_iter()
        .map(|claim| claim.truth)
        .fold(repository, Truth::and)
}

fn count(check: &Check, picking: &[Given], picked: &[&Image], sure: Truth) -> Claim {
    let with = if picking.is_empty() {
        String::new()
    } else {
        format!(" with {}", judge::describe_all(picking))
    };
    let default = Matcher::Range(Some(1.0), None);
    let matcher = match check.arg("count") {
        Some(Arg::Match(matcher)) => matcher,
        _ => &default,
    };
    let found = match picked.len() {
        0 => "none".to_owned(),
        count => format!(
            "{count}: {}",
            join(picked.iter().map(|one| quote(&name(one))), "and")
        ),
    };
    let number = json!(picked.len());
    let holds = Truth::of(matcher.accepts(&number));
    Claim {
        expected: format!("{}{with}", judge::counted(&matcher.describe(), "image")),
        found,
        truth: if sure == Truth::Yes { holds } else { sure },
        values: Some((matcher.clone(), number)),
    }
}

/// The claim that the images and their references are those of the setup.
fn unchanged(wanted: bool, world: &dyn World, now: &[Image]) -> Outcome {
    let all = |images: &[Image]| -> BTreeSet<(String, String)> {
        let pairs = images.iter().flat_map(|image| {
            let names: Vec<String> = if image.references.is_empty() {
                vec![name(image)]
            } else {
                image.references.clone()
            };
            names.into_iter().map(|name| (name, image.id.clone()))
        });
        pairs.collect()
    };
    let (before, after) = (all(&world.setup().images), all(now));
    let gone = before
        .difference(&after)
        .map(|(name, _)| format!("{} is gone or another", quote(name)));
    let new = after
        .difference(&before)
        .map(|(name, _)| format!("{} is new", quote(name)));
    let different: Vec<String> = gone.chain(new).collect();
    let same = different.is_empty();
    let expected = if wanted {
        "the images as they were"
    } else {
        "other images than before"
    };
    let found = if same {
        "the images as they were".to_owned()
    } else {
        join(different, "and")
    };
    let claim = Claim::new(
        Truth::of(same == wanted),
        format!("{expected} at the start"),
        found,
    );
    Outcome::all(
        vec![claim],
        Map::from_iter([("count".to_owned(), json!(now.len()))]),
    )
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::{blind, fails, holds};
    use crate::world::fake::Fake;

    fn world() -> Fake {
        Fake::default()
            .image("app:v1", |_| {})
            .image("app:v2", |_| {})
            .image("web", |image| {
                image.id = "sha256:0123456789abcdef".into();
                image.references.clear();
            })
    }

    #[test]
    fn those_that_fit_are_counted() {
        holds("images: { repository: app, count: 2 }", &world());
        holds("images: { dangling: true, count: 1 }", &world());
        fails(
            "images: { dangling: true, count: 0 }",
            &world(),
            "0 images with dangling yes",
            "1: `0123456789ab`",
        );
    }

    #[test]
    fn all_of_those_that_fit_are_judged() {
        holds("images: { repository: app, all: { layers: 0 } }", &world());
        fails(
            "images: { all: { dangling: false } }",
            &world(),
            "image `0123456789ab`: dangling no",
            "image `0123456789ab`: dangling yes",
        );
    }

    #[test]
    fn unchanged_means_the_same_names_for_the_same_images() {
        let world = world().set_up();
        holds("images: { unchanged: true }", &world);
        let mut moved = world;
        let id = moved.images[1].id.clone();
        moved.images[0].id = id;
        fails(
            "images: { unchanged: true }",
            &moved,
            "the images as they were at the start",
            "`app:v1` is gone or another and `app:v1` is new",
        );
    }

    #[test]
    fn what_cannot_be_seen_is_not_wrong() {
        blind("images: { count: 0 }");
    }
}
