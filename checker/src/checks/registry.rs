//! A repository in a registry on this machine: in the practice hub, or in the registry whose address is in the name.
//!
//! ## Passes when
//! the registry has the repository (or does not, with `exists: false`) and every given field matches.
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
use super::thing::origin;
use super::{Arg, Check};
use crate::checks::field::{Asked, Field, Kind, Noun, aside, claims, shapes, value};
use crate::matcher::quote;
use crate::world::{Tagged, World};
use serde_json::{Value, json};

/// The noun.
pub static NOUN: Noun = Noun {
    name: "registry",
    doc: "A repository in a registry on this machine: of the practice hub, or with its address in the name.",
    fields: &shapes::<_, { FIELDS.len() }>(FIELDS),
    needs: &["repo"],
    shows: &["exists", "count", "digest"],
};

/// The observed facts of a repository.
struct Found {
    /// Whether it, or the requested tag, exists.
    exists: bool,
    tags: Vec<String>,
    /// What the requested tag, or `latest`, refers to.
    named: Option<Tagged>,
}

const FIELDS: &[Field<Found>] = &[
    aside("repo", Kind::Name).called("repository").doc(
        "The repository: `alice/hello` on the practice hub, or \
         `localhost:5000/alice/hello`.",
    ),
    aside("exists", Kind::Bool).doc("Whether it (with `tag`: this tag) exists; true if not given."),
    aside("tag", Kind::Name).doc("A tag that must exist in it."),
    value("tags", Kind::Set, |one: &Found| json!(one.tags)).doc("All its tags."),
    claims("same_as", Kind::Name, same_as).called("image").doc(
        "A local image that the tag must be; `setup.NAME` is the image that had this \
         name after the setup.",
    ),
    claims("digest", Kind::Text, digest)
        .doc("The digest of the tag's manifest, as `docker push` tells it."),
];

/// Judges the check.
pub(crate) fn evaluate(check: &Check, world: &dyn World) -> Outcome {
    let name = check.name("repo").unwrap_or_default();
    let tag = check.name("tag");
    let what = match tag {
        Some(tag) => format!("{} with tag {}", quote(name), quote(tag)),
        None => quote(name),
    };
    let wanted = check.wants("exists");
    let expected = format!("registry: {}{what}", if wanted { "" } else { "no " });
    let repository = match world.repository(name) {
        Ok(repository) => repository,
        Err(blind) => return Outcome::blind(expected, blind),
    };
    let is_there = repository.is_some();
    let mut all = repository.map(|one| one.tags).unwrap_or_default();
    let found = Found {
        exists: tag.map_or(is_there, |tag| all.contains_key(tag)),
        tags: all.keys().cloned().collect(),
        named: all.remove(tag.unwrap_or("latest")),
    };
    let there = match is_there {
        false => format!("registry: no repository {}", quote(name)),
        true => {
            let tags = judge::there_are(found.tags.clone());
            format!("registry: {} has tags: {tags}", quote(name))
        }
    };
    let mut claims = vec![Claim::new(
        Truth::of(found.exists == wanted),
        expected,
        there,
    )];
    let subject = format!("registry: {what}");
    claims.extend(judge::fields(&subject, FIELDS, &check.given, &found, world));
    let mut facts = judge::facts(FIELDS, &found);
    facts.insert("exists".to_owned(), json!(found.exists));
    facts.insert("count".to_owned(), json!(found.tags.len()));
    let digest = found.named.map(|tagged| tagged.digest);
    facts.insert("digest".to_owned(), json!(digest));
    Outcome::all(claims, facts)
}

/// The claim about the digest of an existing tag.
fn digest(asked: &Asked<'_, Found>) -> Vec<Claim> {
    let Arg::Match(matcher) = asked.arg else {
        return Vec::new();
    };
    let named = asked.it.named.as_ref();
    let digest = named.map_or(Value::Null, |tagged| json!(tagged.digest));
    let claim = || judge::value(asked.subject, asked.shape, matcher, Ok(digest));
    asked.it.exists.then(claim).into_iter().collect()
}

/// The claim that an existing tag is a local image.
fn same_as(asked: &Asked<'_, Found>) -> Vec<Claim> {
    let claim = || same(asked, asked.it.named.as_ref());
    asked.it.exists.then(claim).into_iter().collect()
}

/// Whether the tag refers to the local image `image`.
fn same(asked: &Asked<'_, Found>, named: Option<&Tagged>) -> Claim {
    let (subject, image, world) = (asked.subject, asked.word(), asked.world);
    let images = match world.images() {
        Ok(images) => images,
        Err(blind) => return Claim::blind(format!("{subject}: the image {}", quote(image)), blind),
    };
    let (image, _, local) = origin(image, image, &images, world.setup());
    let expected = format!("{subject}: the image {}", quote(image));
    let local = local.map(|image| &image.id);
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
