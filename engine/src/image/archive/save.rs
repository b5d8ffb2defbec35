//! Writing an archive.

use super::{DockerManifest, LAYOUT, blob_path, is_one_older};
use crate::engine::Engine;
use crate::error::{Error, IoContext, Result};
use crate::events::{Action, ObjectKind};
use crate::image::{self, layer, resolve};
use crate::oci::descriptor::{
    ANNOTATION_IMAGE_NAME, ANNOTATION_REF_NAME, CONFIG, Descriptor, INDEX, LAYER, MANIFEST,
};
use crate::oci::digest::{Digest, ImageId};
use crate::oci::manifest::{Index, Manifest};
use crate::oci::reference::Reference;
use crate::paths::{Home, SandboxPaths};
use crate::store::images::{self, ImageTable};
use crate::store::{blobs, layers};
use crate::tree::tar::{Entry, EntryKind, Writer};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// Images to save, with the names to save for each.
type Chosen = Vec<(ImageId, Vec<Reference>)>;

impl Engine {
    /// Writes images as one archive, in Docker's form and OCI's at once. A name without a tag means all its tags.
    /// An ordinary user gets a user namespace.
    pub fn save(&self, names: &[String], writer: &mut dyn Write) -> Result<()> {
        self.reach_all_files();
        for id in save(&self.home, &self.sandbox, names, writer)? {
            self.note(
                ObjectKind::Image,
                Action::Save,
                id.as_str(),
                json!({"name": names.join(" ")}),
            );
        }
        Ok(())
    }
}

/// Writes the images that `names` mean to `sink`, and returns them. A name without a tag means all tags of its
/// repository; an id means the image without names.
/// Errors: `No such image`, or for a name with a tag `reference does not exist`; kind `Internal` if a layer has
/// changed.
pub(crate) fn save(
    home: &Home,
    sandbox: &SandboxPaths,
    names: &[String],
    sink: impl Write,
) -> Result<Vec<ImageId>> {
    let table = images::read(sandbox)?;
    let chosen = choose(&table, names)?;
    let mut archive = Archive::new(home, sink)?;
    for (id, references) in &chosen {
        let config = blobs::read(home, id)?;
        let parent = table
            .images
            .get(id)
            .and_then(|record| record.parent.as_ref());
        let parent = parent.filter(|parent| chosen.iter().any(|(other, _)| other == *parent));
        let own = image::parse_config(&config)?.history;
        let parent = match parent {
            Some(parent) if is_one_older(&image::config(home, parent)?.history, &own) => {
                Some(parent.clone())
            }
            _ => None,
        };
        archive.image(&config, references, parent)?;
    }
    archive.finish(true)?;
    Ok(chosen.into_iter().map(|(id, _)| id).collect())
}

/// The images that the names mean, each once, in the order of the names.
fn choose(table: &ImageTable, names: &[String]) -> Result<Chosen> {
    let mut chosen: Chosen = Vec::new();
    let mut add = |id: &ImageId, reference: Option<&Reference>| {
        let index = match chosen.iter().position(|(other, _)| other == id) {
            Some(index) => index,
            None => {
                chosen.push((id.clone(), Vec::new()));
                chosen.len() - 1
            }
        };
        let references = &mut chosen[index].1;
        references.extend(reference.filter(|new| !references.contains(new)).cloned());
    };
    for name in names {
        let parsed = Reference::parse(name).ok();
        let tagless = parsed
            .as_ref()
            .filter(|name| name.tag().is_none() && name.digest().is_none());
        let missing = || {
            let message = match tagless {
                Some(_) => format!("No such image: {name}"),
                None => "reference does not exist".to_owned(),
            };
            Error::not_found(message).with_hint(format!(
                "there is no image `{name}`; docker images lists them"
            ))
        };
        if let Some(repository) = tagless {
            let tags: Vec<_> = table
                .references
                .iter()
                .filter(|(other, _)| other.tag().is_some() && other.name() == repository.name())
                .collect();
            tags.iter()
                .for_each(|(reference, id)| add(id, Some(reference)));
            if !tags.is_empty() {
                continue;
            }
        }
        let id = resolve::find_id(table, name).map_err(|error| match error.kind() {
            crate::ErrorKind::NotFound => missing(),
            _ => error,
        })?;
        let named = parsed
            .map(Reference::or_latest)
            .filter(|reference| table.references.get(reference) == Some(&id))
            .filter(|reference| reference.tag().is_some());
        add(&id, named.as_ref());
    }
    Ok(chosen)
}

struct Archive<'a, W> {
    home: &'a Home,
    out: Writer<W>,
    written: BTreeSet<Digest>,
    docker: Vec<Value>,
    index: Vec<Descriptor>,
    repositories: BTreeMap<String, BTreeMap<String, String>>,
}

impl<'a, W: Write> Archive<'a, W> {
    /// Begins an archive with entries for its folders: otherwise an ordinary user who unpacks it might be unable to
    /// make them with the archive's owner.
    fn new(home: &'a Home, sink: W) -> Result<Self> {
        let mut out = Writer::new(sink);
        for folder in ["blobs/", "blobs/sha256/"] {
            let entry = Entry::new(folder, EntryKind::Directory, 0o755);
            out.append(&entry, io::empty()).on("write", folder)?;
        }
        Ok(Self {
            home,
            out,
            written: BTreeSet::new(),
            docker: Vec::new(),
            index: Vec::new(),
            repositories: BTreeMap::new(),
        })
    }

    fn image(
        &mut self,
        bytes: &[u8],
        references: &[Reference],
        parent: Option<ImageId>,
    ) -> Result<()> {
        let id = Digest::of(bytes);
        let config = image::parse_config(bytes)?;
        let chain = layers::chain(&config.rootfs.diff_ids);
        let mut descriptors = Vec::new();
        for chain in &chain {
            descriptors.push(self.layer(chain)?);
        }
        let manifest = to_json(&Manifest {
            schema_version: 2,
            media_type: Some(MANIFEST.to_owned()),
            config: self.blob(CONFIG, bytes)?,
            layers: descriptors.clone(),
            annotations: BTreeMap::new(),
        })?;
        let manifest = self.blob(MANIFEST, &manifest)?;
        if references.is_empty() {
            self.index.push(manifest.clone());
        }
        for reference in references {
            let mut named = manifest.clone();
            let tag = reference.tag().unwrap_or_default().to_owned();
            named.annotations = BTreeMap::from([
                (ANNOTATION_IMAGE_NAME.to_owned(), reference.to_string()),
                (ANNOTATION_REF_NAME.to_owned(), tag.clone()),
            ]);
            self.index.push(named);
            let top = chain.last().map_or(id.hex(), String::as_str);
            self.repositories
                .entry(reference.familiar_name())
                .or_default()
                .insert(tag, top.to_owned());
        }
        self.docker
            .push(docker_manifest(&id, references, &descriptors, parent)?);
        Ok(())
    }

    /// Writes a layer's tar, once.
    fn layer(&mut self, chain: &str) -> Result<Descriptor> {
        let layer = layers::read(self.home, chain)?;
        let descriptor = Descriptor::new(LAYER, layer.diff_id.clone(), layer.tar_size);
        if self.written.insert(layer.diff_id.clone()) {
            let mut entry = Entry::new(blob_path(&layer.diff_id), EntryKind::File, 0o644);
            entry.size = layer.tar_size;
            self.out
                .append_produced(&entry, |sink| layer::write_tar(self.home, &layer, sink))?;
        }
        Ok(descriptor)
    }

    fn blob(&mut self, media_type: &str, bytes: &[u8]) -> Result<Descriptor> {
        let digest = Digest::of(bytes);
        if self.written.insert(digest.clone()) {
            self.file(&blob_path(&digest), bytes)?;
        }
        Ok(Descriptor::new(media_type, digest, bytes.len() as u64))
    }

    fn file(&mut self, path: &str, bytes: &[u8]) -> Result<()> {
        self.out.append_bytes(path, 0o644, bytes).on("write", path)
    }

    fn finish(mut self, docker: bool) -> Result<()> {
        let index = Index {
            schema_version: 2,
            media_type: Some(INDEX.to_owned()),
            manifests: std::mem::take(&mut self.index),
            annotations: BTreeMap::new(),
        };
        self.file("index.json", &to_json(&index)?)?;
        if docker {
            let manifest = std::mem::take(&mut self.docker);
            self.file("manifest.json", &to_json(&manifest)?)?;
        }
        self.file("oci-layout", LAYOUT.as_bytes())?;
        if docker && !self.repositories.is_empty() {
            let repositories = std::mem::take(&mut self.repositories);
            self.file("repositories", &to_json(&repositories)?)?;
        }
        self.out.finish().on("write", "archive").map(drop)
    }
}

/// One image in `manifest.json`, as Docker 28 writes it.
fn docker_manifest(
    id: &ImageId,
    references: &[Reference],
    layers: &[Descriptor],
    parent: Option<ImageId>,
) -> Result<Value> {
    let names: Vec<_> = references.iter().map(Reference::familiar).collect();
    let manifest = DockerManifest {
        config: blob_path(id),
        repo_tags: (!names.is_empty()).then_some(names),
        layers: Some(
            layers
                .iter()
                .map(|layer| blob_path(&layer.digest))
                .collect(),
        ),
        parent,
    };
    let sources: Map<String, Value> = layers
        .iter()
        .map(|layer| {
            let source = json!({
                "mediaType": layer.media_type, "size": layer.size, "digest": layer.digest,
            });
            (layer.digest.to_string(), source)
        })
        .collect();
    let mut value = serde_json::to_value(&manifest).map_err(unwritable)?;
    value["LayerSources"] = Value::Object(sources);
    Ok(value)
}

fn to_json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(unwritable)
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::internal("cannot write a manifest").with_source(error)
}
