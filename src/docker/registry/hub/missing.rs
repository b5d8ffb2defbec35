//! The hint for an image that neither this sandbox nor the hub has: what the learner probably meant, else where such an
//! image comes from.

use super::config::{self, Choice};
use super::registry_root;
use crate::env::Env;
use engine::error::Error;
use engine::near::nearest;
use engine::oci::reference::{DEFAULT_DOMAIN, Reference};
use engine::store::images;
use registry::Store;
use registry::names::{OFFICIAL, Repository};
use std::path::Path;

/// The ways without a network.
const OFFLINE: &str = "without a network, `docklings images add FILE` takes a file that `docker save` made elsewhere, \
    and `docklings config upstream HOST` names the registry of your class";
/// Images that learners pull, and rarely build.
const WELL_KNOWN: [&str; 20] = [
    "alpine",
    "debian",
    "fedora",
    "golang",
    "httpd",
    "mariadb",
    "mongo",
    "mysql",
    "nginx",
    "node",
    "openjdk",
    "php",
    "postgres",
    "python",
    "rabbitmq",
    "redis",
    "ruby",
    "rust",
    "ubuntu",
    "wordpress",
];

/// What is known about a missing image.
#[derive(Debug, Default)]
struct Around {
    /// Names of images in this sandbox, in familiar form with their tags.
    here: Vec<String>,
    /// Another sandbox with an image of that name.
    elsewhere: Option<String>,
    /// The current sandbox.
    sandbox: String,
    /// The hub's official repositories.
    official: Vec<String>,
    /// The tags that the hub has of the repository.
    tags: Vec<String>,
    /// The working folder has a Dockerfile.
    has_dockerfile: bool,
    /// It is for a build, which needs it as a base.
    is_base: bool,
    beyond: Asked,
}

/// What came of asking the upstream.
#[derive(Debug, Default, PartialEq, Eq)]
enum Asked {
    /// There is none.
    #[default]
    Nowhere,
    /// It was not asked: the exercise does not declare the image.
    InExercise,
    /// It could not be reached; the reason.
    Unreached(String),
    /// It does not have it either.
    Lacks(String),
}

/// `error` with a hint, if it says that an image of the practice hub is missing.
pub(crate) fn explained(env: &Env, error: Error) -> Error {
    let hint = error.hint().unwrap_or_default().to_owned();
    let is_practice = matches!(config::chosen(env), Ok((Choice::Practice, _)));
    match asked_for(error.message()).filter(|_| is_practice && !hint.contains("--repair")) {
        Some((name, is_base)) => {
            let around = look(env, &name, is_base, &hint);
            error.with_hint(advice(&name, &around))
        }
        None => error,
    }
}

/// The hint after a search for `term` at the practice hub that found nothing; `unreached` is why the upstream could not
/// be asked.
pub(crate) fn not_found(env: &Env, term: &str, unreached: Option<&str>) -> Option<String> {
    matches!(config::chosen(env), Ok((Choice::Practice, _))).then_some(())?;
    let name = Reference::parse(term).ok()?.or_latest();
    let around = look(env, &name, false, unreached.unwrap_or_default());
    Some(
        match nearest(name.familiar_name().as_str(), official(&around)) {
            Some(like) => format!("did you mean `{like}`?"),
            None => beyond(&around.beyond),
        },
    )
}

fn look(env: &Env, name: &Reference, is_base: bool, hint: &str) -> Around {
    let store = Store::look(&registry_root(&env.home));
    let repositories = store.repositories().unwrap_or_default();
    let official = repositories
        .iter()
        .filter(|one| one.namespace() == OFFICIAL);
    let tags = Repository::parse(name.path()).ok();
    let tags = tags.and_then(|repository| store.tags(&repository).ok().flatten());
    let references = |sandbox: &str| {
        let sandbox = env.home.sandbox(sandbox).ok()?;
        Some(images::read(&sandbox).ok()?.references)
    };
    let here = references(&env.sandbox).unwrap_or_default();
    let sandboxes = std::fs::read_dir(env.home.sandboxes())
        .into_iter()
        .flatten();
    let mut others = sandboxes.flatten().filter_map(|entry| {
        let other = entry.file_name().into_string().ok()?;
        let is_there = other != env.sandbox && references(&other)?.contains_key(name);
        is_there.then_some(other)
    });
    let upstream = config::upstream(env).ok().and_then(|(choice, _)| choice);
    Around {
        here: here
            .keys()
            .filter(|name| name.digest().is_none())
            .map(Reference::familiar)
            .collect(),
        elsewhere: others.next(),
        sandbox: env.sandbox.clone(),
        official: official
            .filter_map(|one| Some(one.as_str().strip_prefix(OFFICIAL)?[1..].to_owned()))
            .collect(),
        tags: tags.unwrap_or_default(),
        has_dockerfile: Path::new("Dockerfile").exists(),
        is_base,
        beyond: match upstream {
            _ if config::is_of_exercise(&env.sandbox) => Asked::InExercise,
            None => Asked::Nowhere,
            Some(_) if hint.contains("cannot be reached") => Asked::Unreached(hint.to_owned()),
            Some(Choice::DockerHub | Choice::Practice) => Asked::Lacks("Docker Hub".to_owned()),
            Some(Choice::Class(endpoint)) => Asked::Lacks(endpoint.to_string()),
        },
    }
}

fn official(around: &Around) -> impl Iterator<Item = &str> {
    around.official.iter().map(String::as_str)
}

/// The hint for the missing image `name`.
fn advice(name: &Reference, around: &Around) -> String {
    let (repository, shown) = (name.familiar_name(), name.familiar());
    let own = || around.here.iter().filter_map(|name| name.rsplit_once(':'));
    if !around.tags.is_empty() {
        let tags = around.tags.join("`, `");
        return format!("the practice hub has `{repository}` with the tag `{tags}`");
    }
    if let Some((_, tag)) = own().find(|(other, _)| *other == repository) {
        return format!("this tag is not here, and `{repository}:{tag}` is");
    }
    if let Some(other) = &around.elsewhere {
        let here = &around.sandbox;
        return format!(
            "`{shown}` is an image of the sandbox `{other}`, and this is the sandbox `{here}`: \
             each page and exercise builds its own images"
        );
    }
    let known = own().map(|(name, _)| name).chain(official(around));
    let near = nearest(&repository, known.filter(|known| *known != repository));
    if let Some(near) = near {
        return format!("did you mean `{near}`?");
    }
    if looks_self_made(&repository, around) {
        let shown = shown.strip_suffix(":latest").unwrap_or(&shown);
        return format!("is it one of yours? Build it first: docker build -t {shown} .");
    }
    beyond(&around.beyond)
}

/// Whether a learner was probably to build an image of this name.
fn looks_self_made(repository: &str, around: &Around) -> bool {
    let last = repository.rsplit('/').next().unwrap_or_default();
    let is_own = ["my", "our", "test", "demo"];
    let sounds_own = is_own.iter().any(|start| last.starts_with(start)) || last.contains("app");
    let is_known = WELL_KNOWN.contains(&repository);
    !is_known && (sounds_own || (around.has_dockerfile && !around.is_base))
}

/// Where an image comes from that is not on this machine.
fn beyond(asked: &Asked) -> String {
    match asked {
        Asked::Nowhere => format!(
            "only images of this machine are used (docklings config upstream); {OFFLINE}"
        ),
        Asked::InExercise => "an exercise has only the images that it names: `docker images` and `docker search` show them; \
             other images are for the playground"
            .to_owned(),
        Asked::Unreached(why) => format!("{why}; {OFFLINE}"),
        Asked::Lacks(upstream) => {
            format!("{upstream} does not have it either: is its name right, tag included?")
        }
    }
}

/// The name without a registry that a failed pull was for, judging by its message, and whether a build wanted it as a
/// base.
fn asked_for(message: &str) -> Option<(Reference, bool)> {
    let between = |start: &str, end: &str| {
        let (_, rest) = message.split_once(start)?;
        rest.split(end).next()
    };
    let base = between("failed to resolve source metadata for ", ": ");
    let is_base = base.is_some();
    let name = base
        .or_else(|| between("pull access denied for ", ","))
        .or_else(|| between("manifest for ", " not found"))?;
    let name = Reference::parse(name).ok()?.or_latest();
    let is_missing = !is_base || message.lines().any(|line| line.ends_with(": not found"));
    (is_missing && name.domain() == DEFAULT_DOMAIN).then_some((name, is_base))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_name_of_the_hubs_is_told_from_one_of_another_registry() {
        let check = |message: &str, expected: Option<(&str, bool)>| {
            let found = asked_for(message).map(|(name, is_base)| (name.familiar(), is_base));
            let expected = expected.map(|(name, is_base)| (name.to_owned(), is_base));
            assert_eq!(found, expected, "{message}");
        };
        let denied = ", repository does not exist or may require 'docker login': denied: …";
        check(
            &format!("pull access denied for nginx{denied}"),
            Some(("nginx:latest", false)),
        );
        check(
            &format!("x: failed: pull access denied for alice/x{denied}"),
            Some(("alice/x:latest", false)),
        );
        check(
            "manifest for busybox:nope not found: manifest unknown: …",
            Some(("busybox:nope", false)),
        );
        let base = "nginx: failed to resolve source metadata for docker.io/library/nginx:1: ";
        check(
            &format!("{base}not found\n --> Dockerfile:1:6"),
            Some(("nginx:1", true)),
        );
        check(&format!("{base}toomanyrequests: too many requests"), None);
        check(
            &format!("pull access denied for localhost:5000/x{denied}"),
            None,
        );
        check("manifest for lab.example/x:1 not found: …", None);
        check("No such image: x", None);
    }

    fn around(here: &[&str]) -> Around {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Around {
            here: texts(here),
            sandbox: "ex-borrow-it".to_owned(),
            official: texts(&["busybox", "hello-world", "welcome"]),
            ..Around::default()
        }
    }

    #[track_caller]
    fn check(name: &str, around: &Around, expected: &str) {
        let name = Reference::parse(name).unwrap().or_latest();
        let found = advice(&name, around);
        assert!(found.contains(expected), "{found}");
    }

    #[test]
    fn what_is_near_is_named_first() {
        check("nginx", &around(&["nginx:1.21"]), "`nginx:1.21` is");
        check("welcom", &around(&[]), "did you mean `welcome`?");
        check("gret", &around(&["greet:latest"]), "did you mean `greet`?");
        let elsewhere = Around {
            elsewhere: Some("lesson-8".to_owned()),
            ..around(&[])
        };
        check(
            "greet",
            &elsewhere,
            "an image of the sandbox `lesson-8`, and this is the sandbox `ex-borrow-it`",
        );
        let tags = Around {
            tags: vec!["1".to_owned(), "latest".to_owned()],
            ..around(&[])
        };
        check(
            "welcome:99",
            &tags,
            "has `welcome` with the tag `1`, `latest`",
        );
    }

    #[test]
    fn what_was_to_be_built_is_built_first() {
        for name in [
            "my-image",
            "myapp",
            "my-web-app",
            "alice/my-page",
            "todo-app",
        ] {
            check(name, &around(&[]), &format!("docker build -t {name} ."));
        }
        let folder = || Around {
            has_dockerfile: true,
            ..around(&[])
        };
        check("greeter", &folder(), "docker build -t greeter .");
        check("node", &folder(), "docklings images add FILE");
        let base = Around {
            is_base: true,
            ..folder()
        };
        check("greeter", &base, "docklings images add FILE");
    }

    #[test]
    fn else_the_hint_says_where_images_come_from() {
        let with = |beyond| Around {
            beyond,
            ..around(&[])
        };
        check(
            "nginx",
            &with(Asked::Nowhere),
            "docklings config upstream HOST",
        );
        let why = "Docker Hub may have it, and cannot be reached: dial tcp: lookup x: no such host";
        let unreached = with(Asked::Unreached(why.to_owned()));
        check(
            "nginx",
            &unreached,
            "no such host; without a network, `docklings images add FILE`",
        );
        check(
            "nginx",
            &with(Asked::Lacks("Docker Hub".to_owned())),
            "Docker Hub does not have it either",
        );
        check(
            "nginx",
            &with(Asked::InExercise),
            "an exercise has only the images that it names",
        );
    }
}
