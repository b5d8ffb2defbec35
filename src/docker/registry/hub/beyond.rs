//! What is beyond the practice hub: the upstream, which has the images that the hub lacks.
//!
//! ```text
//! docker pull nginx ──► practice hub: starter images, added ones, the learner's pushes
//!                           └─ lacks it ──► upstream: Docker Hub, or a registry of the class
//!                                               └─ cannot be reached ──► a copy that another sandbox has pulled
//! ```
//!
//! Only pulls and searches go on there; logins and pushes stay at the practice hub, and so do the names of the account
//! that is logged in there. In an exercise, only the images that it declares are fetched, so that a misspelt name has
//! the same effect on every machine.

use super::config::{self, Choice};
use super::{registry_root, seed};
use crate::docker::registry::{account, account_of_hub, config_file};
use crate::env::{self, Env};
use crate::failure::CommandResult;
use engine::image::remote::endpoint::{DOCKER_HUB, DOCKER_INDEX};
use engine::image::remote::{Beyond, Endpoint, Upstream, is_here};
use engine::oci::reference::{DEFAULT_DOMAIN, Reference};
use engine::store::atomic::{self, Durability};
use registry::Store;

/// Where else `name` may be, which the hub lacks; without a name, a search goes on there.
pub(crate) fn beyond(env: &Env, name: Option<&Reference>) -> CommandResult<Option<Beyond>> {
    let is_practice = matches!(config::chosen(env)?, (Choice::Practice, _));
    let in_exercise = config::is_of_exercise(&env.sandbox);
    let is_open = match name {
        _ if !is_practice => false,
        Some(name) if in_exercise => declared(env)?.iter().any(|one| one == name),
        Some(name) => !is_own(env, name)?,
        None => !in_exercise,
    };
    if !is_open {
        return Ok(None);
    }
    let (choice, _) = config::upstream(env)?;
    Ok(Some(Beyond {
        upstream: choice.map(|choice| upstream(env, choice)).transpose()?,
        copies_first: in_exercise,
    }))
}

/// How to reach the upstream `choice`.
pub(crate) fn upstream(env: &Env, choice: Choice) -> CommandResult<Upstream> {
    let (name, endpoint, index) = match &choice {
        Choice::Class(endpoint) => {
            let name = config_file::hostname(&endpoint.to_string()).to_owned();
            (name, endpoint.clone(), endpoint.clone())
        }
        Choice::DockerHub | Choice::Practice => (
            "Docker Hub".to_owned(),
            Endpoint::parse(DOCKER_HUB)?,
            Endpoint::parse(DOCKER_INDEX)?,
        ),
    };
    let own = env::docker_config_folder().unwrap_or_else(|| env.home.root().join(".docker"));
    let unused = own.join("logins.json");
    let login = account_of_hub(&choice, own.join("config.json"), unused);
    Ok(Upstream {
        name,
        endpoint,
        index,
        // As in Docker: a pull that needs no login continues without one.
        credential: login.get().unwrap_or_default(),
    })
}

/// Whether `name` belongs to the account that is logged in at the practice hub.
fn is_own(env: &Env, name: &Reference) -> CommandResult<bool> {
    let login = account(env, DEFAULT_DOMAIN)?.get().unwrap_or_default();
    let user = login.as_ref().map(|login| login.username().to_owned());
    let owner = name.path().split_once('/').map(|(owner, _)| owner);
    Ok(user.is_some() && owner == user.as_deref())
}

/// The images of `names` that are neither at the hub nor pulled in any sandbox. Error: one of them is no name.
pub(crate) fn lacking(env: &Env, names: &[String]) -> CommandResult<Vec<String>> {
    let mut lacking = Vec::new();
    for name in names {
        let reference = Reference::parse(name)?.or_latest();
        let (repository, tag) = seed::place(name)?;
        let store = Store::look(&registry_root(&env.home));
        let at_hub = matches!(store.tag(&repository, &tag), Ok(Some(_)));
        if !at_hub && !is_here(&env.home, &reference) {
            lacking.push(name.clone());
        }
    }
    Ok(lacking)
}

/// How to get images that are not on this machine.
pub(crate) fn ways(lacking: &[String]) -> String {
    let pulls: Vec<_> = lacking
        .iter()
        .map(|name| format!("docker pull {name}"))
        .collect();
    format!(
        "in the playground: {}; without a network: docklings images add FILE",
        pulls.join("; ")
    )
}

/// Records that the exercise of `sandbox` may use the images `names`.
pub(crate) fn declare(env: &Env, sandbox: &str, names: &[String]) -> CommandResult {
    if names.is_empty() {
        return Ok(());
    }
    let path = env.home.sandbox(sandbox)?.declared();
    Ok(atomic::write_json(&path, &names, Durability::Cached)?)
}

/// The images that the exercise of the current sandbox declares.
fn declared(env: &Env) -> CommandResult<Vec<Reference>> {
    let path = env.home.sandbox(&env.sandbox)?.declared();
    let names: Option<Vec<String>> = atomic::read_json(&path)?;
    let names = names.unwrap_or_default();
    let parsed = names
        .iter()
        .map(|name| Ok(Reference::parse(name)?.or_latest()));
    parsed.collect()
}
