//! Deletes content that no sandbox needs any more.
//!
//! **What Docker does.** Layers have reference counts. **What we do.** We search: a layer is needed by the images of
//! every sandbox, by containers (including stopped ones), by the build cache, and by the layers on top of it. A count
//! would be wrong after a crash; a search is not.
//!
//! A process that makes content holds the content lock (see [`crate::store::lock::keep_content`]). While one does,
//! nothing is deleted; a later run deletes it.

use super::starter;
use crate::engine::Engine;
use crate::error::{Error, IoContext, Result};
use crate::oci::digest::{Digest, ImageId};
use crate::paths::{Home, SandboxPaths};
use crate::store::containers::ContainerConfig;
use crate::store::tree::remove_tree;
use crate::store::{atomic, blobs, build_cache, distribution, images, layers, lock};
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The content that is needed.
#[derive(Debug, Default)]
struct Needed {
    layers: BTreeSet<String>,
    images: BTreeSet<ImageId>,
}

/// What was deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Collected {
    /// Chain ids (hexadecimal digits), topmost first.
    pub layers: Vec<String>,
    /// Bytes of files in them.
    pub size: u64,
}

impl Engine {
    /// Deletes the layers that nothing needs, and the configurations of `deleted`.
    pub(crate) fn collect(&self, deleted: &[ImageId]) -> Result<Collected> {
        self.reach_all_files();
        match collect(&self.home, deleted) {
            // As long as the needed content is unknown, nothing is deleted.
            Err(error) if error.kind() == crate::ErrorKind::Internal => Ok(self
                .or_leave_out("the removal of unneeded layers", Err(error))
                .unwrap_or_default()),
            other => other,
        }
    }
}

/// Removes the unfinished work of dead processes, unless some process is making content.
pub(crate) fn sweep_leftovers(home: &Home) -> Result<()> {
    match lock::try_exclusive(&home.content_lock())? {
        Some(_lock) => sweep(home),
        None => Ok(()),
    }
}

/// Deletes layers that nothing needs, and the configurations of `removed` if no sandbox has those images.
pub(crate) fn collect(home: &Home, removed: &[ImageId]) -> Result<Collected> {
    let Some(_lock) = lock::try_exclusive(&home.content_lock())? else {
        return Ok(Collected::default());
    };
    let needed = needed(home)?;
    let mut unneeded = Vec::new();
    for chain in layers::list(home)? {
        if !needed.layers.contains(&chain) {
            // A layer with a damaged description is deleted as well, under the name of its folder.
            let mut layer = layers::read(home, &chain)
                .unwrap_or_else(|_| layers::Layer::new(Digest::of(b""), None));
            layer.chain = chain;
            unneeded.push(layer);
        }
    }
    let mut collected = Collected::default();
    for layer in topmost_first(unneeded) {
        layers::remove(home, &layer.chain)?;
        collected.size += layer.size;
        collected.layers.push(layer.chain);
    }
    for id in removed {
        if !needed.images.contains(id) {
            blobs::remove(home, id)?;
        }
    }
    forget(home, &needed)?;
    sweep(home)?;
    Ok(collected)
}

/// Deletes the compressed forms of layers, and the manifests of images, that are no longer needed.
fn forget(home: &Home, needed: &Needed) -> Result<()> {
    let (layers, images) = distribution::noted(home)?;
    if !layers.is_empty() {
        let needed: BTreeSet<Digest> = needed
            .layers
            .iter()
            .filter_map(|chain| Some(layers::read(home, chain).ok()?.diff_id))
            .collect();
        for diff_id in layers.iter().filter(|diff_id| !needed.contains(diff_id)) {
            distribution::remove_layer(home, diff_id)?;
        }
    }
    for image in images.iter().filter(|image| !needed.images.contains(image)) {
        distribution::remove_image(home, image)?;
        // A killed pull may have left the configuration, too.
        blobs::remove(home, image)?;
    }
    Ok(())
}

/// Children before parents.
fn topmost_first(mut unsorted: Vec<layers::Layer>) -> Vec<layers::Layer> {
    let mut sorted = Vec::with_capacity(unsorted.len());
    while !unsorted.is_empty() {
        let parents: BTreeSet<_> = unsorted
            .iter()
            .filter_map(|layer| layer.parent.clone())
            .collect();
        let (rest, free): (Vec<_>, Vec<_>) = unsorted
            .into_iter()
            .partition(|layer| parents.contains(&layer.chain));
        if free.is_empty() {
            // Layers cannot be each other's parents; if a damaged file claims so, the order does not matter.
            sorted.extend(rest);
            break;
        }
        sorted.extend(free);
        unsorted = rest;
    }
    sorted
}

fn needed(home: &Home) -> Result<Needed> {
    let mut needed = Needed::default();
    for sandbox in sandboxes(home)? {
        let table = images::read(&sandbox)?;
        for (id, record) in table.images {
            needed.images.insert(id);
            needed.layers.extend(record.chain);
        }
        for config in containers(&sandbox)? {
            needed.images.insert(config.image);
            needed.layers.extend(config.layers);
        }
    }
    if let Some(starters) = starter::known(home) {
        needed.images.extend(starters.images.into_values());
    }
    needed.layers.extend(build_cache::layers_needed(home)?);
    for id in needed.images.clone() {
        // The configuration of an image that only a container names may be gone; the container lists its layers.
        if let Ok(config) = super::config(home, &id) {
            needed.layers.extend(layers::chain(&config.rootfs.diff_ids));
        }
    }
    let mut parents: Vec<_> = needed.layers.iter().cloned().collect();
    while let Some(chain) = parents.pop() {
        if let Ok(layer) = layers::read(home, &chain)
            && let Some(parent) = layer.parent
            && needed.layers.insert(parent.clone())
        {
            parents.push(parent);
        }
    }
    Ok(needed)
}

/// All sandboxes of the home.
pub(crate) fn sandboxes(home: &Home) -> Result<Vec<SandboxPaths>> {
    Ok(files(&home.sandboxes())?
        .iter()
        .filter_map(|path| path.file_name()?.to_str())
        .filter_map(|name| home.sandbox(name).ok())
        .collect())
}

/// The containers of a sandbox, including those being made.
fn containers(sandbox: &SandboxPaths) -> Result<Vec<ContainerConfig>> {
    let mut configs = Vec::new();
    for folder in files(&sandbox.containers())? {
        let path = folder.join("config.json");
        configs.extend(
            atomic::read_json::<ContainerConfig>(&path).map_err(|error| {
                Error::internal("what the containers need is not known, so nothing is deleted")
                    .with_source(error)
            })?,
        );
    }
    Ok(configs)
}

/// The entries of a folder; none if it is missing.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.on("read", folder)?,
    };
    entries
        .map(|entry| Ok(entry.on("read", folder)?.path()))
        .collect()
}

/// Removes the unfinished work of dead processes. The caller holds the content lock, so no process is working on any of
/// it: making content in `content/tmp` requires that lock.
fn sweep(home: &Home) -> Result<()> {
    for path in files(&home.blobs())? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(atomic::UNFINISHED) {
            fs::remove_file(&path).on("remove", &path)?;
        }
    }
    for path in files(&home.content_tmp())? {
        remove_tree(&path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::record::{NewImage, record};
    use crate::oci::reference::Reference;
    use crate::paths::create_private_dir;
    use crate::store::layers::{Draft, Layer};
    use jiff::Timestamp;

    struct World {
        _folder: tempfile::TempDir,
        home: Home,
    }

    impl World {
        fn new() -> Self {
            let (folder, home, _) = crate::paths::testing::world();
            Self {
                _folder: folder,
                home,
            }
        }

        fn layer(&self, text: &str, parent: Option<&str>) -> Layer {
            let layer = Layer::new(Digest::of(text.as_bytes()), parent);
            Draft::new(&self.home)
                .unwrap()
                .publish(&self.home, layer)
                .unwrap()
        }

        fn image(&self, sandbox: &str, layers: &[&Layer]) -> ImageId {
            let sandbox = self.home.sandbox(sandbox).unwrap();
            create_private_dir(sandbox.root()).unwrap();
            let diff_ids: Vec<_> = layers.iter().map(|layer| &layer.diff_id).collect();
            let new = NewImage {
                config: serde_json::to_vec(&serde_json::json!({
                    "architecture": "amd64", "os": "linux", "config": {},
                    "rootfs": { "type": "layers", "diff_ids": diff_ids },
                }))
                .unwrap(),
                parent: None,
                references: vec![Reference::parse("x:1").unwrap()],
            };
            record(&self.home, &sandbox, Timestamp::UNIX_EPOCH, &[new]).unwrap()[0]
                .id
                .clone()
        }

        fn forget(&self, sandbox: &str) {
            images::update(&self.home.sandbox(sandbox).unwrap(), |table| {
                *table = images::ImageTable::default();
                Ok(())
            })
            .unwrap();
        }

        #[track_caller]
        fn check(&self, removed: &[ImageId], expected: &[&Layer]) {
            let collected = collect(&self.home, removed).unwrap();
            let chains: Vec<_> = expected.iter().map(|layer| layer.chain.clone()).collect();
            assert_eq!(collected.layers, chains);
        }
    }

    #[test]
    fn layers_stay_as_long_as_any_sandbox_has_their_image() {
        let world = World::new();
        let low = world.layer("low", None);
        let top = world.layer("top", Some(&low.chain));
        let id = world.image("one", &[&low, &top]);
        world.image("two", &[&low, &top]);
        world.check(&[], &[]);
        world.forget("one");
        world.check(std::slice::from_ref(&id), &[]);
        assert!(blobs::exists(&world.home, &id));
        world.forget("two");
        world.check(std::slice::from_ref(&id), &[&top, &low]);
        assert!(!blobs::exists(&world.home, &id));
    }

    #[test]
    fn a_cache_record_keeps_its_layer_and_all_under_it() {
        let world = World::new();
        let low = world.layer("low", None);
        let top = world.layer("top", Some(&low.chain));
        let other = world.layer("other", None);
        let cache = build_cache::BuildCache::of(&world.home.sandbox("one").unwrap());
        let step = build_cache::StepRecord {
            key: "k".to_owned(),
            parent: String::new(),
            written: "RUN x".to_owned(),
            inputs: build_cache::Inputs::default(),
            created: Timestamp::UNIX_EPOCH,
            chain: vec![top.chain.clone()],
            own_layer: true,
            reason: None,
        };
        cache.put_step(&step, None::<&()>).unwrap();
        world.check(&[], &[&other]);
        cache.clear().unwrap();
        world.check(&[], &[&top, &low]);
    }

    #[test]
    fn a_container_keeps_its_layers_without_its_image() {
        let world = World::new();
        let low = world.layer("low", None);
        let sandbox = world.home.sandbox("one").unwrap();
        let folder = sandbox.containers().join("c");
        create_private_dir(&folder).unwrap();
        let config = serde_json::json!({
            "id": "c".repeat(64), "name": "c", "created": "2026-01-01T00:00:00Z",
            "image": Digest::of(b"gone"), "image_reference": "gone", "layers": [low.chain],
            "process": {}, "hostname": "c", "host": {}, "via": "run",
        });
        fs::write(folder.join("config.json"), config.to_string()).unwrap();
        world.check(&[], &[]);
        fs::write(folder.join("config.json"), "{").unwrap();
        assert!(collect(&world.home, &[]).is_err());
        assert!(layers::exists(&world.home, &low.chain));
    }

    #[test]
    fn nothing_is_deleted_while_somebody_makes_content() {
        let world = World::new();
        let low = world.layer("low", None);
        let kept = lock::keep_content(&world.home).unwrap();
        world.check(&[], &[]);
        drop(kept);
        world.check(&[], &[&low]);
    }

    #[test]
    fn what_a_dead_process_left_is_swept_and_what_a_living_one_makes_is_not() {
        let world = World::new();
        let tmp = world.home.content_tmp();
        let left = || {
            let mut names: Vec<_> = fs::read_dir(&tmp)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        fs::create_dir_all(tmp.join("layer-x/diff")).unwrap();
        fs::create_dir_all(tmp.join("run-x/work/work")).unwrap();
        let draft = Draft::new(&world.home).unwrap();
        collect(&world.home, &[]).unwrap();
        assert_eq!(left().len(), 3);
        drop(draft);
        collect(&world.home, &[]).unwrap();
        assert!(left().is_empty());
    }
}
