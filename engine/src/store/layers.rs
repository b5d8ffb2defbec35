//! Unpacked layers: folders that overlayfs can stack.
//!
//! **Kernel feature.** overlayfs shows several read-only folders (`lowerdir=top:…:bottom`) and one writable one as a
//! single tree. **What Docker does.** `overlay2/<random>/diff`. **What we do.** `layers/<chain>/diff`, named by the chain
//! id: the layer together with everything under it, so the same stack is never stored twice.
//!
//! A layer is built in `content/tmp` and appears by one `rename(2)`: there is never half a layer, and when two
//! processes build the same one, the second finds it and drops its own.
//! **Try it.** `docklings show layers busybox`.

use super::atomic::{self, Durability};
use super::lock::{self, Lock};
use super::tree::{remove_tree, throw_away};
use crate::error::{Error, IoContext, Result};
use crate::oci::config::chain_ids;
use crate::oci::digest::Digest;
use crate::paths::{Home, create_private_dir};
use crate::sys::spread;
use rustix::fs::{CWD, RenameFlags};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The mark, within a layer's folder.
pub(super) const MARK: &str = "on-disk";
/// The folder of a layer's files, within the layer's folder.
pub const DIFF: &str = "diff";
/// What is needed beyond the files to reproduce a foreign tar byte for byte, within the layer's folder.
pub const RECIPE: &str = "recipe";
/// The layer's description, within the layer's folder.
pub(super) const DESCRIPTION: &str = "layer.json";

/// `layer.json`: the description of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// Digest of its uncompressed tar.
    pub diff_id: Digest,
    /// Its name here: the hexadecimal digits of its chain id.
    pub chain: String,
    /// The layer under it, by chain id.
    pub parent: Option<String>,
    /// Bytes of its files; Docker's layer size.
    pub size: u64,
    /// Files, folders and deletions.
    pub entries: u64,
    /// Bytes of its uncompressed tar.
    pub tar_size: u64,
    /// The counts on disk when it was built; `None` for a layer of an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub census: Option<Census>,
}

impl Layer {
    /// A layer on top of `parent`; the chain id follows from both.
    pub fn new(diff_id: Digest, parent: Option<&str>) -> Self {
        Self {
            chain: chain_id(parent, &diff_id),
            diff_id,
            parent: parent.map(str::to_owned),
            size: 0,
            entries: 0,
            tar_size: 0,
            census: None,
        }
    }
}

/// Counts of a folder's content, taken without reading its files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Census {
    /// All entries, folders included.
    pub entries: u64,
    /// Bytes of regular files.
    pub bytes: u64,
}

impl Census {
    /// Counts the content of a layer's folder, except its description and its mark; `None` if a folder cannot be
    /// listed, because it belongs to another user or is too deep.
    pub fn of_layer(folder: &Path) -> Result<Option<Self>> {
        let mut census = Self::default();
        let mut open = Vec::new();
        for entry in fs::read_dir(folder).on("read", folder)? {
            let entry = entry.on("read", folder)?;
            if entry.file_name() != DESCRIPTION && entry.file_name() != MARK {
                census.add(&entry, &mut open).on("read", entry.path())?;
            }
        }
        while let Some(folder) = open.pop() {
            match census.add_all(&folder, &mut open) {
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::PermissionDenied | ErrorKind::InvalidFilename
                    ) =>
                {
                    return Ok(None);
                }
                other => other.on("read", &folder)?,
            }
        }
        Ok(Some(census))
    }

    fn add_all(&mut self, folder: &Path, open: &mut Vec<PathBuf>) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            self.add(&entry?, open)?;
        }
        Ok(())
    }

    fn add(&mut self, entry: &fs::DirEntry, open: &mut Vec<PathBuf>) -> io::Result<()> {
        self.entries += 1;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            open.push(entry.path());
        } else if kind.is_file() {
            self.bytes += entry.metadata()?.len();
        }
        Ok(())
    }
}

/// The chain id (hexadecimal digits) of a layer on top of `parent`.
pub fn chain_id(parent: Option<&str>, diff_id: &Digest) -> String {
    match parent {
        None => diff_id.hex().to_owned(),
        Some(parent) => Digest::of(format!("sha256:{parent} {diff_id}").as_bytes())
            .hex()
            .to_owned(),
    }
}

/// The chain ids (hexadecimal digits) of a stack, lowest first.
pub fn chain(diff_ids: &[Digest]) -> Vec<String> {
    chain_ids(diff_ids)
        .iter()
        .map(|id| id.hex().to_owned())
        .collect()
}

/// The folder of a layer.
pub fn path(home: &Home, chain: &str) -> PathBuf {
    home.layers().join(chain)
}

/// The files of a layer: an overlay lowerdir.
pub fn diff(home: &Home, chain: &str) -> PathBuf {
    path(home, chain).join(DIFF)
}

/// Whether the layer exists. An incomplete one, or one without a description, does not count: it is built again.
pub fn exists(home: &Home, chain: &str) -> bool {
    read(home, chain).is_ok() && is_whole(home, chain)
}

/// Whether the layer is complete.
pub fn is_whole(home: &Home, chain: &str) -> bool {
    is_marked(home, chain) || is_counted_whole(home, chain)
}

/// Whether the layer is known to be on disk.
pub(super) fn is_marked(home: &Home, chain: &str) -> bool {
    path(home, chain).join(MARK).exists()
}

/// The same without trusting the mark, for callers that have time to count every file.
pub fn is_counted_whole(home: &Home, chain: &str) -> bool {
    let Ok(layer) = read(home, chain) else {
        return false;
    };
    match (layer.census, Census::of_layer(&path(home, chain))) {
        // A layer of an earlier version and a folder that cannot be listed prove nothing.
        (None, Ok(_)) | (_, Ok(None)) => true,
        (Some(made), Ok(Some(found))) => made == found,
        (_, Err(_)) => false,
    }
}

/// The description of a layer. Error: kind `NotFound`.
pub fn read(home: &Home, chain: &str) -> Result<Layer> {
    atomic::read_json(&path(home, chain).join(DESCRIPTION))?
        .ok_or_else(|| Error::not_found(format!("layer sha256:{chain} is missing")))
}

/// All layers, by chain id.
pub fn list(home: &Home) -> Result<Vec<String>> {
    let folder = home.layers();
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.on("read", &folder)?,
    };
    let mut chains = Vec::new();
    for entry in entries {
        let name = entry.on("read", &folder)?.file_name();
        if let Some(name) = name.to_str().filter(|name| name.len() == 64) {
            chains.push(name.to_owned());
        }
    }
    chains.sort_unstable();
    Ok(chains)
}

/// One layer for each diffID in this home; if the same files exist on several parents, any of them.
pub fn by_diff_id(home: &Home) -> Result<HashMap<Digest, Layer>> {
    let mut known = HashMap::new();
    for chain in list(home)? {
        if let Ok(layer) = read(home, &chain)
            && exists(home, &chain)
        {
            known.insert(layer.diff_id.clone(), layer);
        }
    }
    Ok(known)
}

/// The prefix of a draft's folder. Its builder holds the content lock, so a draft found while holding that lock
/// exclusively was left by a dead process.
pub const DRAFT_PREFIX: &str = "layer-";
/// The prefix of the folder of a layer being deleted.
pub const GONE_PREFIX: &str = "gone-";

/// A layer being built. Dropped without [`Draft::publish`], it leaves nothing.
#[derive(Debug)]
pub struct Draft {
    _kept: Lock,
    folder: PathBuf,
    published: bool,
}

impl Draft {
    /// Creates a draft: an empty `diff` folder in `content/tmp`.
    pub fn new(home: &Home) -> Result<Self> {
        let draft = Self::without_diff(home)?;
        let diff = draft.diff();
        fs::create_dir(&diff).on("create the directory", &diff)?;
        open_to_all(&diff)?;
        Ok(draft)
    }

    /// Creates a draft from existing files: `upper`, on the same file system, is moved into it.
    pub fn adopt(home: &Home, upper: &Path) -> Result<Self> {
        let draft = Self::without_diff(home)?;
        fs::rename(upper, draft.diff()).on("rename", upper)?;
        Ok(draft)
    }

    fn without_diff(home: &Home) -> Result<Self> {
        let tmp = home.content_tmp();
        if !tmp.is_dir() {
            create_private_dir(&tmp)?;
        }
        spread::subfolders_of(&tmp);
        let kept = lock::shared(&home.content_lock())?;
        let folder = tempfile::Builder::new()
            .prefix(DRAFT_PREFIX)
            .tempdir_in(&tmp)
            .on("create a directory in", &tmp)?
            .keep();
        Ok(Self {
            _kept: kept,
            folder,
            published: false,
        })
    }

    /// The folder for the files.
    pub fn diff(&self) -> PathBuf {
        self.folder.join(DIFF)
    }

    /// The layer's folder, which contains `diff`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the layer visible and returns its description. If the layer already exists, it stays and this draft is
    /// dropped; but this draft replaces one that a power cut has damaged.
    pub fn publish(mut self, home: &Home, mut layer: Layer) -> Result<Layer> {
        layer.census = Census::of_layer(&self.folder)?;
        atomic::write_json(&self.folder.join(DESCRIPTION), &layer, Durability::Cached)?;
        open_to_all(&self.folder)?;
        let layers = home.layers();
        if !layers.is_dir() {
            create_private_dir(&layers)?;
        }
        let target = path(home, &layer.chain);
        match fs::rename(&self.folder, &target) {
            Ok(()) => self.published = true,
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists
                ) =>
            {
                if !exists(home, &layer.chain) {
                    exchange(&self.folder, &target)?;
                }
            }
            Err(error) => return Err(error).on("rename", &target),
        }
        Ok(layer)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.published {
            // If this fails, it is swept later.
            let _ = remove_tree(&self.folder);
        }
    }
}

/// Removes a layer that nothing needs; a missing one is not an error. It disappears at once and is deleted afterwards.
pub fn remove(home: &Home, chain: &str) -> Result<()> {
    let (path, gone) = (
        path(home, chain),
        home.content_tmp().join(format!("{GONE_PREFIX}{chain}")),
    );
    match path.exists() {
        true => remove_tree(&throw_away(&path, &path.join(DESCRIPTION), gone)?),
        false => Ok(()),
    }
}

/// Exchanges the names of two folders in one step.
fn exchange(one: &Path, other: &Path) -> Result<()> {
    rustix::fs::renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)
        .map_err(std::io::Error::from)
        .on("replace", other)
}

/// The top layer's folder becomes the container's root folder, so all its users must be able to enter it.
fn open_to_all(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).on("change the mode of", folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths::testing::world;

    fn make(home: &Home, text: &str) -> Layer {
        let draft = Draft::new(home).unwrap();
        fs::write(draft.diff().join("f"), text).unwrap();
        let layer = Layer::new(Digest::of(b"the same"), None);
        draft.publish(home, layer).unwrap()
    }

    #[test]
    fn the_second_builder_of_a_layer_finds_it() {
        let (_folder, home, _) = world();
        let layer = make(&home, "first");
        make(&home, "second");
        let file = diff(&home, &layer.chain).join("f");
        assert_eq!(fs::read_to_string(file).unwrap(), "first");
        assert_eq!(fs::read_dir(home.content_tmp()).unwrap().count(), 0);
        assert_eq!(read(&home, &layer.chain).unwrap(), layer);
        assert_eq!(list(&home).unwrap(), std::slice::from_ref(&layer.chain));
        remove(&home, &layer.chain).unwrap();
        assert!(!exists(&home, &layer.chain));
        assert_eq!(
            read(&home, &layer.chain).unwrap_err().kind(),
            crate::ErrorKind::NotFound
        );
    }

    #[test]
    fn a_dropped_draft_leaves_nothing() {
        let (_folder, home, _) = world();
        drop(Draft::new(&home).unwrap());
        assert_eq!(fs::read_dir(home.content_tmp()).unwrap().count(), 0);
    }

    #[test]
    fn chain_ids_name_a_layer_with_its_parents() {
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
        let both = chain(&[a.clone(), b.clone()]);
        assert_eq!(both[0], chain_id(None, &a));
        assert_eq!(both[1], chain_id(Some(&both[0]), &b));
    }
}
