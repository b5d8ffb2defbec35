//! Packing writes what the folder holds, and always the same bytes.

use super::*;
use crate::tree::marks::make_whiteout;
use crate::tree::tar::Reader;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

fn names(tar: &[u8]) -> Vec<String> {
    let mut reader = Reader::new(tar);
    let mut names = Vec::new();
    while let Some(entry) = reader.next_entry().unwrap() {
        names.push(String::from_utf8(entry.path).unwrap());
    }
    names
}

fn packed(upper: &Path, lowers: &[PathBuf]) -> Vec<u8> {
    let mut tar = Vec::new();
    pack(upper, lowers, &mut tar).unwrap();
    tar
}

struct World(tempfile::TempDir);

impl World {
    fn new() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(world.path("low/old")).unwrap();
        fs::create_dir_all(world.path("up/d")).unwrap();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn folder(&self, name: &str) -> OwnedFd {
        open_top(&self.path(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        names(&packed(&self.path("up"), &[self.path("low")]))
    }
}

#[test]
fn entries_are_sorted_and_deletions_come_first() {
    let world = World::new();
    for name in ["b", "a", "d/z", "d-x"] {
        fs::write(world.path("up").join(name), "x").unwrap();
    }
    make_whiteout(world.folder("up"), b"gone").unwrap();
    make_whiteout(world.folder("up/d"), b"zz").unwrap();
    assert_eq!(
        world.names(),
        [".wh.gone", "a", "b", "d/", "d/.wh.zz", "d/z", "d-x"]
    );
}

#[test]
fn only_a_directory_that_was_there_before_hides_something() {
    let world = World::new();
    fs::create_dir(world.path("up/old")).unwrap();
    for name in ["d", "old"] {
        Marks::detect()
            .set_opaque(world.folder("up"), name.as_bytes())
            .unwrap();
    }
    assert_eq!(world.names(), ["d/", "old/", "old/.wh..wh..opq"]);
}

#[test]
fn sockets_and_names_that_a_layer_cannot_hold_are_left_out() {
    let world = World::new();
    let _listener = UnixListener::bind(world.path("up/socket")).unwrap();
    fs::write(world.path("up/.wh.x"), "x").unwrap();
    assert_eq!(world.names(), ["d/"]);
}

#[test]
fn hard_links_stay_one_file_and_symbolic_links_are_not_followed() {
    let world = World::new();
    fs::write(world.path("up/d/f"), "hello").unwrap();
    fs::hard_link(world.path("up/d/f"), world.path("up/z")).unwrap();
    symlink("/etc/passwd", world.path("up/s")).unwrap();
    let tar = packed(&world.path("up"), &[]);
    let mut reader = Reader::new(tar.as_slice());
    let mut found = Vec::new();
    while let Some(entry) = reader.next_entry().unwrap() {
        found.push((entry.kind, String::from_utf8(entry.link).unwrap()));
    }
    let text = str::to_owned;
    assert_eq!(
        found,
        [
            (EntryKind::Directory, text("")),
            (EntryKind::File, text("")),
            (EntryKind::Symlink, text("/etc/passwd")),
            (EntryKind::HardLink, text("d/f")),
        ]
    );
}

#[test]
fn access_and_parts_of_a_second_make_no_difference() {
    let world = World::new();
    let file = world.path("up/f");
    fs::write(&file, "x").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o4711)).unwrap();
    let set = |nanoseconds| {
        let time = std::time::UNIX_EPOCH + std::time::Duration::new(1_000_000, nanoseconds);
        let handle = fs::File::options().write(true).open(&file).unwrap();
        handle.set_modified(time).unwrap();
    };
    set(1);
    let first = packed(&world.path("up"), &[]);
    set(999_999_999);
    fs::read(&file).unwrap();
    assert_eq!(packed(&world.path("up"), &[]), first);
}
