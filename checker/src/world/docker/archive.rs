//! Files in the tars that a Docker Engine returns: for a path in a container, and for a saved image.

use crate::world::facts::FileFacts;
use crate::world::{Blind, Observed};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use tar::{Archive, Entry, EntryType};

/// The maximum number of bytes read from a file, as in the world over our engine.
const FILE_LIMIT: u64 = 1024 * 1024;

/// The first entry of a tar: the requested path of a container.
pub(super) fn first(tar: &[u8]) -> Observed<Option<FileFacts>> {
    let mut archive = Archive::new(tar);
    match archive.entries().map_err(broken)?.next() {
        Some(entry) => facts(&mut entry.map_err(broken)?).map(Some),
        None => Ok(None),
    }
}

/// The file at `path` in a saved image: the topmost layer that has or deletes it decides.
pub(super) fn in_image(saved: &[u8], path: &str) -> Observed<Option<FileFacts>> {
    let wanted = path.trim_matches('/');
    let mut files = BTreeMap::new();
    for entry in Archive::new(saved).entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        if entry.header().entry_type() == EntryType::Regular {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(broken)?;
            files.insert(name(&entry)?, bytes);
        }
    }
    let manifest: Value = files
        .get("manifest.json")
        .and_then(|bytes| serde_json::from_slice(bytes).ok())
        .ok_or_else(|| Blind::new("a saved image without `manifest.json`"))?;
    let layers = manifest[0]["Layers"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    for layer in layers.iter().rev() {
        let tar = layer.as_str().and_then(|layer| files.get(layer));
        let tar = tar.ok_or_else(|| Blind::new("a saved image without one of its layers"))?;
        match in_layer(tar, wanted)? {
            Place::Here(file) => return Ok(Some(file)),
            Place::Gone => return Ok(None),
            Place::Below => {}
        }
    }
    Ok(None)
}

/// The entry of a layer for a path.
enum Place {
    Here(FileFacts),
    Gone,
    Below,
}

fn in_layer(tar: &[u8], wanted: &str) -> Observed<Place> {
    let mut place = Place::Below;
    for entry in Archive::new(tar).entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let name = name(&entry)?;
        if name == wanted {
            return facts(&mut entry).map(Place::Here);
        }
        let (folder, last) = name.rsplit_once('/').unwrap_or(("", &name));
        let deleted = match last.strip_prefix(".wh.") {
            // An opaque whiteout hides the folder's lower contents; a plain one hides a name and everything below it.
            Some(".wh..opq") => format!("{folder}/"),
            Some(hidden) => format!("{folder}/{hidden}")
                .trim_start_matches('/')
                .to_owned(),
            None => continue,
        };
        let inside = format!("{}/", deleted.trim_end_matches('/'));
        if wanted == deleted || wanted.starts_with(&inside) {
            place = Place::Gone;
        }
    }
    Ok(place)
}

fn name(entry: &Entry<'_, impl Read>) -> Observed<String> {
    let path = entry.path().map_err(broken)?;
    let path = path.to_string_lossy();
    Ok(path.trim_start_matches("./").trim_matches('/').to_owned())
}

fn facts(entry: &mut Entry<'_, impl Read>) -> Observed<FileFacts> {
    let header = entry.header();
    let kind = match header.entry_type() {
        EntryType::Directory => "folder",
        EntryType::Symlink => "link",
        _ => "file",
    };
    let (mode, size) = (header.mode().map_err(broken)?, entry.size());
    let owner = (header.uid().map_err(broken)?, header.gid().map_err(broken)?);
    let mut bytes = Vec::new();
    if kind == "file" && size <= FILE_LIMIT {
        entry.read_to_end(&mut bytes).map_err(broken)?;
    }
    let readable = kind == "file" && bytes.len() as u64 == size;
    Ok(FileFacts {
        kind: kind.to_owned(),
        text: String::from_utf8(bytes).ok().filter(|_| readable),
        size,
        mode: format!("{:o}", mode & 0o7777),
        owner: format!("{}:{}", owner.0, owner.1),
        modified: None,
    })
}

fn broken(error: std::io::Error) -> Blind {
    Blind::new(format!(
        "what the Docker Engine sent is no archive: {error}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tar::{Builder, Header};

    fn layer(files: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (path, text) in files {
            let mut header = Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            header.set_uid(0);
            header.set_gid(0);
            builder
                .append_data(&mut header, path, text.as_bytes())
                .unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn saved(layers: &[Vec<u8>]) -> Vec<u8> {
        let names: Vec<String> = (0..layers.len())
            .map(|at| format!("{at}/layer.tar"))
            .collect();
        let manifest = serde_json::json!([{ "Layers": names }]).to_string();
        let mut builder = Builder::new(Vec::new());
        let mut add = |path: &str, bytes: &[u8]| {
            let mut header = Header::new_gnu();
            header.set_size(bytes.len() as u64);
            builder.append_data(&mut header, path, bytes).unwrap();
        };
        for (name, layer) in names.iter().zip(layers) {
            add(name, layer);
        }
        add("manifest.json", manifest.as_bytes());
        builder.into_inner().unwrap()
    }

    #[track_caller]
    fn check(path: &str, expected: Option<&str>) {
        let image = saved(&[
            layer(&[("look", "blue"), ("old", "1"), ("d/x", "1"), ("o/x", "1")]),
            layer(&[
                ("look", "red"),
                (".wh.old", ""),
                (".wh.d", ""),
                ("o/.wh..wh..opq", ""),
            ]),
        ]);
        let found = in_image(&image, path).unwrap();
        assert_eq!(
            found.and_then(|file| file.text).as_deref(),
            expected,
            "{path}"
        );
    }

    #[test]
    fn the_topmost_layer_decides() {
        check("/look", Some("red"));
        check("/old", None);
        check("/d/x", None);
        check("/o/x", None);
        check("/loo", None);
    }

    #[test]
    fn what_is_no_archive_is_not_seen() {
        assert!(in_image(b"nothing", "/x").is_err());
        assert!(first(&[1; 600]).is_err());
        assert_eq!(first(&layer(&[])).unwrap(), None);
    }
}
