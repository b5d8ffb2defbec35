//! One image, by its reference.
//!
//! ## Passes when
//! the reference names an image and every given field matches. `app` means `app:latest`, as everywhere.
//!
//! ## Example
//! ```yaml
//! - image: { name: "hello:v1", cmd: [sh, /hello.sh], shares_layers_with: { image: busybox, min: 1 } }
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  an image named `hello:v1`
//! Found     no image of that name; there are `busybox:latest` and `hello:latest`
//! ```

use super::Arg;
use super::file::FILE_SHAPES;
use super::outcome::{Claim, Truth};
use super::thing::{
    HasProcess, Process, Thing, count, each, exists, name, process, same_as, unchanged,
};
use super::{file, judge};
use crate::checks::field::{Asked, Field, Kind, Noun, aside, claims, concat, look, shapes, value};
use crate::matcher::{Matcher, quote};
use crate::world::{Image, Observed, Snapshot, World, find_image, meant_image};
use serde_json::{Map, Value, json};

/// The noun.
pub static NOUN: Noun = Noun {
    name: "image",
    doc: "One image, by its reference.",
    fields: &shapes::<_, { ONE.len() }>(ONE),
    needs: &["name"],
    shows: &["count", "name", "id"],
};

/// The noun for all images.
pub static ALL: Noun = Noun {
    name: "images",
    doc: "All images that fit every field: how many there are, and what holds for all of them.",
    fields: &shapes::<_, { TOGETHER.len() + PICKED.len() }>(EACH),
    needs: &[],
    shows: &["count", "names", "name", "id"],
};

const ONE: &[Field<Image>] = &concat::<_, { SELECT.len() + PICKED.len() }>(SELECT, PICKED);
const EACH: &[Field<Image>] = &concat::<_, { TOGETHER.len() + PICKED.len() }>(TOGETHER, PICKED);

const SELECT: &[Field<Image>] = &[
    name().doc("Its reference, such as `app` or `app:v1`."),
    exists(),
    same_as(Kind::Name).doc(
        "Another reference that must name the same image; `setup` is this reference \
         and `setup.NAME` another one as after the setup. With `exists: false`: that \
         image is gone, and not only its name.",
    ),
    unchanged().doc("The same image as after the setup."),
];

const TOGETHER: &[Field<Image>] = &[
    claims("repository", Kind::Text, repository)
        .doc("A condition on the part of a reference before the tag."),
    count(),
    each(&shapes::<_, { PICKED.len() }>(PICKED)),
    aside("unchanged", Kind::Bool).doc("Exactly the images of the setup."),
];

const PICKED: &[Field<Image>] = &concat::<_, { PROCESS.len() + OWN.len() }>(OWN, &PROCESS);
const PROCESS: [Field<Image>; 7] = process();

/// How many layers two images share.
const SHARED: &[Field<Image>] = &[
    aside("image", Kind::Name).doc("The other image."),
    aside("min", Kind::Number).called("layers").doc(
        "How many of the lowest layers are the same, at least; all of the other's if \
         not given.",
    ),
];

const OWN: &[Field<Image>] = &[
    value("tags", Kind::Set, |one: &Image| json!(one.references))
        .called("references")
        .doc("All its references, such as `app:v1`."),
    value("dangling", Kind::Bool, |one: &Image| {
        json!(one.references.is_empty())
    })
    .doc("Whether it has no reference."),
    value("layers", Kind::Number, |one: &Image| {
        json!(one.layers.len())
    })
    .doc("How many layers it has."),
    claims(
        "shares_layers_with",
        Kind::Group(&shapes::<_, { SHARED.len() }>(SHARED)),
        shares_layers,
    )
    .called("shared layers")
    .doc("Layers that it has in common with another, from below."),
    value("size", Kind::Size, |one: &Image| json!(one.size)).doc("Its bytes, unpacked."),
    value("expose", Kind::Set, |one: &Image| json!(one.expose))
        .called("exposed ports")
        .doc("Ports that it names, such as `80/tcp`."),
    value("volumes", Kind::Set, |one: &Image| json!(one.volumes)).doc("Paths of its VOLUMEs."),
    value("stop_signal", Kind::Text, |one: &Image| {
        json!(one.stop_signal)
    })
    .doc("Its STOPSIGNAL."),
    value("healthcheck", Kind::Words, |one: &Image| {
        json!(one.healthcheck)
    })
    .called("health check")
    .doc("The words of its HEALTHCHECK, such as `[CMD, true]`."),
    value("history", Kind::Text, |one: &Image| {
        json!(one.history.join("\n"))
    })
    .doc("The lines of `docker history`, oldest first, one per step."),
    look("used", Kind::Number, used)
        .called("used by containers")
        .doc("How many containers were made from it."),
    claims("layers_contain", Kind::Name, layers_contain)
        .doc("A text that stands in a file of some layer, even if a later layer removes the file."),
    claims(
        "files",
        Kind::Paths(FILE_SHAPES),
        |asked: &Asked<'_, Image>| {
            file::files(asked, |path| asked.world.image_file(&asked.it.id, path))
        },
    )
    .called("file")
    .doc("Files in it."),
];

impl Thing for Image {
    const KIND: &'static str = "image";
    const ONE: &'static str = "an image";
    const FIELDS: &'static [Field<Self>] = ONE;
    const EACH: &'static [Field<Self>] = EACH;

    fn all(world: &dyn World) -> Observed<Vec<Self>> {
        world.images()
    }

    fn of_setup(setup: &Snapshot) -> &[Self] {
        &setup.images
    }

    fn names(&self) -> Vec<String> {
        self.references.clone()
    }

    fn identity(&self) -> String {
        self.id.clone()
    }

    fn state(&self) -> String {
        short(&self.id).to_owned()
    }

    fn change(&self, _: &Self, _: &dyn World) -> Observed<Option<String>> {
        Ok(None)
    }

    fn facts(&self, _: &dyn World) -> Map<String, Value> {
        Map::from_iter([("id".to_owned(), json!(short(&self.id)))])
    }

    fn find<'t>(all: &'t [Self], name: &str) -> Option<&'t Self> {
        find_image(all, name)
    }
}

impl HasProcess for Image {
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

/// The claim that one of its references has a matching repository.
fn repository(asked: &Asked<'_, Image>) -> Vec<Claim> {
    let Arg::Match(matcher) = asked.arg else {
        return Vec::new();
    };
    let repositories = asked.it.references.iter().map(|reference| {
        let name = reference.rsplit_once(':').map(|(name, _)| name);
        Value::from(name.unwrap_or(reference))
    });
    let of_one = |found| judge::value(asked.subject, asked.shape, matcher, Ok(found));
    let mut claims: Vec<Claim> = repositories.map(of_one).collect();
    if claims.is_empty() {
        claims.push(of_one(Value::Null));
    }
    let best = claims.iter().position(|claim| claim.truth == Truth::Yes);
    vec![claims.swap_remove(best.unwrap_or_default())]
}

/// The claim that a text stands in some layer.
fn layers_contain(asked: &Asked<'_, Image>) -> Vec<Claim> {
    let (subject, text) = (asked.subject, quote(asked.word()));
    let expected = format!("{subject}: a layer with {text} in a file");
    let found = asked.world.layers_contain(&asked.it.id, asked.word());
    vec![match found {
        Err(blind) => Claim::blind(expected, blind),
        Ok(true) => Claim::new(Truth::Yes, expected.clone(), expected),
        Ok(false) => Claim::new(
            Truth::No,
            expected,
            format!("{subject}: no layer with {text}"),
        ),
    }]
}

/// The number of containers created from it.
fn used(image: &Image, world: &dyn World) -> Observed<Value> {
    let containers = world.containers()?;
    let of_it = containers.iter().filter(|one| one.image_id == image.id);
    Ok(json!(of_it.count()))
}

/// The claim that it shares its lowest layers with another image.
fn shares_layers(asked: &Asked<'_, Image>) -> Vec<Claim> {
    vec![shared(asked)]
}

fn shared(asked: &Asked<'_, Image>) -> Claim {
    let (subject, image, world) = (asked.subject, asked.it, asked.world);
    let group = judge::group(Some(asked.arg));
    let other = super::word(group, "image").unwrap_or_default();
    let images = match world.images() {
        Ok(images) => images,
        Err(blind) => return Claim::blind(format!("{subject}: shared layers"), blind),
    };
    let base = meant_image(&images, world.setup(), other);
    let Some(base) = base else {
        return Claim::new(
            Truth::No,
            format!("{subject}: layers shared with {}", quote(other)),
            format!("no image {}", quote(other)),
        );
    };
    let common = image
        .layers
        .iter()
        .zip(&base.layers)
        .take_while(|(one, two)| one == two)
        .count();
    let found = json!(common);
    let all = Matcher::Range(Some(base.layers.len() as f64), None);
    let matcher = match super::arg(group, "min") {
        Some(Arg::Match(Matcher::Number(min))) => Matcher::Range(Some(*min), None),
        Some(Arg::Match(matcher)) => matcher.clone(),
        _ => all,
    };
    Claim {
        expected: format!(
            "{subject}: {} shared with {}",
            judge::counted(&matcher.describe(), "layer"),
            quote(other)
        ),
        found: format!("{subject}: {common} shared with {}", quote(other)),
        truth: Truth::of(matcher.accepts(&found)),
        values: Some((matcher, found)),
    }
}

/// Twelve digits of an id.
pub(crate) fn short(id: &str) -> &str {
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    digits.get(..12).unwrap_or(digits)
}

#[cfg(test)]
mod tests;
