//! Hostile layers: none reaches anything outside its folder.

use super::*;
use crate::tree::owners;
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// The layer is refused with a message that contains `reason`, and nothing is made outside it.
fn refused(entries: &[(Entry, &str)], reason: &str) {
    let world = World::new(entries);
    let error = world.result.as_ref().unwrap_err();
    assert!(error.to_string().contains(reason), "{error}");
    assert_eq!(world.outside(), ["layer"]);
}

/// The layer is unpacked, `path` exists in it, and nothing is made outside it.
fn contained(entries: &[(Entry, &str)], path: &str) {
    let world = World::new(entries);
    world.result.as_ref().unwrap();
    assert!(world.diff().join(path).symlink_metadata().is_ok(), "{path}");
    assert_eq!(world.outside(), ["layer"]);
}

#[test]
fn dots_that_lead_out_are_refused_and_others_are_folded() {
    refused(&[(file("../evil"), "x")], "leads out of the image");
    refused(&[(file("a/../../evil"), "x")], "leads out of the image");
    refused(
        &[(link("h", EntryKind::HardLink, "../../etc/passwd"), "")],
        "leads out",
    );
    contained(&[(file("a/b/../../ok"), "x")], "ok");
}

#[test]
fn absolute_names_stay_inside() {
    contained(&[(file("/abs/f"), "x")], "abs/f");
    contained(&[(file("//abs"), "x")], "abs");
}

#[test]
fn a_link_and_then_a_file_through_it_stays_inside() {
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().to_str().unwrap();
    let absolute = link("out", EntryKind::Symlink, target);
    refused(
        &[(absolute.clone(), ""), (file("out/evil"), "x")],
        "is not a directory",
    );
    let climbing = link("up", EntryKind::Symlink, "../../../../../../..");
    contained(&[(climbing, ""), (file("up/evil"), "x")], "evil");
    contained(
        &[
            (dir("real"), ""),
            (link("l", EntryKind::Symlink, "/real"), ""),
            (file("l/f"), "x"),
        ],
        "real/f",
    );
    // The last component is replaced, not followed.
    let secret = outside.path().join("secret");
    fs::write(&secret, "secret").unwrap();
    let direct = link("f", EntryKind::Symlink, secret.to_str().unwrap());
    contained(&[(direct.clone(), ""), (file("f"), "x")], "f");
    contained(&[(direct.clone(), ""), (dir("f"), "")], "f");
    assert_eq!(fs::read_to_string(&secret).unwrap(), "secret");
}

#[test]
fn a_mode_is_never_set_through_a_link() {
    let outside = tempfile::tempdir().unwrap();
    fs::set_permissions(outside.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let target = outside.path().to_str().unwrap();
    // A folder whose mode is set at the end is replaced by a link, under another of its names.
    let world = World::new(&[
        (dir("real"), ""),
        (link("alias", EntryKind::Symlink, "real"), ""),
        (entry("alias/d", EntryKind::Directory, 0o777), ""),
        (link("real/d", EntryKind::Symlink, target), ""),
    ]);
    world.result.as_ref().unwrap();
    let mode = fs::metadata(outside.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_hard_link_reaches_only_what_the_layer_holds() {
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret");
    fs::write(&secret, "secret").unwrap();
    let to = |target: &str| link("h", EntryKind::HardLink, target);
    refused(&[(to(secret.to_str().unwrap()), "")], "not in this layer");
    refused(&[(to(""), "")], "not in this layer");
    refused(&[(to("/"), "")], "not in this layer");
    refused(&[(dir("d"), ""), (to("d"), "")], "not in this layer");
    refused(&[(file("h"), "x"), (to("h"), "")], "not in this layer");
    // A hard link to a symbolic link is a second name of that link, not of its target.
    let soft = link("s", EntryKind::Symlink, secret.to_str().unwrap());
    contained(&[(soft.clone(), ""), (to("s"), "")], "h");
    let folder = link("s", EntryKind::Symlink, outside.path().to_str().unwrap());
    refused(&[(folder, ""), (to("s/secret"), "")], "not in this layer");
}

#[test]
fn whiteouts_that_name_nothing_are_refused() {
    refused(&[(file(".wh."), "")], "invalid whiteout");
    refused(&[(file("d/.wh.."), "")], "invalid whiteout");
    refused(&[(file("d/.wh..."), "")], "invalid whiteout");
    refused(&[(file("d/.wh.x/f"), "")], "lies in a whiteout");
}

#[test]
fn overlayfs_marks_cannot_be_smuggled_in() {
    let mut mark = dir("d");
    mark.xattrs = ["user.overlay.opaque", "trusted.overlay.opaque"]
        .map(|name| (name.as_bytes().to_vec(), b"y".to_vec()))
        .to_vec();
    let world = World::new(&[(mark, ""), (entry("w", EntryKind::CharDevice, 0), "")]);
    world.result.as_ref().unwrap();
    assert!(!world.diff().join("w").exists());
    let folder = rustix::fs::open(
        world.diff(),
        rustix::fs::OFlags::PATH,
        rustix::fs::Mode::empty(),
    );
    assert!(owners::xattrs(folder.unwrap(), b"d").unwrap().is_empty());
}

#[test]
fn the_root_of_the_image_cannot_become_something_else() {
    for kind in [EntryKind::File, EntryKind::Symlink, EntryKind::Fifo] {
        refused(&[(link("a/..", kind, "/etc"), "")], "replace the root");
    }
}

#[test]
fn paths_of_monstrous_length_and_depth_are_refused() {
    refused(&[(file(&"x/".repeat(2100)), "")], "too long");
    refused(&[(file(&"x/".repeat(600)), "")], "too long");
    let world = World::new(&[(file(&"n".repeat(256)), "")]);
    assert!(world.result.is_err());
}

#[test]
fn more_bytes_or_entries_than_allowed_are_refused() {
    let tar = World::new(&[(file("a"), "12345"), (file("b"), "12345")]).tar;
    let check = |bytes, entries, reason: &str| {
        let world = World::of(tar.clone(), &Limits { bytes, entries });
        assert!(
            world
                .result
                .as_ref()
                .unwrap_err()
                .to_string()
                .contains(reason)
        );
    };
    check(9, 10, "more than 9 bytes");
    check(10, 1, "more than 1 entries");
    assert!(
        World::of(
            tar.clone(),
            &Limits {
                bytes: 10,
                entries: 2
            }
        )
        .result
        .is_ok()
    );
}

fn names() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("a".to_owned()),
        Just("b".to_owned()),
        Just("..".to_owned()),
        Just(".".to_owned()),
        Just(".wh.a".to_owned()),
        Just(".wh..wh..opq".to_owned()),
    ];
    (any::<bool>(), proptest::collection::vec(part, 1..4)).prop_map(|(absolute, parts)| {
        format!("{}{}", if absolute { "/" } else { "" }, parts.join("/"))
    })
}

fn entries() -> impl Strategy<Value = Entry> {
    let kind = prop_oneof![
        Just(EntryKind::File),
        Just(EntryKind::Directory),
        Just(EntryKind::Symlink),
        Just(EntryKind::HardLink),
        Just(EntryKind::Fifo),
    ];
    let target = prop_oneof![
        names(),
        Just("../../sentinel".to_owned()),
        Just("../..".to_owned())
    ];
    (names(), kind, target).prop_map(|(path, kind, target)| link(&path, kind, &target))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// `outside()` lists the folder around `layer`, which is `../..` from `diff`.
    #[test]
    fn nothing_is_ever_made_outside_of_the_folder(list in proptest::collection::vec(entries(), 1..12)) {
        let list: Vec<_> = list.iter().map(|entry| (entry.clone(), "")).collect();
        let world = World::new(&list);
        prop_assert_eq!(world.outside(), ["layer"]);
        let beside: Vec<_> = fs::read_dir(world.diff().parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !matches!(name.as_str(), "diff" | "recipe" | "aside"))
            .collect();
        prop_assert!(beside.is_empty(), "{beside:?}");
    }
}
