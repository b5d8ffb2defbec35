//! Any bytes as the tar of a layer: unpacked or refused, nothing appears outside of the layer's folder, and a layer that
//! was unpacked gives the same bytes again.
//!
//! Run it as an ordinary user who is root of a user namespace (`unshare --map-root-user`), as the engine is: a hole in
//! what it tests would write files anywhere, and files without permissions must be readable.

#![no_main]

use engine::tree::recipe::{Recipe, replay};
use engine::tree::tar::Reader;
use engine::tree::unpack::{Frame, Limits, unpack};
use libfuzzer_sys::fuzz_target;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fuzz_target!(|bytes: &[u8]| {
    let world = tempfile::tempdir().expect("a folder can be made");
    let canary = world.path().join("canary");
    fs::write(&canary, "canary").expect("a file can be written");
    let layer = world.path().join("layer");
    fs::create_dir_all(layer.join("diff")).expect("a folder can be made");
    let recipe = Recipe::create(&layer).expect("a file can be made");
    let mut reader = Reader::with_frame(bytes, Frame(Some(recipe)));
    let limits = Limits {
        bytes: 1 << 20,
        entries: 256,
    };
    let unpacked = unpack(&mut reader, &layer, &limits);
    if unpacked.is_ok()
        && let Ok(Frame(Some(recipe))) = reader.finish()
    {
        recipe.finish().expect("the recipe can be written");
        let mut again = Vec::new();
        replay(&layer, &mut again).expect("what was unpacked can be packed");
        assert!(again == bytes, "another tar comes out");
    }
    let names: Vec<_> = fs::read_dir(world.path())
        .expect("the folder can be read")
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(fs::read(&canary).expect("the canary lives"), b"canary");
    // Folders without permissions would stay behind.
    open_up(&layer);
});

/// Gives the owner all rights to the folders under `folder`, links not followed.
fn open_up(folder: &Path) {
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}
