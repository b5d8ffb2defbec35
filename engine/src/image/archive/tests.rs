//! Saved images load again with the same ids, ours and those of every other format.

mod hostile;

use super::load::{Loaded, load};
use super::save::save;
use super::*;
use crate::ErrorKind;
use crate::error::Result;
use crate::image::layer;
use crate::image::record::{NewImage, record};
use crate::oci::reference::Reference;
use crate::paths::{Home, SandboxPaths};
use crate::store::lock::keep_content;
use crate::testing::open;
use crate::tree::tar::{Entry, EntryKind, Reader, Writer};
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};

pub(super) struct World {
    _folder: tempfile::TempDir,
    home: Home,
    sandbox: SandboxPaths,
}

impl World {
    pub(super) fn new() -> Self {
        let (folder, home, sandbox) = crate::paths::testing::world();
        Self {
            _folder: folder,
            home,
            sandbox,
        }
    }

    pub(super) fn load(&self, bytes: &[u8]) -> Result<Vec<Loaded>> {
        let _kept = keep_content(&self.home)?;
        load(&self.home, &self.sandbox, Timestamp::UNIX_EPOCH, bytes)
    }

    pub(super) fn save(&self, names: &[&str]) -> Result<Vec<u8>> {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut bytes = Vec::new();
        save(&self.home, &self.sandbox, &names, &mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn images(&self) -> Vec<crate::image::Image> {
        open(&self.home).images().unwrap()
    }

    /// Loading fails with `message`, and leaves nothing behind.
    #[track_caller]
    pub(super) fn refuses(&self, bytes: &[u8], message: &str) {
        let error = self.load(bytes).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert!(open(&self.home).images().unwrap().is_empty());
        assert_eq!(fs::read_dir(self.home.content_tmp()).unwrap().count(), 0);
    }
}

pub(super) fn layer_tar(text: &str) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    writer.append_bytes("z", 0o644, text.as_bytes()).unwrap();
    writer.append_bytes("a", 0o600, text.as_bytes()).unwrap();
    writer.finish().unwrap()
}

/// Written by hand: unknown fields and spaces are part of the id.
pub(super) fn config(layers: &[&[u8]]) -> Vec<u8> {
    let diff_ids: Vec<_> = layers.iter().map(|layer| Digest::of(layer)).collect();
    let mut text = serde_json::to_string_pretty(&json!({
        "architecture": "amd64", "os": "linux", "config": { "Cmd": ["sh"] }, "x-unknown": 1,
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
    }))
    .unwrap();
    text.push('\n');
    text.into_bytes()
}

pub(super) fn archive(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    for (path, bytes) in files {
        writer.append_bytes(path, 0o644, bytes).unwrap();
    }
    writer.finish().unwrap()
}

pub(super) fn docker_archive(config: &[u8], layers: &[&[u8]], tags: &[&str]) -> Vec<u8> {
    let names: Vec<_> = (0..layers.len())
        .map(|n| format!("{n}/layer.tar"))
        .collect();
    let manifest = json!([{ "Config": "c.json", "RepoTags": tags, "Layers": names }]);
    let mut files = vec![("c.json", config.to_vec())];
    for (name, layer) in names.iter().zip(layers) {
        files.push((name, layer.to_vec()));
    }
    files.push(("manifest.json", serde_json::to_vec(&manifest).unwrap()));
    archive(&files)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn files(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut reader = Reader::new(archive);
    let mut files = BTreeMap::new();
    while let Some(entry) = reader.next_entry().unwrap() {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).unwrap();
        files.insert(String::from_utf8(entry.path).unwrap(), bytes);
    }
    files
}

#[test]
fn an_image_that_is_loaded_and_saved_again_keeps_id_and_layers() {
    let (low, top) = (layer_tar("low"), layer_tar("top"));
    let config = config(&[&low, &top]);
    let world = World::new();
    let loaded = world
        .load(&docker_archive(&config, &[&low, &top], &["x:1", "y"]))
        .unwrap();
    assert_eq!(loaded[0].id, Digest::of(&config));
    let names: Vec<_> = loaded[0]
        .references
        .iter()
        .map(Reference::familiar)
        .collect();
    assert_eq!(names, ["x:1", "y:latest"]);
    let saved = world.save(&["x:1"]).unwrap();
    let files = files(&saved);
    assert_eq!(files[&blob_path(&Digest::of(&config))], config);
    assert_eq!(files[&blob_path(&Digest::of(&low))], low);
    assert_eq!(files[&blob_path(&Digest::of(&top))], top);
    let other = World::new();
    let again = other.load(&saved).unwrap();
    assert_eq!(again[0].id, loaded[0].id);
    assert_eq!(again[0].references.len(), 1);
    assert_eq!(other.save(&["x:1"]).unwrap(), saved);
}

#[test]
fn what_we_save_is_an_oci_layout_too() {
    let low = layer_tar("low");
    let config = config(&[&low]);
    let world = World::new();
    world
        .load(&docker_archive(&config, &[&low], &["localhost:5000/x:1"]))
        .unwrap();
    let mut parts = files(&world.save(&["localhost:5000/x:1"]).unwrap());
    parts.remove("manifest.json").unwrap();
    parts.remove("repositories").unwrap();
    let parts: Vec<_> = parts
        .iter()
        .map(|(path, bytes)| (path.as_str(), bytes.clone()))
        .collect();
    let other = World::new();
    let loaded = other.load(&archive(&parts)).unwrap();
    assert_eq!(loaded[0].id, Digest::of(&config));
    assert_eq!(loaded[0].references[0].familiar(), "localhost:5000/x:1");
}

#[test]
fn compressed_archives_and_compressed_layers_are_read() {
    let low = layer_tar("low");
    let config = config(&[&low]);
    let outer = gzip(&docker_archive(&config, &[&low], &["x:1"]));
    assert_eq!(
        World::new().load(&outer).unwrap()[0].id,
        Digest::of(&config)
    );
    let inner = docker_archive(&config, &[&gzip(&low)], &["x:1"]);
    assert_eq!(
        World::new().load(&inner).unwrap()[0].id,
        Digest::of(&config)
    );
}

#[test]
fn an_index_of_others_with_compressed_layers_is_read_and_verified() {
    let low = layer_tar("low");
    let (config, packed) = (config(&[&low]), gzip(&low));
    let point = |bytes: &[u8], kind: &str| json!({ "mediaType": kind, "digest": Digest::of(bytes), "size": bytes.len() });
    let manifest = serde_json::to_vec(&json!({
        "schemaVersion": 2, "config": point(&config, "c"), "layers": [point(&packed, "l")],
    }))
    .unwrap();
    let mut entry = point(&manifest, crate::oci::descriptor::MANIFEST);
    entry["annotations"] = json!({ "org.opencontainers.image.ref.name": "docker.io/library/x:1" });
    let index = serde_json::to_vec(&json!({ "schemaVersion": 2, "manifests": [entry] })).unwrap();
    let path = |bytes: &[u8]| blob_path(&Digest::of(bytes));
    let make = |layer: Vec<u8>| {
        archive(&[
            ("index.json", index.clone()),
            ("oci-layout", LAYOUT.into()),
            (&path(&config), config.clone()),
            (&path(&manifest), manifest.clone()),
            (&path(&packed), layer),
        ])
    };
    let loaded = World::new().load(&make(packed.clone())).unwrap();
    assert_eq!(loaded[0].references[0].familiar(), "x:1");
    // The same files in a different gzip are a different blob.
    World::new().refuses(&make(low.clone()), "is damaged: its digest is");
}

#[test]
fn the_same_layer_twice_and_links_to_layers_are_followed() {
    let low = layer_tar("low");
    let config = config(&[&low, &low]);
    let manifest = json!([{ "Config": "c.json", "Layers": ["a/layer.tar", "b/layer.tar"] }]);
    let mut writer = Writer::new(Vec::new());
    writer.append_bytes("c.json", 0o644, &config).unwrap();
    writer.append_bytes("a/layer.tar", 0o644, &low).unwrap();
    let mut link = Entry::new("b/layer.tar", EntryKind::Symlink, 0o777);
    link.link = b"../a/layer.tar".to_vec();
    writer.append(&link, io::empty()).unwrap();
    let manifest = serde_json::to_vec(&manifest).unwrap();
    writer
        .append_bytes("manifest.json", 0o644, &manifest)
        .unwrap();
    let world = World::new();
    let loaded = world.load(&writer.finish().unwrap()).unwrap();
    assert!(loaded[0].references.is_empty());
    assert_eq!(world.images()[0].chain.len(), 2);
    let id = loaded[0].id.short().to_owned();
    let saved = world.save(&[&id]).unwrap();
    assert_eq!(World::new().load(&saved).unwrap()[0].id, loaded[0].id);
    // When loaded again, its layers are already known.
    assert_eq!(world.load(&saved).unwrap()[0].id, loaded[0].id);
}

#[test]
fn what_is_no_archive_is_refused_and_leaves_nothing() {
    let world = World::new();
    world.refuses(b"garbage\n", "unexpected EOF");
    world.refuses(&[b'x'; 4096], "archive/tar: invalid tar header");
    world.refuses(b"", "does not contain a manifest.json");
    world.refuses(&layer_tar("x"), "does not contain a manifest.json");
    world.refuses(
        &archive(&[("manifest.json", b"{".to_vec())]),
        "manifest.json",
    );
}

#[test]
fn a_damaged_archive_loads_none_of_its_images() {
    let world = World::new();
    let (low, other) = (layer_tar("low"), layer_tar("other"));
    let good = config(&[&low]);
    world.refuses(
        &docker_archive(&good, &[&other], &["x:1"]),
        "invalid diffID for layer 0: expected",
    );
    world.refuses(
        &docker_archive(&good, &[], &["x:1"]),
        "layers length mismatch: expected 0, got 1",
    );
    world.refuses(
        &docker_archive(&good, &[&low], &["X:1"]),
        "must be lowercase",
    );
    world.refuses(
        &docker_archive(&good, &[&low[..900]], &["x:1"]),
        "unexpected EOF",
    );
    let whole = docker_archive(&good, &[&low], &["x:1"]);
    world.refuses(&whole[..whole.len() - 1500], "");
    let two = json!([
        { "Config": "c.json", "RepoTags": ["x:1"], "Layers": ["l"] },
        { "Config": "c.json", "RepoTags": ["y:1"], "Layers": ["gone"] },
    ]);
    world.refuses(
        &archive(&[
            ("c.json", good),
            ("l", low),
            ("manifest.json", serde_json::to_vec(&two).unwrap()),
        ]),
        "open gone: no such file or directory",
    );
}

#[test]
fn saving_a_repository_means_all_its_tags_and_an_id_none() {
    let world = World::new();
    let low = layer_tar("low");
    let config = config(&[&low]);
    world
        .load(&docker_archive(&config, &[&low], &["x:1", "x:2", "y:1"]))
        .unwrap();
    let tags = |names: &[&str]| {
        let files = files(&world.save(names).unwrap());
        let list: Vec<DockerManifest> = serde_json::from_slice(&files["manifest.json"]).unwrap();
        assert_eq!(list.len(), 1);
        list[0].repo_tags.clone().unwrap_or_default().join(" ")
    };
    assert_eq!(tags(&["x"]), "x:1 x:2");
    assert_eq!(tags(&["x:2", "y:1", "x:2"]), "x:2 y:1");
    assert_eq!(tags(&[Digest::of(&config).short()]), "");
    let error = world.save(&["nosuch"]).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::NotFound, "No such image: nosuch")
    );
    let error = world.save(&["x:nosuch"]).unwrap_err();
    assert_eq!(error.message(), "reference does not exist");
}

#[test]
fn a_name_that_moves_by_loading_is_told() {
    let world = World::new();
    let low = layer_tar("low");
    let (first, second) = (config(&[&low]), config(&[&low, &low]));
    let first = docker_archive(&first, &[&low], &["x:1"]);
    let second = docker_archive(&second, &[&low, &low], &["x:1"]);
    let old = world.load(&first).unwrap()[0].id.clone();
    assert_eq!(world.load(&second).unwrap()[0].displaced[0].1, old);
}

#[test]
fn an_image_of_our_own_layers_is_saved_and_read_back() {
    let world = World::new();
    let upper = world.home.content_tmp().join("upper");
    fs::create_dir_all(upper.join("d")).unwrap();
    fs::write(upper.join("d/f"), "hello").unwrap();
    let layer = layer::adopt(&world.home, &[], &upper).unwrap();
    let new = NewImage {
        config: serde_json::to_vec(&json!({
            "architecture": "amd64", "os": "linux", "config": {},
            "rootfs": { "type": "layers", "diff_ids": [layer.diff_id] },
        }))
        .unwrap(),
        parent: None,
        references: vec![Reference::parse("own:1").unwrap()],
    };
    let now = Timestamp::UNIX_EPOCH;
    let id = record(&world.home, &world.sandbox, now, &[new]).unwrap()[0]
        .id
        .clone();
    let saved = world.save(&["own:1"]).unwrap();
    assert_eq!(World::new().load(&saved).unwrap()[0].id, id);
}
