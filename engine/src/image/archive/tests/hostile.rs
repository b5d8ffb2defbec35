//! Archives that attack the reader or exhaust its resources.

use super::*;
use crate::tree::tar::{Entry, EntryKind, Writer};
use serde_json::{Value, json};

/// An OCI layout: `index` and blobs.
fn layout(index: &Value, blobs: &[Vec<u8>]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    for blob in blobs {
        let path = blob_path(&Digest::of(blob));
        writer.append_bytes(&path, 0o644, blob).unwrap();
    }
    let index = serde_json::to_vec(index).unwrap();
    writer.append_bytes("index.json", 0o644, &index).unwrap();
    writer.finish().unwrap()
}

#[test]
fn an_index_that_names_one_index_again_and_again_is_given_up() {
    let index = |media_type: &str, blob: &[u8]| {
        let one =
            json!({ "mediaType": media_type, "digest": Digest::of(blob), "size": blob.len() });
        json!({ "schemaVersion": 2, "manifests": vec![one; 40] })
    };
    // 40 to the power of 4 manifests in four files of 5 KiB.
    let mut blobs = vec![br#"{"schemaVersion":2,"manifests":[]}"#.to_vec()];
    for _ in 0..3 {
        let below = index(
            "application/vnd.oci.image.index.v1+json",
            &blobs[blobs.len() - 1],
        );
        blobs.push(serde_json::to_vec(&below).unwrap());
    }
    let top = index(
        "application/vnd.oci.image.index.v1+json",
        &blobs[blobs.len() - 1],
    );
    World::new().refuses(&layout(&top, &blobs), "lists too many manifests");
}

#[test]
fn a_description_of_an_image_that_is_no_description_is_refused_by_its_size() {
    let layer = layer_tar("x");
    let mut long = config(&[&layer]);
    long.resize(5 << 20, b' ');
    let world = World::new();
    world.refuses(
        &docker_archive(&long, &[&layer], &["x:1"]),
        "c.json of 5242880 bytes is refused",
    );
}

#[test]
fn a_name_in_the_list_has_no_digest() {
    let layer = layer_tar("x");
    let good = config(&[&layer]);
    let name = format!("x@{}", Digest::of(b"x"));
    World::new().refuses(
        &docker_archive(&good, &[&layer], &[&name]),
        &format!("invalid tag \"{name}\""),
    );
}

#[test]
fn a_layer_may_be_no_byte_long_or_begin_as_json_does() {
    for layer in [Vec::new(), {
        let mut writer = Writer::new(Vec::new());
        let content = vec![b'x'; 5 << 20];
        writer.append_bytes("[", 0o755, &content).unwrap();
        writer.finish().unwrap()
    }] {
        let good = config(&[&layer]);
        let loaded = World::new().load(&docker_archive(&good, &[&layer], &["x:1"]));
        assert_eq!(loaded.unwrap()[0].id, Digest::of(&good));
    }
}

#[test]
fn paths_that_lead_out_of_the_archive_name_nothing() {
    let layer = layer_tar("x");
    let good = config(&[&layer]);
    for path in ["../../../../etc/passwd", "/etc/passwd"] {
        let list = |config: &str, layer: &str| {
            let list = json!([{ "Config": config, "RepoTags": ["x:1"], "Layers": [layer] }]);
            let list = serde_json::to_vec(&list).unwrap();
            archive(&[
                ("c.json", good.clone()),
                ("l", layer_tar("x")),
                ("manifest.json", list),
            ])
        };
        World::new().refuses(&list(path, "l"), "no such file or directory");
        World::new().refuses(&list("c.json", path), "no such file or directory");
    }
    let mut link = Entry::new("l", EntryKind::Symlink, 0o777);
    link.link = b"/etc/passwd".to_vec();
    let mut writer = Writer::new(Vec::new());
    writer.append(&link, std::io::empty()).unwrap();
    writer.append_bytes("c.json", 0o644, &good).unwrap();
    let list = br#"[{"Config":"c.json","RepoTags":["x:1"],"Layers":["l"]}]"#;
    writer.append_bytes("manifest.json", 0o644, list).unwrap();
    World::new().refuses(&writer.finish().unwrap(), "no such file or directory");
}

#[test]
fn a_parent_is_believed_if_it_can_have_been_one() {
    let layer = layer_tar("x");
    let with_history = |steps: &[&str]| {
        let steps: Vec<_> = steps
            .iter()
            .map(|step| json!({ "created_by": step, "empty_layer": *step != "a" }))
            .collect();
        let text = json!({
            "architecture": "amd64", "os": "linux", "config": {}, "history": steps,
            "rootfs": { "type": "layers", "diff_ids": [Digest::of(&layer)] },
        });
        serde_json::to_vec(&text).unwrap()
    };
    let check = |child: &[&str], expected: bool| {
        let (parent, child) = (with_history(&["a", "b"]), with_history(child));
        let list = json!([
            { "Config": "p", "RepoTags": ["p:1"], "Layers": ["l"] },
            { "Config": "c", "RepoTags": ["c:1"], "Layers": ["l"], "Parent": Digest::of(&parent) },
        ]);
        let bytes = archive(&[
            ("p", parent.clone()),
            ("c", child.clone()),
            ("l", layer.clone()),
            ("manifest.json", serde_json::to_vec(&list).unwrap()),
        ]);
        let world = World::new();
        world.load(&bytes).unwrap();
        let images = world.images();
        let child = images.iter().find(|image| image.id == Digest::of(&child));
        let parent = expected.then(|| Digest::of(&parent));
        assert_eq!(child.unwrap().parent, parent);
        // The saved archive records the same parent.
        let saved = world.save(&["p", "c"]).unwrap();
        let there = World::new();
        there.load(&saved).unwrap();
        assert_eq!(
            there
                .images()
                .iter()
                .filter(|image| image.parent.is_some())
                .count(),
            usize::from(expected)
        );
    };
    check(&["a", "b", "c"], true);
    check(&["a", "c"], false);
    check(&["a", "b", "c", "d"], false);
}
