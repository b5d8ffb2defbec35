//! Reading an archive: all of its images are loaded, or none.

use super::parts::Parts;
use super::{DockerManifest, blob_path, is_one_older};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::events::{Action, ObjectKind};
use crate::image::parse_config;
use crate::image::record::{NewImage, record};
use crate::oci::config::machine_architecture;
use crate::oci::descriptor::{
    ANNOTATION_IMAGE_NAME, ANNOTATION_REF_NAME, DOCKER_MANIFEST_LIST, Descriptor, INDEX,
};
use crate::oci::digest::{Digest, ImageId};
use crate::oci::manifest::{Index, Manifest};
use crate::oci::reference::Reference;
use crate::paths::{Home, SandboxPaths};
use crate::tree::compression::decompress;
use crate::tree::tar::damaged;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Read;

/// How deep indexes within indexes are followed.
const DEEPEST_INDEX: u8 = 4;
/// The most manifests that are read. An index that lists the same index many times costs nothing to write.
const MOST_MANIFESTS: usize = 10_000;

/// An image that was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// Its id.
    pub id: ImageId,
    /// Its names in the archive.
    pub references: Vec<Reference>,
    /// Names that meant a different image before, and that image.
    pub displaced: Vec<(Reference, ImageId)>,
}

impl Engine {
    /// Loads an archive of images, compressed or not: all of them, or none. An ordinary user gets a user namespace.
    pub fn load(&self, reader: &mut dyn Read) -> Result<Vec<Loaded>> {
        let _kept = self.begin_content()?;
        let loaded = load(&self.home, &self.sandbox, self.now(), reader)?;
        for image in &loaded {
            let names = image.references.iter().map(Reference::familiar);
            let names = match image.references.is_empty() {
                true => vec![image.id.to_string()],
                false => names.collect(),
            };
            for name in names {
                self.note(
                    ObjectKind::Image,
                    Action::Load,
                    image.id.as_str(),
                    json!({"name": name}),
                );
            }
        }
        Ok(loaded)
    }
}

/// Loads an archive from `stream`, compressed or not. The caller holds [`crate::store::lock::keep_content`].
///
/// # Errors
/// Kind `Invalid` for a stream that is not an archive of images, or is damaged; then nothing was loaded.
pub fn load(
    home: &Home,
    sandbox: &SandboxPaths,
    now: Timestamp,
    stream: impl Read,
) -> Result<Vec<Loaded>> {
    let mut parts = Parts::read(home, decompress(stream).map_err(damaged)?)?;
    let new = if let Some(list) = parts.text("manifest.json") {
        let list: Vec<DockerManifest> = parse(list, "manifest.json")?;
        docker_images(&mut parts, &list)?
    } else if let Some(index) = parts.text("index.json") {
        let mut names = Vec::new();
        let index = parse(index, "index.json")?;
        collect_manifests(
            &parts,
            &index,
            &[],
            0,
            &mut MOST_MANIFESTS.clone(),
            &mut names,
        )?;
        oci_images(&mut parts, names)?
    } else {
        return Err(
            Error::invalid("invalid archive: does not contain a manifest.json").with_hint(
                "a tar of files, as `docker export` writes it, is read by `docker import`",
            ),
        );
    };
    let recorded = record(home, sandbox, now, &new)?;
    Ok(recorded
        .into_iter()
        .zip(new)
        .map(|(recorded, new)| Loaded {
            id: recorded.id,
            references: new.references,
            displaced: recorded.displaced,
        })
        .collect())
}

/// The images of `manifest.json`.
fn docker_images(parts: &mut Parts<'_>, list: &[DockerManifest]) -> Result<Vec<NewImage>> {
    let mut new = Vec::new();
    for manifest in list {
        let references = manifest
            .repo_tags
            .iter()
            .flatten()
            .map(|name| tagged(name))
            .collect::<Result<Vec<_>>>()?;
        let layers = manifest.layers.clone().unwrap_or_default();
        new.push(image(parts, &manifest.config, &layers, references)?);
    }
    restore_parents(list, &mut new)?;
    Ok(new)
}

/// A name of `manifest.json`. A name with a digest is refused: it would claim that the image came from a registry.
fn tagged(name: &str) -> Result<Reference> {
    let reference = Reference::parse(name)?;
    match reference.digest().is_none() {
        true => Ok(reference.or_latest()),
        false => Err(Error::invalid(format!("invalid tag \"{name}\""))),
    }
}

/// Restores which image of the archive another was made from. A parent that cannot be true is ignored.
fn restore_parents(list: &[DockerManifest], new: &mut [NewImage]) -> Result<()> {
    let mut histories = BTreeMap::new();
    for image in new.iter() {
        let history = parse_config(&image.config)?.history;
        histories.insert(Digest::of(&image.config), history);
    }
    for (manifest, image) in list.iter().zip(new) {
        let own = &histories[&Digest::of(&image.config)];
        image.parent = manifest.parent.clone().filter(|parent| {
            histories
                .get(parent)
                .is_some_and(|history| is_one_older(history, own))
        });
    }
    Ok(())
}

/// An image from its configuration and layers, given as paths in the archive.
fn image(
    parts: &mut Parts<'_>,
    config: &str,
    paths: &[String],
    references: Vec<Reference>,
) -> Result<NewImage> {
    let bytes = parts.needed(config)?.to_vec();
    let parsed = parse_config(&bytes)?;
    if !matches!(parsed.os.as_str(), "" | "linux") {
        return Err(Error::unsupported(format!(
            "cannot load {} image on linux",
            parsed.os
        )));
    }
    let diff_ids = parsed.rootfs.diff_ids;
    if diff_ids.len() != paths.len() {
        return Err(Error::invalid(format!(
            "invalid manifest, layers length mismatch: expected {}, got {}",
            paths.len(),
            diff_ids.len()
        )));
    }
    let mut parent: Option<String> = None;
    for (index, (path, diff_id)) in paths.iter().zip(&diff_ids).enumerate() {
        let layer = parts.place(path, parent.as_deref(), diff_id, index)?;
        parent = Some(layer.chain);
    }
    Ok(NewImage {
        config: bytes,
        parent: None,
        references,
    })
}

/// The manifests that an index lists for this machine, with their names.
fn collect_manifests(
    parts: &Parts<'_>,
    index: &Index,
    names: &[Reference],
    depth: u8,
    left: &mut usize,
    found: &mut Vec<(Manifest, Vec<Reference>)>,
) -> Result<()> {
    let ours = |descriptor: &&Descriptor| {
        descriptor.platform.as_ref().is_none_or(|platform| {
            platform.os == "linux" && platform.architecture == machine_architecture()
        })
    };
    let mut wanted: Vec<_> = index.manifests.iter().filter(ours).collect();
    if wanted.is_empty() && depth == 0 {
        // Images for other platforms can be inspected, though not run.
        wanted = index.manifests.iter().collect();
    }
    for descriptor in wanted {
        *left = left
            .checked_sub(1)
            .ok_or_else(|| Error::invalid("the archive lists too many manifests"))?;
        let bytes = verified(parts, descriptor)?;
        let mut names = names.to_vec();
        names.extend(name_of(descriptor));
        names.sort();
        names.dedup();
        if matches!(descriptor.media_type.as_str(), INDEX | DOCKER_MANIFEST_LIST) {
            if depth >= DEEPEST_INDEX {
                return Err(Error::invalid("an index lies too deep in other indexes"));
            }
            let inner = parse(bytes, "an index")?;
            collect_manifests(parts, &inner, &names, depth + 1, left, found)?;
            continue;
        }
        let manifest: Manifest = parse(bytes, "a manifest")?;
        // An image with two names is listed twice.
        match found.iter_mut().find(|(other, _)| *other == manifest) {
            Some((_, others)) => others.extend(names),
            None => found.push((manifest, names)),
        }
    }
    Ok(())
}

fn oci_images(
    parts: &mut Parts<'_>,
    manifests: Vec<(Manifest, Vec<Reference>)>,
) -> Result<Vec<NewImage>> {
    if manifests.is_empty() {
        return Err(Error::invalid("the archive holds no image"));
    }
    let mut new = Vec::new();
    for (manifest, names) in manifests {
        verified(parts, &manifest.config)?;
        let mut paths = Vec::new();
        for layer in &manifest.layers {
            let path = blob_path(&layer.digest);
            if let Some(found) = parts.digest(&path).filter(|found| *found != layer.digest) {
                return Err(wrong_blob(layer, &found.to_string()));
            }
            paths.push(path);
        }
        new.push(image(
            parts,
            &blob_path(&manifest.config.digest),
            &paths,
            names,
        )?);
    }
    Ok(new)
}

/// The text that a descriptor points to, checked against its digest.
fn verified<'a>(parts: &'a Parts<'_>, descriptor: &Descriptor) -> Result<&'a [u8]> {
    let path = blob_path(&descriptor.digest);
    let bytes = parts.needed(&path)?;
    let found = parts.digest(&path).map(|digest| digest.to_string());
    match found {
        Some(found) if found == descriptor.digest.as_str() => Ok(bytes),
        found => Err(wrong_blob(descriptor, &found.unwrap_or_default())),
    }
}

fn wrong_blob(descriptor: &Descriptor, found: &str) -> Error {
    Error::invalid(format!(
        "blob {} is damaged: its digest is {found}",
        descriptor.digest
    ))
}

/// containerd and Docker write the full name; others write a name, or only a tag, which is not a name.
fn name_of(descriptor: &Descriptor) -> Option<Reference> {
    let text = descriptor
        .annotations
        .get(ANNOTATION_IMAGE_NAME)
        .or_else(|| {
            descriptor
                .annotations
                .get(ANNOTATION_REF_NAME)
                .filter(|name| name.contains([':', '/']))
        })?;
    Some(Reference::parse(text).ok()?.or_latest())
}

fn parse<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T> {
    serde_json::from_slice(bytes)
        .map_err(|error| Error::invalid(format!("invalid archive: {what}")).with_source(error))
}
