//! Folders as the stack shows them.

use super::*;
use crate::sys::namespace::in_user_namespace;
use rustix::fs::{XattrFlags, setxattr};
use std::fs;
use std::os::unix::fs::symlink;

/// Two layers: `d/{a,b}`, `gone`, `etc -> d`, `abs -> /d`, `out -> ../../..`; above it a new `d/b`, and `d/c`.
fn layers() -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let (low, high) = (folder.path().join("low"), folder.path().join("high"));
    fs::create_dir_all(low.join("d")).unwrap();
    fs::create_dir_all(high.join("d")).unwrap();
    for (path, text) in [
        (low.join("d/a"), "a"),
        (low.join("d/b"), "old"),
        (low.join("gone"), "x"),
    ] {
        fs::write(path, text).unwrap();
    }
    symlink("d", low.join("etc")).unwrap();
    symlink("/d", low.join("abs")).unwrap();
    symlink("../../../..", low.join("out")).unwrap();
    symlink("loop", low.join("loop")).unwrap();
    fs::write(high.join("d/b"), "new").unwrap();
    fs::write(high.join("d/c"), "c").unwrap();
    (folder, vec![low, high])
}

fn read(view: &View, path: &str) -> Option<String> {
    use std::io::Read;
    match view.find(Path::new(path), Last::Follow).unwrap()?.node {
        Node::Folder(folder) => {
            let names = folder.names().unwrap().into_iter();
            let names = names.filter(|name| folder.child(name).unwrap().is_some());
            let names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
            Some(names.join(" "))
        }
        Node::File(file) => {
            let mut text = String::new();
            fs::File::from(file.open().unwrap())
                .read_to_string(&mut text)
                .unwrap();
            Some(text)
        }
    }
}

#[test]
fn folders_merge_and_the_upper_file_wins() {
    let (_folder, layers) = layers();
    let view = View::open(&layers).unwrap();
    assert_eq!(read(&view, "d").unwrap(), "a b c");
    assert_eq!(read(&view, "/d/b").unwrap(), "new");
    assert_eq!(read(&view, "d/a").unwrap(), "a");
    assert_eq!(read(&view, "nothing"), None);
}

#[test]
fn links_stay_inside_the_root() {
    let (_folder, layers) = layers();
    let view = View::open(&layers).unwrap();
    assert_eq!(read(&view, "etc/a").unwrap(), "a");
    assert_eq!(read(&view, "abs/c").unwrap(), "c");
    assert_eq!(read(&view, "out/d/a").unwrap(), "a");
    assert_eq!(read(&view, "../../d/a").unwrap(), "a");
    assert!(view.find(Path::new("loop"), Last::Follow).is_err());
    let kept = view.find(Path::new("etc"), Last::Keep).unwrap().unwrap();
    assert!(matches!(kept.node, Node::File(_)));
}

#[test]
fn paths_that_do_not_exist_yet_are_resolved_too() {
    let (_folder, layers) = layers();
    let view = View::open(&layers).unwrap();
    for (path, real) in [
        ("/abs/x/y", "d/x/y"),
        ("etc", "d"),
        ("/", ""),
        ("new/../d", "d"),
        ("/out/etc/./z", "d/z"),
    ] {
        assert_eq!(
            view.resolve(Path::new(path)).unwrap(),
            Path::new(real),
            "{path}"
        );
    }
}

#[test]
fn whiteouts_and_opaque_folders_hide_what_is_below() {
    let (_folder, layers) = layers();
    let made = rustix::fs::mknodat(
        rustix::fs::CWD,
        layers[1].join("gone"),
        FileType::CharacterDevice,
        Mode::empty(),
        0,
    );
    let view = View::open(&layers).unwrap();
    if made.is_ok() {
        assert_eq!(read(&view, "gone"), None);
        assert!(!read(&view, "/").unwrap().contains("gone"));
    }
    let high = rustix::fs::open(&layers[1], folder_flags(), Mode::empty()).unwrap();
    if Marks::detect().set_opaque(high, b"d").is_ok() {
        assert_eq!(read(&view, "d").unwrap(), "b c");
    }
}

#[test]
fn a_mark_that_overlayfs_would_not_read_here_hides_nothing() {
    let (_folder, layers) = layers();
    let foreign = match rustix::process::geteuid().is_root() && !in_user_namespace() {
        true => "user.overlay.opaque",
        false => "trusted.overlay.opaque",
    };
    let marked = setxattr(layers[1].join("d"), foreign, b"y", XattrFlags::empty());
    let view = View::open(&layers).unwrap();
    if marked.is_ok() {
        assert_eq!(read(&view, "d").unwrap(), "a b c");
    }
}

#[test]
fn no_layer_at_all_is_an_empty_root() {
    let view = View::open(&[]).unwrap();
    assert_eq!(read(&view, "/").unwrap(), "");
    assert_eq!(read(&view, "x"), None);
}
