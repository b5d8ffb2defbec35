//! ADD of archives.

use super::*;
use crate::tree::tar::{Entry, EntryKind, Writer};

fn link(path: &str, kind: EntryKind, target: &str) -> Entry {
    let mut entry = Entry::new(path, kind, 0o755);
    entry.link = target.into();
    entry
}

#[test]
fn archives_are_unpacked_by_add_and_not_by_copy() {
    let world = World::new();
    let mut tar = Writer::new(Vec::new());
    tar.append_bytes("d/f", 0o640, b"inside").unwrap();
    fs::write(world.path("x.tar"), tar.finish().unwrap()).unwrap();
    world.write("plain", "text");
    world
        .build("FROM scratch\nADD x.tar plain /a/\nCOPY x.tar /b/\nADD --unpack=false x.tar /c/\n");
    assert_eq!(world.read("a/d/f"), "inside");
    assert_eq!(world.read("a/plain"), "text");
    let image = resolve::find(&world.home, &world.sandbox, "t").unwrap();
    let top = |index: usize| layers::diff(&world.home, &image.chain[index]);
    assert!(top(1).join("b/x.tar").is_file() && top(2).join("c/x.tar").is_file());
}

#[test]
fn what_is_in_an_archive_goes_where_links_of_the_image_lead_inside_its_root() {
    let world = World::new();
    let mut tar = Writer::new(Vec::new());
    for entry in [
        Entry::new("run/", EntryKind::Directory, 0o750),
        Entry::new("var/", EntryKind::Directory, 0o755),
        link("var/run", EntryKind::Symlink, "/run"),
        link("var/up", EntryKind::Symlink, "../../../../run"),
        link("var/file", EntryKind::Symlink, "/run/x"),
    ] {
        tar.append(&entry, std::io::empty()).unwrap();
    }
    tar.append_bytes("run/x", 0o644, b"").unwrap();
    fs::write(world.path("root.tar"), tar.finish().unwrap()).unwrap();

    let mut tar = Writer::new(Vec::new());
    for path in ["var/", "var/run/", "var/run/d/", "var/up/"] {
        tar.append(
            &Entry::new(path, EntryKind::Directory, 0o700),
            std::io::empty(),
        )
        .unwrap();
    }
    tar.append_bytes("var/run/d/f", 0o640, b"inside").unwrap();
    let second = link("var/run/d/g", EntryKind::HardLink, "var/run/d/f");
    tar.append(&second, std::io::empty()).unwrap();
    tar.append_bytes("var/up/h", 0o640, b"up").unwrap();
    tar.append_bytes("var/z", 0o640, b"beside").unwrap();
    fs::write(world.path("more.tar"), tar.finish().unwrap()).unwrap();

    world.build("FROM scratch\nADD root.tar /\nADD more.tar /\n");
    for (path, text) in [
        ("run/d/f", "inside"),
        ("run/d/g", "inside"),
        ("run/h", "up"),
        ("var/z", "beside"),
    ] {
        assert_eq!(world.read(path), text, "{path}");
    }

    // A directory cannot be placed on a link that does not lead to a directory.
    let mut tar = Writer::new(Vec::new());
    tar.append_bytes("var/file/x", 0o640, b"").unwrap();
    fs::write(world.path("more.tar"), tar.finish().unwrap()).unwrap();
    let error = world.error("FROM scratch\nADD root.tar /\nADD more.tar /\n");
    assert!(
        error
            .to_string()
            .contains("cannot copy to non-directory: /var/file"),
        "{error}"
    );
}
