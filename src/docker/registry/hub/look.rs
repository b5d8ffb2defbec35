//! The contents of the practice hub, for checking an exercise: its files are read directly, so that a check starts no
//! process and changes nothing.

use super::{registry_root, serving};
use crate::env::Env;
use checker::world::engine::Hub;
use checker::world::{Blind, Observed, Repository as Facts, Tagged};
use engine::oci::reference::{DEFAULT_DOMAIN, Reference};
use registry::Store;
use registry::error::Fault;
use registry::names::{OFFICIAL, Repository, Tag};

/// Reads the practice hub of `sandbox`.
pub(crate) fn hub(env: &Env, sandbox: &str) -> Box<Hub> {
    let (env, sandbox) = (env.clone(), sandbox.to_owned());
    Box::new(move |name| repository(&env, &sandbox, name))
}

/// The repository `name`, such as `alice/hello`, of the practice hub of `sandbox`; `None` if it does not exist.
fn repository(env: &Env, sandbox: &str, name: &str) -> Observed<Option<Facts>> {
    let blind = |why: String| Blind::new(format!("cannot look into the practice hub: {why}"));
    let named = Reference::parse(name).map_err(|error| blind(error.to_string()))?;
    if named.domain() != DEFAULT_DOMAIN {
        return Err(blind(format!("`{name}` belongs to `{}`", named.domain())));
    }
    let repository = Repository::parse(named.path()).map_err(|fault| blind(fault.to_string()))?;
    if repository.namespace() == OFFICIAL && !registry_root(&env.home).exists() {
        // The official images are added at its first start.
        serving(&env.home).map_err(|error| blind(error.to_string()))?;
    }
    let sandbox = env.home.sandbox(sandbox);
    let place = sandbox.map_err(|error| blind(error.to_string()))?.hub();
    let store = Store::look(&registry_root(&env.home)).beside(place);
    read(&store, name, &repository).map_err(|fault| blind(fault.to_string()))
}

fn read(store: &Store, name: &str, repository: &Repository) -> Result<Option<Facts>, Fault> {
    let Some(tags) = store.tags(repository)? else {
        return Ok(None);
    };
    let mut facts = Facts {
        name: name.to_owned(),
        ..Facts::default()
    };
    for tag in tags.iter().filter_map(|tag| Tag::parse(tag)) {
        let Some(digest) = store.tag(repository, &tag)? else {
            continue;
        };
        let Some(manifest) = store.manifest(repository, &digest)? else {
            continue;
        };
        let tagged = Tagged::of(digest.as_str(), &manifest.bytes);
        facts.tags.insert(tag.as_str().to_owned(), tagged);
    }
    Ok(Some(facts))
}
