//! One image, by its reference.
//!
//! ## Passes when
//! the reference names an image and every field given fits it. `app` means `app:latest`, as everywhere.
//!
//! ## Example
//! ```yaml
//! - image: { name: "hello:v1", cmd: [sh, /hello.sh], shares_layers_with: { image: busybox, min: 1 } }
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  an image `hello:v1`
//! Found     no such image; there are `busybox:latest` and `hello:latest`
//! ```

use super::container::FILE;
use super::judge;
use super::outcome::{Claim, Outcome, Truth};
use super::{Arg, Check, Given};
use crate::field::{Field, Kind, Noun, concat, field};
use crate::matcher::{Matcher, quote};
use crate::world::{Image, Observed, World, find_image};
use serde_json::{Map, Value, json};

/// The noun.
pub static NOUN: Noun = Noun {
    name: "image",
    doc: "One image, by its reference.",
    fields: &FIELDS,
    needs: &["name"],
};

static FIELDS: [Field; SELECT.len() + PICKED.len()] = concat(SELECT, PICKED);

const SELECT: &[Field] = &[
    field(
        "name",
        "name",
        Kind::Name,
        "Its reference, such as `app` or `app:v1`.",
    ),
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
        "Another reference that must name the same image; `setup` is this reference and `setup.NAME` another one as after the setup. With `exists: false`: that image is gone, and not only its name.",
    ),
    field(
        "unchanged",
        "unchanged",
        Kind::Bool,
        "The same image as after the setup.",
    ),
];

/// How many layers two images share.
const SHARED: &[Field] = &[
    field("image", "image", Kind::Name, "The other image."),
    field(
        "min",
        "layers",
        Kind::Number,
        "How many of the lowest layers are the same, at least; all of the other's if not given.",
    ),
];

/// What an image can be asked; `images` asks the same of each.
pub(crate) const PICKED: &[Field] = &[
    field(
        "tags",
        "references",
        Kind::Set,
        "All its references, such as `app:v1`.",
    ),
    field(
        "dangling",
        "dangling",
        Kind::Bool,
        "Whether it has no reference.",
    ),
    field("layers", "layers", Kind::Number, "How many layers it has."),
    field(
        "shares_layers_with",
        "shared layers",
        Kind::Group(SHARED),
        "Layers that it has in common with another, from below.",
    ),
    field("size", "size", Kind::Size, "Its bytes, unpacked."),
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
    field("user", "user", Kind::Text, "Its user."),
    field(
        "expose",
        "exposed ports",
        Kind::Set,
        "Ports that it names, such as `80/tcp`.",
    ),
    field("volumes", "volumes", Kind::Set, "Paths of its VOLUMEs."),
    field("labels", "labels", Kind::Map, "Labels."),
    field("stop_signal", "stop signal", Kind::Text, "Its STOPSIGNAL."),
    field(
        "healthcheck",
        "health check",
        Kind::Words,
        "The words of its HEALTHCHECK, such as `[CMD, true]`.",
    ),
    field(
        "history",
        "history",
        Kind::Text,
        "The lines of `docker history`, oldest first, one per step.",
    ),
    field(
        "used",
        "used by containers",
        Kind::Number,
        "How many containers were made from it.",
    ),
    field("files", "file", Kind::Paths(FILE), "Files in it."),
];

/// Judges the check.
pub(crate) fn evaluate(check: &Check, world: &dyn World) -> Outcome {
    let name = check.name("name").unwrap_or_default();
    let subject = format!("image {}", quote(name));
    let images = match world.images() {
        Ok(images) => images,
        Err(blind) => return Outcome::blind(subject, blind),
    };
    let wanted = !matches!(check.arg("exists"), Some(Arg::Match(Matcher::Bool(false))));
    let word = if wanted { "an" } else { "no" };
    let expected = format!("{word} image {}", quote(name));
    if !wanted && let Some(origin) = check.name("same_as") {
        return gone(origin, name, &images, world);
    }
    let Some(image) = find_image(&images, name) else {
        let others = judge::there_are(images.into_iter().flat_map(|image| image.references));
        let claim = Claim::new(
            Truth::of(!wanted),
            expected,
            format!("no such image; {others}"),
        );
        return Outcome::all(
            vec![claim],
            Map::from_iter([("count".to_owned(), json!(0))]),
        );
    };
    let facts = facts(image);
    if !wanted {
        let claim = Claim::new(
            Truth::No,
            expected,
            format!("{subject}: {}", short(&image.id)),
        );
        return Outcome::all(vec![claim], facts);
    }
    let mut claims = identity(&subject, check, name, image, &images, world);
    claims.extend(judge_fields(&subject, &check.given, image, world));
    if claims.is_empty() {
        let found = format!("{subject}: {}", short(&image.id));
        claims.push(Claim::new(Truth::Yes, expected, found));
    }
    Outcome::all(claims, facts)
}

/// With `exists: false` and `same_as`: the image is gone, under whatever name.
fn gone(origin: &str, name: &str, now: &[Image], world: &dyn World) -> Outcome {
    let before = match judge::name_in_setup(origin, name) {
        Some(name) => find_image(&world.setup().images, name),
        None => find_image(now, origin),
    };
    let same = before.and_then(|before| now.iter().find(|one| one.id == before.id));
    let there = same.map(|one| match one.references.first() {
        Some(reference) => quote(reference),
        None => format!("{}, without a name", short(&one.id)),
    });
    let facts = same.map_or_else(|| Map::from_iter([("count".to_owned(), json!(0))]), facts);
    let name = judge::name_in_setup(origin, name).unwrap_or(origin);
    let claim = judge::gone("image", name, before.is_some(), there);
    Outcome::all(vec![claim], facts)
}

/// `same_as` and `unchanged`.
fn identity(
    subject: &str,
    check: &Check,
    name: &str,
    image: &Image,
    images: &[Image],
    world: &dyn World,
) -> Vec<Claim> {
    let mut claims = Vec::new();
    let before = find_image(&world.setup().images, name);
    match check.name("same_as") {
        None => {}
        Some("setup") => claims.push(as_before(subject, true, before, image)),
        Some(origin) => {
            let (other, other_image) = match judge::name_in_setup(origin, name) {
                Some(other) => (other, find_image(&world.setup().images, other)),
                None => (origin, find_image(images, origin)),
            };
            let holds = other_image.is_some_and(|other| other.id == image.id);
            let found = match other_image {
                None => format!("no image {}", quote(other)),
                Some(_) if holds => format!("{subject}: the same image as {}", quote(other)),
                Some(_) => format!("{subject}: another image than {}", quote(other)),
            };
            let expected = format!("{subject}: the same image as {}", quote(other));
            claims.push(Claim::new(Truth::of(holds), expected, found));
        }
    }
    if let Some(Arg::Match(Matcher::Bool(wanted))) = check.arg("unchanged") {
        claims.push(as_before(subject, *wanted, before, image));
    }
    claims
}

fn as_before(subject: &str, wanted: bool, before: Option<&Image>, now: &Image) -> Claim {
    let same = before.is_some_and(|before| before.id == now.id);
    let words = |same| {
        if same {
            "the same image as at the start"
        } else {
            "another image than at the start"
        }
    };
    Claim::new(
        Truth::of(same == wanted),
        format!("{subject}: {}", words(wanted)),
        format!("{subject}: {}", words(same)),
    )
}

/// Claims for every field of `given` that both `image` and `images` have.
pub(crate) fn judge_fields(
    subject: &str,
    given: &[Given],
    image: &Image,
    world: &dyn World,
) -> Vec<Claim> {
    let mut claims = Vec::new();
    for given in given {
        match (given.field.name, &given.arg) {
            ("exists" | "unchanged" | "count" | "repository", _) => {}
            ("shares_layers_with", Arg::Group(group)) => {
                claims.push(shared(subject, group, image, world));
            }
            ("files", Arg::Paths(paths)) => {
                let read = |path: &str| world.image_file(&image.id, path);
                claims.extend(judge::paths(subject, paths, &read));
            }
            (name, Arg::Match(matcher)) => {
                let found = value(image, name, world);
                claims.push(judge::value(subject, given.field, matcher, found));
            }
            _ => {}
        }
    }
    claims
}

fn shared(subject: &str, group: &[Given], image: &Image, world: &dyn World) -> Claim {
    let other = match super::arg(group, "image") {
        Some(Arg::Name(name)) => name.as_str(),
        _ => "",
    };
    let images = match world.images() {
        Ok(images) => images,
        Err(blind) => return Claim::blind(format!("{subject}: shared layers"), blind),
    };
    let base = find_image(&images, other).or_else(|| find_image(&world.setup().images, other));
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

/// The value of a field of the table.
fn value(image: &Image, field: &str, world: &dyn World) -> Observed<Value> {
    Ok(match field {
        "tags" => json!(image.references),
        "dangling" => json!(image.references.is_empty()),
        "layers" => json!(image.layers.len()),
        "size" => json!(image.size),
        "command" => json!([image.entrypoint.as_slice(), image.cmd.as_slice()].concat()),
        "entrypoint" => json!(image.entrypoint),
        "cmd" => json!(image.cmd),
        "env" => json!(image.env),
        "workdir" => json!(image.workdir),
        "user" => json!(image.user),
        "expose" => json!(image.expose),
        "volumes" => json!(image.volumes),
        "labels" => json!(image.labels),
        "stop_signal" => json!(image.stop_signal),
        "healthcheck" => json!(image.healthcheck),
        "history" => json!(image.history.join("\n")),
        "used" => {
            let containers = world.containers()?;
            json!(
                containers
                    .iter()
                    .filter(|one| one.image_id == image.id)
                    .count()
            )
        }
        _ => Value::Null,
    })
}

/// What `{found.…}` can show of an image.
pub(crate) fn facts(image: &Image) -> Map<String, Value> {
    let command = [image.entrypoint.as_slice(), image.cmd.as_slice()].concat();
    Map::from_iter([
        ("count".to_owned(), json!(1)),
        ("name".to_owned(), json!(image.references.first())),
        ("id".to_owned(), json!(short(&image.id))),
        ("tags".to_owned(), json!(image.references)),
        ("layers".to_owned(), json!(image.layers.len())),
        ("size".to_owned(), json!(image.size)),
        ("command".to_owned(), json!(shell_words::join(command))),
        ("workdir".to_owned(), json!(image.workdir)),
        ("user".to_owned(), json!(image.user)),
    ])
}

/// Twelve digits of an id.
pub(crate) fn short(id: &str) -> &str {
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    digits.get(..12).unwrap_or(digits)
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::{blind, fails, holds};
    use crate::world::fake::Fake;

    fn world() -> Fake {
        Fake::default()
            .image("busybox", |image| image.layers = vec!["b".into()])
            .image("hello:v1", |image| {
                image.layers = vec!["b".into(), "h".into()];
                image.cmd = vec!["sh".into(), "-c".into(), "echo hi".into()];
                image.env.insert("MODE".into(), "test".into());
                image.expose = vec!["80/tcp".into()];
                image.history = vec!["ADD rootfs".into(), "RUN touch /x".into()];
            })
    }

    #[test]
    fn a_reference_without_a_tag_means_latest() {
        holds("image: { name: busybox }", &world());
        holds("image: { name: hello, exists: false }", &world());
        fails(
            "image: { name: hello }",
            &world(),
            "an image `hello`",
            "no such image; there are `busybox:latest` and `hello:v1`",
        );
    }

    #[test]
    fn its_configuration_is_compared() {
        holds(
            "image: { name: 'hello:v1', cmd: [sh, -c, echo hi], env: { MODE: test }, expose: 80/tcp }",
            &world(),
        );
        holds(
            "image: { name: 'hello:v1', cmd: sh -c 'echo hi', layers: 2, history: { contains: touch } }",
            &world(),
        );
        fails(
            "image: { name: 'hello:v1', cmd: [sh, -c, echo ho] }",
            &world(),
            "image `hello:v1`: cmd `sh -c 'echo ho'`",
            "image `hello:v1`: cmd `sh -c 'echo hi'`",
        );
    }

    #[test]
    fn shared_layers_are_counted_from_below() {
        holds(
            "image: { name: 'hello:v1', shares_layers_with: { image: busybox } }",
            &world(),
        );
        fails(
            "image: { name: busybox, shares_layers_with: { image: 'hello:v1' } }",
            &world(),
            "image `busybox`: at least 2 layers shared with `hello:v1`",
            "image `busybox`: 1 shared with `hello:v1`",
        );
    }

    #[test]
    fn two_names_can_be_one_image() {
        let mut world = world();
        world.images[1].references.push("copy:latest".into());
        holds("image: { name: copy, same_as: 'hello:v1' }", &world);
        fails(
            "image: { name: copy, same_as: busybox }",
            &world,
            "image `copy`: the same image as `busybox`",
            "image `copy`: another image than `busybox`",
        );
    }

    #[test]
    fn an_image_of_the_setup_is_known_without_its_name() {
        let mut world = world().set_up();
        world.images[1].references = vec!["other:latest".into()];
        holds("image: { name: 'hello:v1', exists: false }", &world);
        holds("image: { name: other, same_as: 'setup.hello:v1' }", &world);
        fails(
            "image: { name: 'hello:v1', same_as: setup, exists: false }",
            &world,
            "the image `hello:v1` of the start is gone",
            "the image `hello:v1` of the start is there: `other:latest`",
        );
        world.images.remove(1);
        holds(
            "image: { name: 'hello:v1', same_as: setup, exists: false }",
            &world,
        );
    }

    #[test]
    fn what_cannot_be_seen_is_not_wrong() {
        blind("image: { name: x, exists: false }");
    }
}
