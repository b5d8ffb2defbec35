//! A repository in a registry on this machine. Until there is one of our own, the name says which: a name without the
//! registry's address cannot be checked.
//!
//! ## Passes when
//! the registry has the repository (or does not, with `exists: false`) and every field given fits it.
//!
//! ## Example
//! ```yaml
//! - registry: { repo: "localhost:5000/alice/hello", tag: v1, same_as: "alice/hello:v1" }
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
use crate::world::{World, find_image};
use serde_json::{Map, json};

/// The noun.
pub static NOUN: Noun = Noun {
    name: "registry",
    doc: "A repository in a registry on this machine.",
    fields: &[
        field(
            "repo",
            "repository",
            Kind::Name,
            "The repository with its registry's address, such as `localhost:5000/alice/hello`.",
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
            "A local image that the tag must be.",
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
                let pushed = repository
                    .as_ref()
                    .and_then(|repository| repository.tags.get(tag.unwrap_or("latest")));
                let expected = format!("{subject}: the image {}", quote(image));
                claims.push(match world.images() {
                    Err(blind) => Claim::blind(expected, blind),
                    Ok(images) => {
                        let local = find_image(&images, image).map(|image| image.id.clone());
                        let holds = local.is_some() && local.as_ref() == pushed;
                        let found = match (holds, local) {
                            (true, _) => format!("{subject}: the image {}", quote(image)),
                            (false, Some(_)) => format!("{subject}: another image"),
                            (false, None) => format!("no local image {}", quote(image)),
                        };
                        Claim::new(Truth::of(holds), expected, found)
                    }
                });
            }
            _ => {}
        }
    }
    let facts = Map::from_iter([
        ("exists".to_owned(), json!(exists)),
        ("count".to_owned(), json!(tags.len())),
        ("tags".to_owned(), json!(tags)),
    ]);
    Outcome::all(claims, facts)
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::{blind, fails, holds};
    use crate::world::Repository;
    use crate::world::fake::Fake;

    fn world() -> Fake {
        let mut world = Fake::default().image("alice/hello:v1", |_| {});
        let tags = [
            ("v1".to_owned(), world.images[0].id.clone()),
            ("old".to_owned(), "sha256:x".to_owned()),
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
