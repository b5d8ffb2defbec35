//! Images from a file: `docklings images`. Like the starter images, they are in the namespace `library` of the hub's
//! registry. Every sandbox and every exercise can pull them without a network, and no `docker prune` removes them.
//!
//! An archive is loaded into a temporary sandbox, and linked from there into the registry.

use super::{registry_root, seed, serving};
use crate::course::workspace::drop_sandbox;
use crate::docker::values::files;
use crate::env::{Env, SCRATCH};
use crate::exit;
use crate::failure::{CommandResult, Failure};
use engine::error::{Error, IoContext};
use engine::image::archive::load::Loaded;
use engine::image::prune::PruneOptions;
use engine::image::starter;
use engine::oci::manifest::Manifest;
use engine::oci::reference::{DEFAULT_DOMAIN, Reference};
use engine::store::lock::{self, keep_content};
use registry::Store;
use registry::error::Fault;
use registry::names::{OFFICIAL, Repository, Tag};
use std::io::{self, Read, Seek};
use std::path::Path;

/// An image in the namespace `library`.
pub(crate) struct Added {
    /// Its name for `docker pull`, such as `python:3.12-slim`.
    pub(crate) name: String,
    /// Bytes of its packed layers.
    pub(crate) size: u64,
    /// Its description.
    pub(crate) about: String,
}

/// Adds the images of the archive `source` to the practice hub: a file, a folder with an OCI image layout, or `-` for
/// standard input. With `name`, the archive holds one image, which gets that name.
///
/// # Errors
/// It is not an archive, or a name belongs to another registry or account; then nothing is added.
pub(crate) fn add(env: &Env, source: &str, name: Option<&str>) -> CommandResult<Vec<Added>> {
    // Before this process becomes root of a namespace: the hub must outlive it.
    serving(&env.home)?;
    // A starting hub removes blobs that no repository references yet.
    let _start = lock::exclusive(&env.home.hub().join("start.lock"))?;
    let store = Store::look(&registry_root(&env.home));
    add_to(env, &store, source, name)
}

/// Puts the starter images, and those of the archives `sources`, into the registry of a class.
///
/// # Errors
/// As for [`add`].
pub(crate) fn fill<'a>(
    env: &Env,
    store: &Store,
    sources: impl Iterator<Item = &'a str>,
) -> CommandResult {
    seed::starters(&env.home, store)?;
    for source in sources {
        add_to(env, store, source, None)?;
    }
    Ok(())
}

fn add_to(env: &Env, store: &Store, source: &str, name: Option<&str>) -> CommandResult<Vec<Added>> {
    let mut reader = open(env, source)?;
    let sandbox = format!("{SCRATCH}images-{}", std::process::id());
    let added = load(env, &sandbox, &mut reader)
        .and_then(|loaded| named(&loaded, name))
        .and_then(|images| publish(env, store, &images, source));
    // Else the next prune would report its unpacked layers as reclaimed.
    let all = PruneOptions {
        all: true,
        ..PruneOptions::default()
    };
    env.engine(&sandbox, "images")?.prune_images(&all)?;
    drop_sandbox(env, &sandbox)?;
    added
}

fn open(env: &Env, source: &str) -> CommandResult<Box<dyn Read>> {
    if source == "-" {
        return Ok(Box::new(io::stdin()));
    }
    if !Path::new(source).is_dir() {
        return Ok(Box::new(files::open(source)?));
    }
    env.home.claim(env.home.root())?;
    let file = tempfile::tempfile_in(env.home.root()).on("write in", env.home.root())?;
    let mut archive = tar::Builder::new(file);
    archive.append_dir_all(".", source).on("read", source)?;
    let mut file = archive.into_inner()?;
    file.rewind()?;
    Ok(Box::new(file))
}

fn load(env: &Env, sandbox: &str, reader: &mut dyn Read) -> CommandResult<Vec<Loaded>> {
    let engine = env.engine(sandbox, "images")?;
    engine.load(reader).map_err(|error| {
        let hint = match error.hint() {
            Some(hint) => hint.to_owned(),
            None => "an archive is made by: docker save -o FILE IMAGE".to_owned(),
        };
        Failure::Hinted(
            format!("no images can be read: {error}"),
            exit::FAILURE,
            hint,
        )
    })
}

/// The images with their new names.
fn named(loaded: &[Loaded], name: Option<&str>) -> CommandResult<Vec<(String, Loaded)>> {
    let mut images = Vec::new();
    match (name, loaded) {
        (Some(name), [image]) => images.push((official(&Reference::parse(name)?)?, image.clone())),
        (Some(_), _) => {
            return Err(Failure::message(format!(
                "the archive holds {} images, and a name is given to one only",
                loaded.len()
            )));
        }
        (None, _) => {
            for image in loaded {
                if image.references.is_empty() {
                    return Err(Failure::Hinted(
                        format!("the image {} has no name in the archive", image.id),
                        exit::FAILURE,
                        "give it one: docklings images add FILE --as NAME:TAG".to_owned(),
                    ));
                }
                for reference in &image.references {
                    images.push((official(reference)?, image.clone()));
                }
            }
        }
    }
    Ok(images)
}

/// The name in familiar form. Error: it is not an official image of docker.io, the only kind accepted here.
fn official(reference: &Reference) -> CommandResult<String> {
    let reference = reference.clone().or_latest();
    let path = Repository::parse(reference.path()).map_err(failed)?;
    if reference.domain() == DEFAULT_DOMAIN
        && path.namespace() == OFFICIAL
        && reference.tag().is_some()
    {
        return Ok(reference.familiar());
    }
    let last = path.as_str().rsplit('/').next().unwrap_or_default();
    let tag = reference.tag().unwrap_or("latest");
    Err(Failure::Hinted(
        format!(
            "`{}` is not a name such as `python:3.12-slim`, without a registry and an account",
            reference.familiar()
        ),
        exit::FAILURE,
        format!("give it another one: docklings images add FILE --as {last}:{tag}"),
    ))
}

fn publish(
    env: &Env,
    store: &Store,
    images: &[(String, Loaded)],
    source: &str,
) -> CommandResult<Vec<Added>> {
    let _kept = keep_content(&env.home)?;
    let names: Vec<&str> = images.iter().map(|(name, _)| &**name).collect();
    refuse_starters(env, &names)?;
    let about = match source {
        "-" => "Added from standard input".to_owned(),
        path => format!(
            "Added from {}",
            Path::new(path)
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
        ),
    };
    for (name, image) in images {
        seed::image(&env.home, store, name, &image.id, &about)?;
    }
    images.iter().map(|(name, _)| look(store, name)).collect()
}

/// Error: one of `names` is a starter image, on which the lessons depend.
fn refuse_starters(env: &Env, names: &[&str]) -> CommandResult {
    for starter in starter::ready(&env.home)?.images.keys() {
        let starter = Reference::parse(starter)?.or_latest().familiar();
        if names.contains(&&*starter) {
            return Err(Failure::message(format!(
                "`{starter}` is a starter image of the course, which stays as it is"
            )));
        }
    }
    Ok(())
}

/// All images of the namespace `library`, by name.
pub(crate) fn list(env: &Env) -> CommandResult<Vec<Added>> {
    serving(&env.home)?;
    let store = Store::look(&registry_root(&env.home));
    let mut found = Vec::new();
    for repository in store.repositories()? {
        if repository.namespace() != OFFICIAL {
            continue;
        }
        for tag in store.tags(&repository)?.unwrap_or_default() {
            let name = Reference::parse(&format!("{repository}:{tag}"))?;
            found.push(look(&store, &name.familiar())?);
        }
    }
    Ok(found)
}

fn look(store: &Store, name: &str) -> CommandResult<Added> {
    let (repository, tag) = seed::place(name)?;
    let damaged = || {
        Failure::from(Error::internal(format!(
            "the hub's image `{name}` is damaged"
        )))
    };
    let digest = store
        .tag(&repository, &tag)
        .map_err(failed)?
        .ok_or_else(damaged)?;
    let stored = store
        .manifest(&repository, &digest)
        .map_err(failed)?
        .ok_or_else(damaged)?;
    let manifest: Manifest = serde_json::from_slice(&stored.bytes).map_err(|_| damaged())?;
    Ok(Added {
        name: name.to_owned(),
        size: manifest.layers.iter().map(|layer| layer.size).sum(),
        about: store.about(&repository)?.description,
    })
}

/// Removes the image `name`. Sandboxes that have pulled it keep it. Error: there is no such image, or it is a starter image.
pub(crate) fn remove(env: &Env, name: &str) -> CommandResult<String> {
    let name = official(&Reference::parse(name)?)?;
    refuse_starters(env, &[&name])?;
    serving(&env.home)?;
    let (repository, tag) = seed::place(&name)?;
    let store = Store::look(&registry_root(&env.home));
    let digest = store.tag(&repository, &tag).map_err(failed)?;
    let Some(digest) = digest else {
        return Err(Failure::Hinted(
            format!("no image `{name}` was added"),
            exit::FAILURE,
            "docklings images ls".to_owned(),
        ));
    };
    store.forget_tag(&repository, &tag).map_err(failed)?;
    let tags: Vec<Tag> = store
        .tags(&repository)?
        .unwrap_or_default()
        .iter()
        .filter_map(|tag| Tag::parse(tag))
        .collect();
    let mut others = tags.iter().map(|tag| store.tag(&repository, tag));
    if !others.any(|other| matches!(other, Ok(Some(other)) if other == digest)) {
        store
            .forget_manifest(&repository, &digest)
            .map_err(failed)?;
    }
    Ok(name)
}

fn failed(fault: Fault) -> Failure {
    Failure::message(format!("the practice hub: {fault}"))
}
