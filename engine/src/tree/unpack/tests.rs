//! Well-formed layers are unpacked correctly.

mod attacks;

use super::*;
use crate::tree::owners;
use crate::tree::recipe;
use crate::tree::tar::Writer;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

/// A layer's folder with the unpacked `entries`, and the tar.
pub(super) struct World {
    folder: tempfile::TempDir,
    pub(super) tar: Vec<u8>,
    pub(super) result: Result<Unpacked>,
}

impl World {
    pub(super) fn new(entries: &[(Entry, &str)]) -> Self {
        let mut writer = Writer::new(Vec::new());
        for (entry, content) in entries {
            let mut entry = entry.clone();
            entry.size = content.len() as u64;
            writer.append(&entry, content.as_bytes()).unwrap();
        }
        Self::of(writer.finish().unwrap(), &Limits::default())
    }

    pub(super) fn of(tar: Vec<u8>, limits: &Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let layer = folder.path().join("layer");
        fs::create_dir_all(layer.join(DIFF)).unwrap();
        let frame = Frame(Some(Recipe::create(&layer).unwrap()));
        let mut reader = Reader::with_frame(tar.as_slice(), frame);
        let result = unpack(&mut reader, &layer, limits);
        let recipe = reader.frame().0.take();
        if result.is_ok() {
            recipe.unwrap().finish().unwrap();
        }
        Self {
            folder,
            tar,
            result,
        }
    }

    pub(super) fn diff(&self) -> PathBuf {
        self.folder.path().join("layer/diff")
    }

    /// Everything beside `diff`, which a layer must not reach.
    pub(super) fn outside(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn stat(&self, path: &str) -> fs::Metadata {
        fs::symlink_metadata(self.diff().join(path)).unwrap()
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.diff().join(path)).unwrap()
    }

    fn is_hidden(&self, path: &str) -> bool {
        let stat = self.stat(path);
        stat.file_type().is_char_device() && stat.rdev() == 0
    }

    fn is_opaque(&self, path: &str) -> bool {
        Marks::detect().is_opaque(fs::File::open(self.diff().join(path)).unwrap())
    }

    /// The stream as the recipe reproduces it, without the zeros after its end.
    fn replayed(&self) -> Vec<u8> {
        let mut stream = Vec::new();
        assert!(recipe::replay(&self.folder.path().join("layer"), &mut stream).unwrap());
        stream
    }
}

pub(super) fn entry(path: &str, kind: EntryKind, mode: u32) -> Entry {
    let mut entry = Entry::new(path, kind, mode);
    entry.mtime = (1_000_000, 0);
    entry
}

pub(super) fn file(path: &str) -> Entry {
    entry(path, EntryKind::File, 0o644)
}

pub(super) fn dir(path: &str) -> Entry {
    entry(path, EntryKind::Directory, 0o755)
}

pub(super) fn link(path: &str, kind: EntryKind, target: &str) -> Entry {
    let mut entry = entry(path, kind, 0o777);
    entry.link = target.into();
    entry
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn files_folders_and_links_come_with_mode_and_time() {
    let world = World::new(&[
        (entry("d/", EntryKind::Directory, 0o1750), ""),
        (entry("d/f", EntryKind::File, 0o4755), "hello"),
        (link("d/hard", EntryKind::HardLink, "/d/f"), ""),
        (link("soft", EntryKind::Symlink, "/etc/passwd"), ""),
        (entry("pipe", EntryKind::Fifo, 0o622), ""),
        (file("implied/deep/f"), "x"),
    ]);
    assert_eq!(world.result.as_ref().unwrap().entries, 6);
    // Six bytes of files, and the eleven bytes of the symbolic link's text.
    assert_eq!(world.result.as_ref().unwrap().size, 17);
    let (folder, file) = (world.stat("d"), world.stat("d/f"));
    assert_eq!(
        (folder.mode() & 0o7777, folder.mtime()),
        (0o1750, 1_000_000)
    );
    assert_eq!((file.mode() & 0o7777, file.mtime()), (0o4755, 1_000_000));
    assert_eq!(world.stat("d/hard").ino(), file.ino());
    assert_eq!(world.stat("soft").mtime(), 1_000_000);
    assert_eq!(
        fs::read_link(world.diff().join("soft")).unwrap(),
        Path::new("/etc/passwd")
    );
    assert!(world.stat("pipe").file_type().is_fifo());
    assert_eq!(world.stat("pipe").mode() & 0o7777, 0o622);
    let implied = world.stat("implied/deep");
    assert_eq!(
        (implied.mode() & 0o7777, implied.mtime()),
        (0o755, 1_000_000)
    );
}

#[test]
fn the_top_folder_has_an_entry_of_its_own() {
    let world = World::new(&[
        (entry("./", EntryKind::Directory, 0o700), ""),
        (file("./f"), ""),
    ]);
    assert_eq!(world.stat("").mode() & 0o7777, 0o700);
    assert_eq!(world.stat("").mtime(), 1_000_000);
}

#[test]
fn a_later_entry_replaces_an_earlier_one_of_any_kind() {
    let world = World::new(&[
        (file("a"), "file"),
        (dir("a"), ""),
        (file("a/x"), "in a"),
        (dir("b"), ""),
        (file("b/x"), "in b"),
        (file("b"), "file"),
        (link("c", EntryKind::Symlink, "b"), ""),
        (file("c"), "c itself"),
        (file("d"), "one"),
        (file("d"), "two"),
    ]);
    world.result.as_ref().unwrap();
    assert_eq!(world.text("a/x"), "in a");
    assert_eq!(world.text("b"), "file");
    assert_eq!(world.text("c"), "c itself");
    assert_eq!(world.text("d"), "two");
    assert_eq!(world.replayed(), world.tar[..world.tar.len() - 512]);
}

#[test]
fn the_recipe_gives_back_the_tar_byte_by_byte() {
    let world = World::new(&[
        (dir("d"), ""),
        (file(&format!("d/{}", "n".repeat(120))), "long name"),
        (file("d/e"), ""),
        (file("d/f"), &"x".repeat(100_000)),
        (link("d/g", EntryKind::HardLink, "d/f"), ""),
        (file("d/.wh.gone"), ""),
    ]);
    world.result.as_ref().unwrap();
    // Only `finish`, which the caller of `unpack` calls, reads the second block of zeros.
    assert_eq!(world.replayed(), world.tar[..world.tar.len() - 512]);
}

#[test]
fn whiteouts_become_overlayfs_marks() {
    let world = World::new(&[
        (dir("d"), ""),
        (file("d/.wh.gone"), ""),
        (file(".wh.also"), ""),
        (file("deep/new/.wh.x"), ""),
        (dir("o"), ""),
        (file("o/.wh..wh..opq"), ""),
        (file("o/kept"), "x"),
        (file(".wh..wh.plnk"), ""),
    ]);
    assert_eq!(world.result.as_ref().unwrap().skipped, 1);
    assert!(world.is_hidden("d/gone") && world.is_hidden("also") && world.is_hidden("deep/new/x"));
    assert!(world.is_opaque("o") && !world.is_opaque("d"));
    assert_eq!(world.text("o/kept"), "x");
    assert!(!world.diff().join(".wh..wh.plnk").exists());
}

#[test]
fn the_order_of_a_whiteout_and_of_what_is_made_anew_does_not_matter() {
    for reversed in [false, true] {
        let mut entries = vec![
            (file(".wh.f"), ""),
            (file("f"), "new"),
            (file(".wh.d"), ""),
            (dir("d"), ""),
            (file(".wh.i"), ""),
            (file("i/in"), ""),
        ];
        if reversed {
            entries.reverse();
        }
        let world = World::new(&entries);
        world.result.as_ref().unwrap();
        assert_eq!(world.text("f"), "new");
        assert!(world.is_opaque("d") && world.is_opaque("i"), "{reversed}");
        assert!(world.diff().join("i/in").is_file());
    }
}

#[test]
fn owners_and_attributes_are_kept_where_the_machine_allows() {
    let mut owned = file("f");
    (owned.uid, owned.gid) = (33, 34);
    owned.xattrs = vec![
        (b"user.x".to_vec(), b"y".to_vec()),
        (b"user.overlay.opaque".to_vec(), b"y".to_vec()),
        (b"trusted.overlay.redirect".to_vec(), b"/".to_vec()),
        (b"security.selinux".to_vec(), b"label".to_vec()),
    ];
    let world = World::new(&[(owned, "")]);
    world.result.as_ref().unwrap();
    let folder = rustix::fs::open(
        world.diff(),
        rustix::fs::OFlags::PATH,
        rustix::fs::Mode::empty(),
    );
    let folder = folder.unwrap();
    let xattrs = owners::xattrs(&folder, b"f").unwrap();
    let stat = world.stat("f");
    assert_eq!(
        Owners::detect().seen((stat.uid(), stat.gid()), &xattrs),
        (33, 34)
    );
    assert_eq!(
        owners::travelling(xattrs),
        [(b"user.x".to_vec(), b"y".to_vec())]
    );
}

#[test]
fn devices_are_made_by_the_machines_root_only() {
    let mut device = entry("null", EntryKind::CharDevice, 0o666);
    device.device = (1, 3);
    let world = World::new(&[(device, "")]);
    let made = is_root() && !in_user_namespace();
    assert_eq!(world.result.as_ref().unwrap().skipped, u64::from(!made));
    assert_eq!(world.diff().join("null").exists(), made);
}
