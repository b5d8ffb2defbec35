//! A repository in a registry of this machine: of the practice hub, or of the one whose address stands in the name.
//!
//! ## Passes when
//! the registry has the repository (or does not, with `exists: false`) and every field given fits it.
//!
//! ## Example
//! ```yaml
//! - registry: { repo: alice/hello, tag: v1, same_as: "hello:v1" }
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  registry: `alice/hello` with tag `v1`
//! Found     registry: `alice/hello` has tag `latest`
//! ```

use super::judge;
use super::outcome::{Claim, Outcome, Truth};
use super::{Arg, Check};
use crate::field::{Kind, Noun, field};
use crate::matcher::{Matcher, quote};
use crate::world::{Tagged, World, find_image};
use serde_json::{Map, Value, json};

/// The noun.
pub static NOUN: Noun = Noun {
    name: "registry",
    doc: "A repository in a registry on this machine: of the practice hub, or with its address in the name.",
    fields: &[
        field(
            "repo",
            "repository",
            Kind::Name,
            "The repository: `alice/hello` on the practice hub, or `localhost:5000/alice/hello`.",
        ),
        field(
            "exists",
            "exists",
            Kind::Bool,
            "Whether it (with `tag`: this tag) exists; true if not given.",
        ),
        field("tag", "tag", Kind::Name, "A tag that must exist in it."),
        field("tags", "tags", Kind::Set, "All its tags."),
        field(
            "same_as",
            "image",
            Kind::Name,
            "A local image that the tag must be; `setup.NAME` is the image that had this name after the setup.",
        ),
        field(
            "digest",
            "digest",
            Kind::Text,
            "The digest of the tag's manifest, as `docker push` tells it.",
        ),
    ],
    needs: &["repo"],
};

/// Judges the check.
pub(crate) fn evaluate(check: &Check, world: &dyn World) -> Outcome {
    let name = check.name("repo").unwrap_or_default();
    let tag = check.name("tag");
    let what = match tag {
        Some(tag) => format!("{} with tag {}", quote(name), quote(tag)),
        None => quote(name),
    };
    let wanted = !matches!(check.arg("exists"), Some(Arg::Match(Matcher::Bool(false))));
    let expected = format!("registry: {}{what}", if wanted { "" } else { "no " });
    let repository = match world.repository(name) {
        Ok(repository) => repository,
        Err(blind) => return Outcome::blind(expected, blind),
    };
    let named = repository
        .as_ref()
        .and_then(|repository| repository.tags.get(tag.unwrap_or("latest")));
    let tags: Vec<String> = repository
        .iter()
        .flat_map(|repository| repository.tags.keys().cloned())
        .collect();
    let exists = match tag {
        Some(tag) => tags.iter().any(|one| one == tag),
        None => repository.is_some(),
    };
    let found = match &repository {
        None => format!("registry: no repository {}", quote(name)),
        Some(_) => format!(
            "registry: {} has tags: {}",
            quote(name),
            judge::there_are(tags.clone())
        ),
    };
    let mut claims = vec![Claim::new(Truth::of(exists == wanted), expected, found)];
    let subject = format!("registry: {what}");
    for given in &check.given {
        match (given.field.name, &given.arg) {
            ("tags", Arg::Match(matcher)) => {
                claims.push(judge::value(
                    &subject,
                    given.field,
                    matcher,
                    Ok(json!(tags)),
                ));
            }
            ("same_as", Arg::Name(image)) if exists => {
                claims.push(same(&subject, image, named, world));
            }
            ("digest", Arg::Match(matcher)) if exists => {
                let digest = named.map_or(Value::Null, |tagged| json!(tagged.digest));
                claims.push(judge::value(&subject, given.field, matcher, Ok(digest)));
            }
            _ => {}
        }
    }
    let facts = Map::from_iter([
        ("exists".to_owned(), json!(exists)),
        ("count".to_owned(), json!(tags.len())),
        ("tags".to_owned(), json!(tags)),
        (
            "digest".to_owned(),
            json!(named.map(|tagged| &tagged.digest)),
        ),
    ]);
    Outcome::all(claims, facts)
}

/// Whether what the tag names is the local image `image`.
fn same(subject: &str, image: &str, named: Option<&Tagged>, world: &dyn World) -> Claim {
    let images = match world.images() {
        Ok(images) => images,
        Err(blind) => return Claim::blind(format!("{subject}: the image {}", quote(image)), blind),
    };
    let (image, known) = match judge::name_in_setup(image, image) {
        Some(name) => (name, &world.setup().images),
        None => (image, &images),
    };
    let expected = format!("{subject}: the image {}", quote(image));
    let local = find_image(known, image).map(|image| &image.id);
    let holds = local.is_some() && local == named.map(|tagged| &tagged.image);
    let found = match (local, named) {
        _ if holds => expected.clone(),
        (None, _) => format!("no local image {}", quote(image)),
        (Some(_), None) => format!("{subject}: no tag `latest`"),
        (Some(_), Some(_)) => format!("{subject}: another image"),
    };
    Claim::new(Truth::of(holds), expected, found)
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::{blind, fails, holds};
    use crate::world::fake::Fake;
    use crate::world::{Repository, Tagged};

    fn world() -> Fake {
        let mut world = Fake::default().image("alice/hello:v1", |_| {});
        let tagged = |image: &str, digest: &str| Tagged {
            digest: digest.to_owned(),
            image: image.to_owned(),
        };
        let tags = [
            ("v1".to_owned(), tagged(&world.images[0].id, "sha256:m1")),
            ("old".to_owned(), tagged("sha256:x", "sha256:m0")),
        ];
        world.repositories.insert(
            "alice/hello".into(),
            Repository {
                name: "alice/hello".into(),
                tags: tags.into(),
            },
        );
        world
    }

    #[test]
    fn a_tag_is_literal() {
        holds("registry: { repo: alice/hello, tag: v1 }", &world());
        holds(
            "registry: { repo: alice/hello, tag: v, exists: false }",
            &world(),
        );
        fails(
            "registry: { repo: alice/hello, tag: v2 }",
            &world(),
            "registry: `alice/hello` with tag `v2`",
            "registry: `alice/hello` has tags: there are `old` and `v1`",
        );
    }

    #[test]
    fn a_tag_can_be_compared_with_a_local_image() {
        holds(
            "registry: { repo: alice/hello, tag: v1, same_as: 'alice/hello:v1' }",
            &world(),
        );
        fails(
            "registry: { repo: alice/hello, tag: old, same_as: 'alice/hello:v1' }",
            &world(),
            "registry: `alice/hello` with tag `old`: the image `alice/hello:v1`",
            "registry: `alice/hello` with tag `old`: another image",
        );
    }

    #[test]
    fn without_a_tag_latest_is_compared() {
        fails(
            "registry: { repo: alice/hello, same_as: 'alice/hello:v1' }",
            &world(),
            "registry: `alice/hello`: the image `alice/hello:v1`",
            "registry: `alice/hello`: no tag `latest`",
        );
        fails(
            "registry: { repo: alice/hello, tag: v1, same_as: nobody }",
            &world(),
            "registry: `alice/hello` with tag `v1`: the image `nobody`",
            "no local image `nobody`",
        );
    }

    #[test]
    fn a_digest_tells_one_push_from_another() {
        holds(
            "registry: { repo: alice/hello, tag: v1, digest: 'sha256:m1' }",
            &world(),
        );
        fails(
            "registry: { repo: alice/hello, tag: old, digest: 'sha256:m1' }",
            &world(),
            "registry: `alice/hello` with tag `old`: digest `sha256:m1`",
            "registry: `alice/hello` with tag `old`: digest `sha256:m0`",
        );
    }

    #[test]
    fn a_repository_that_is_not_there_is_told() {
        holds("registry: { repo: bob/hello, exists: false }", &world());
        fails(
            "registry: { repo: bob/hello }",
            &world(),
            "registry: `bob/hello`",
            "registry: no repository `bob/hello`",
        );
    }

    #[test]
    fn what_cannot_be_seen_is_not_wrong() {
        blind("registry: { repo: alice/hello }");
    }
}
