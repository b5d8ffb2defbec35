//! Whether a layer is complete on disk.
//!
//! **Kernel feature.** A written file is in memory first, and on disk some 30 seconds later. After a power cut, ext4
//! may have its name with length 0. `syncfs(2)` returns when a whole file system is on disk.
//! **What Docker does.** Nothing: a layer that a power cut has emptied stays empty. **What we do.** Before an image is
//! recorded, everything it needs is synced to disk once ([`settle`]), and only then its layers are marked. The files of
//! a layer without the mark are counted and compared with the counts from when it was built; one that differs counts as
//! missing and is built again. So using a marked layer costs one `stat(2)`.
//! **Try it.** `ls ~/.local/share/docklings/content/layers/*`: the empty file `on-disk` is the mark.

use super::layers;
use crate::error::{IoContext, Result};
use crate::paths::Home;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The mark, within a layer's folder.
const MARK: &str = "on-disk";

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
            if entry.file_name() != layers::DESCRIPTION && entry.file_name() != MARK {
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

/// Whether the layer is complete.
pub fn is_whole(home: &Home, chain: &str) -> bool {
    is_marked(home, chain) || is_counted_whole(home, chain)
}

/// Whether the layer is known to be on disk.
fn is_marked(home: &Home, chain: &str) -> bool {
    layers::path(home, chain).join(MARK).exists()
}

/// The same without trusting the mark, for callers that have time to count every file.
pub fn is_counted_whole(home: &Home, chain: &str) -> bool {
    let Ok(layer) = layers::read(home, chain) else {
        return false;
    };
    match (layer.census, Census::of_layer(&layers::path(home, chain))) {
        // A layer of an earlier version and a folder that cannot be listed prove nothing.
        (None, Ok(_)) | (_, Ok(None)) => true,
        (Some(made), Ok(Some(found))) => made == found,
        (_, Err(_)) => false,
    }
}

/// Removes the mark, so that the layer is counted again.
pub fn doubt(home: &Home, chain: &str) -> Result<()> {
    let mark = layers::path(home, chain).join(MARK);
    match fs::remove_file(&mark) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).on("remove", &mark),
        _ => Ok(()),
    }
}

/// Syncs the home to disk if a layer there is not marked, and marks the complete layers. Call it before a record that
/// must survive names a layer, with the content lock held.
pub fn settle(home: &Home) -> Result<()> {
    let mut new = layers::list(home)?;
    new.retain(|chain| !is_marked(home, chain));
    if new.is_empty() {
        return Ok(());
    }
    sync(home)?;
    for chain in new.iter().filter(|chain| is_counted_whole(home, chain)) {
        // A layer that cannot be marked is counted again next time.
        let _ = File::create(layers::path(home, chain).join(MARK));
    }
    Ok(())
}

/// Syncs everything written in the home so far.
pub fn sync(home: &Home) -> Result<()> {
    File::open(home.root())
        .and_then(|folder| Ok(rustix::fs::syncfs(folder)?))
        .on("write", home.root())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::digest::Digest;
    use layers::{Draft, Layer};

    struct World {
        _folder: tempfile::TempDir,
        home: Home,
    }

    impl World {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let home = Home::new(folder.path(), folder.path().join("run"));
            Self {
                _folder: folder,
                home,
            }
        }

        fn layer(&self, text: &str) -> Layer {
            let draft = Draft::new(&self.home).unwrap();
            fs::create_dir_all(draft.diff().join("a/b")).unwrap();
            fs::write(draft.diff().join("a/b/file"), text).unwrap();
            fs::write(draft.folder().join(layers::RECIPE), "recipe").unwrap();
            let layer = Layer::new(Digest::of(b"x"), None);
            draft.publish(&self.home, layer).unwrap()
        }
    }

    #[test]
    fn a_layer_that_lost_bytes_files_or_its_description_is_not_whole() {
        let damages: [fn(&Path); 5] = [
            |layer| fs::write(layer.join("diff/a/b/file"), "").unwrap(),
            |layer| fs::remove_file(layer.join("diff/a/b/file")).unwrap(),
            |layer| fs::write(layer.join("recipe"), "").unwrap(),
            |layer| fs::write(layer.join(layers::DESCRIPTION), "").unwrap(),
            |layer| fs::remove_file(layer.join(layers::DESCRIPTION)).unwrap(),
        ];
        for damage in damages {
            let world = World::new();
            let layer = world.layer("text");
            assert!(is_whole(&world.home, &layer.chain));
            damage(&layers::path(&world.home, &layer.chain));
            assert!(!is_whole(&world.home, &layer.chain));
            settle(&world.home).unwrap();
            assert!(!is_whole(&world.home, &layer.chain));
            // The rebuilt layer replaces it.
            world.layer("text");
            assert!(is_whole(&world.home, &layer.chain));
            assert_eq!(fs::read_dir(world.home.content_tmp()).unwrap().count(), 0);
        }
    }

    #[test]
    fn a_settled_layer_is_trusted_until_doubted() {
        let world = World::new();
        let layer = world.layer("text");
        settle(&world.home).unwrap();
        let file = layers::diff(&world.home, &layer.chain).join("a/b/file");
        fs::write(file, "").unwrap();
        assert!(is_whole(&world.home, &layer.chain));
        assert!(!is_counted_whole(&world.home, &layer.chain));
        doubt(&world.home, &layer.chain).unwrap();
        assert!(!is_whole(&world.home, &layer.chain));
    }
}
