//! Whether a layer is complete on disk.
//!
//! **Kernel feature.** A written file is in memory first, and on disk some 30 seconds later. After a power cut, ext4
//! may have its name with length 0. `syncfs(2)` returns when a whole file system is on disk.
//! **What Docker does.** Nothing: a layer that a power cut has emptied stays empty. **What we do.** Before an image is
//! recorded, everything it needs is synced to disk once ([`settle`]), and only then its layers are marked. The files of
//! a layer without the mark are counted and compared with the counts from when it was built; one that differs counts as
//! missing and is built again. So using a marked layer costs one `stat(2)`.
//! **Try it.** `ls ~/.local/share/docklings/content/layers/*`: the empty file `on-disk` is the mark.

use super::layers::{self, MARK};
use crate::error::{IoContext, Result};
use crate::paths::Home;
use std::fs::{self, File};
use std::io::ErrorKind;

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
    new.retain(|chain| !layers::is_marked(home, chain));
    if new.is_empty() {
        return Ok(());
    }
    sync(home)?;
    for chain in new
        .iter()
        .filter(|chain| layers::is_counted_whole(home, chain))
    {
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
    use std::path::Path;

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
            assert!(layers::is_whole(&world.home, &layer.chain));
            damage(&layers::path(&world.home, &layer.chain));
            assert!(!layers::is_whole(&world.home, &layer.chain));
            settle(&world.home).unwrap();
            assert!(!layers::is_whole(&world.home, &layer.chain));
            // The rebuilt layer replaces it.
            world.layer("text");
            assert!(layers::is_whole(&world.home, &layer.chain));
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
        assert!(layers::is_whole(&world.home, &layer.chain));
        assert!(!layers::is_counted_whole(&world.home, &layer.chain));
        doubt(&world.home, &layer.chain).unwrap();
        assert!(!layers::is_whole(&world.home, &layer.chain));
    }
}
