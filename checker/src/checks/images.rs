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
use super::outcome::{Claim, Outcome, Truth};
use super::several::{self, One};
use super::{Arg, Check, Given};
use crate::field::{Field, Kind, Noun, concat, field};
use crate::matcher::{Matcher, quote};
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
    several::evaluate(check, &images, world)
}

impl One for Image {
    const KIND: &'static str = "image";

    fn name(&self) -> String {
        name(self)
    }

    fn fits(&self, given: &Given) -> Option<Truth> {
        let (Arg::Match(matcher), "repository") = (&given.arg, given.field.name) else {
            return None;
        };
        let is_one = |reference: &String| {
            let repository = reference
                .rsplit_once(':')
                .map_or(reference.as_str(), |(name, _)| name);
            matcher.accepts(&json!(repository))
        };
        Some(Truth::of(self.references.iter().any(is_one)))
    }

    fn judge(&self, subject: &str, given: &[Given], world: &dyn World) -> Vec<Claim> {
        image::judge_fields(subject, given, self, world)
    }

    fn facts(&self) -> Map<String, Value> {
        image::facts(self)
    }
}

/// What to call an image.
fn name(image: &Image) -> String {
    match image.references.first() {
        Some(reference) => reference.clone(),
        None => image::short(&image.id).to_owned(),
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
    several::as_at_start::<Image>(wanted, different, now.len())
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
