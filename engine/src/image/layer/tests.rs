//! Each way to make a layer gives the same layer.

use super::*;
use crate::paths::testing::world;
use crate::tree::tar::{Entry, EntryKind, Writer};
use crate::tree::unpack::Limits;
use flate2::write::GzEncoder;
use std::fs;
use std::os::unix::fs::symlink;

fn foreign_tar() -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    // Not sorted, so repacking it would give a different tar.
    writer.append_bytes("z", 0o644, b"z").unwrap();
    let mut owned = Entry::new("d/", EntryKind::Directory, 0o755);
    (owned.uid, owned.gid) = (1000, 1000);
    writer.append(&owned, io::empty()).unwrap();
    writer.append_bytes("d/f", 0o600, &[7; 5000]).unwrap();
    writer.append_bytes("d/.wh.x", 0o600, b"").unwrap();
    writer.finish().unwrap()
}

fn upper(folder: &Path) -> PathBuf {
    let upper = folder.join("upper");
    fs::create_dir_all(upper.join("d/e")).unwrap();
    fs::write(upper.join("d/f"), "hello").unwrap();
    fs::hard_link(upper.join("d/f"), upper.join("d/e/g")).unwrap();
    symlink("nowhere", upper.join("link")).unwrap();
    let top = rustix::fs::open(&upper, rustix::fs::OFlags::PATH, rustix::fs::Mode::empty());
    crate::tree::marks::make_whiteout(top.unwrap(), b"gone").unwrap();
    upper
}

fn tar_of(home: &Home, layer: &Layer) -> Vec<u8> {
    let mut tar = Vec::new();
    write_tar(home, layer, &mut tar).unwrap();
    tar
}

fn leftovers(home: &Home) -> usize {
    fs::read_dir(home.content_tmp()).unwrap().count()
}

#[test]
fn a_foreign_layer_gives_back_its_exact_bytes_also_on_another_parent() {
    let (_folder, home, _) = world();
    let tar = foreign_tar();
    let layer = import(&home, tar.as_slice(), None, Some(&Digest::of(&tar))).unwrap();
    assert_eq!((layer.size, layer.tar_size), (5001, tar.len() as u64));
    assert_eq!(tar_of(&home, &layer), tar);
    let again = copy_layer(&home, &layer, Some(&layer.chain)).unwrap();
    assert_eq!(again.diff_id, layer.diff_id);
    assert_eq!(tar_of(&home, &again), tar);
    assert_eq!(
        chain_of(&home, &again.chain).unwrap(),
        [layer.chain, again.chain]
    );
    assert_eq!(leftovers(&home), 0);
}

#[test]
fn a_compressed_layer_has_the_digest_of_its_plain_tar() {
    let (_folder, home, _) = world();
    let tar = foreign_tar();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&tar).unwrap();
    let gzip = encoder.finish().unwrap();
    let layer = import(&home, gzip.as_slice(), None, None).unwrap();
    assert_eq!(layer.diff_id, Digest::of(&tar));
}

#[test]
fn a_wrong_digest_or_a_cut_stream_leaves_nothing() {
    let (_folder, home, _) = world();
    let tar = foreign_tar();
    let error = import(&home, tar.as_slice(), None, Some(&Digest::of(b"other"))).unwrap_err();
    assert!(
        error
            .message()
            .starts_with("invalid diffID for layer: expected")
    );
    assert!(import(&home, &tar[..1000], None, None).is_err());
    assert_eq!(leftovers(&home), 0);
    assert!(layers::list(&home).unwrap().is_empty());
}

#[test]
fn adopting_and_copying_a_folder_give_the_same_layer() {
    let (folder, home, _) = world();
    let upper = upper(folder.path());
    let copied = copy(&home, &[], &upper).unwrap().unwrap();
    let packed_again = tar_of(&home, &copied);
    assert_eq!(Digest::of(&packed_again), copied.diff_id);
    let adopted = adopt(&home, std::slice::from_ref(&copied.chain), &upper).unwrap();
    assert_eq!(adopted.diff_id, copied.diff_id);
    assert_eq!(tar_of(&home, &adopted), packed_again);
    assert!(!upper.exists());
    let staged = stage(
        &home,
        packed_again.as_slice(),
        Origin::Ours,
        &Limits::default(),
    )
    .unwrap();
    assert_eq!(staged.place(&home, None).unwrap(), copied);
}

#[test]
fn changed_files_are_noticed_before_they_leave() {
    let (folder, home, _) = world();
    let layer = adopt(&home, &[], &upper(folder.path())).unwrap();
    fs::write(layers::diff(&home, &layer.chain).join("d/f"), "HELLO").unwrap();
    let error = write_tar(&home, &layer, io::sink()).unwrap_err();
    assert!(error.message().contains("is damaged"));
}

#[test]
fn a_bomb_in_the_headers_or_behind_the_end_is_refused_and_leaves_nothing() {
    let (_folder, home, _) = world();
    let limits = Limits {
        bytes: 1000,
        entries: 4,
    };
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let mut behind = foreign_tar();
    behind.truncate(1024);
    behind.resize(100_000, 0);
    let mut long = Entry::new("f", EntryKind::File, 0o644);
    long.xattrs = vec![(b"user.x".to_vec(), vec![b'x'; 60_000])];
    let mut writer = Writer::new(Vec::new());
    writer.append(&long, io::empty()).unwrap();
    let headers = writer.finish().unwrap();
    for tar in [behind, headers] {
        for origin in [Origin::Foreign, Origin::Ours] {
            let staged = stage(&home, gzip(&tar).as_slice(), origin, &limits);
            let error = staged.err().unwrap().to_string();
            assert_eq!(error, "a layer of more than 17384 bytes is refused");
            assert_eq!(leftovers(&home), 0);
        }
    }
}

#[test]
fn a_packed_layer_is_the_same_blob_each_time() {
    let (_folder, home, _) = world();
    let layer = import(&home, foreign_tar().as_slice(), None, None).unwrap();
    let form = pack_gzip(&home, &layer, "gzip").unwrap();
    let blob = blobs::read(&home, &form.digest).unwrap();
    assert_eq!(
        (Digest::of(&blob), blob.len() as u64),
        (form.digest.clone(), form.size)
    );
    assert_eq!(Digest::of(&unpacked(&blob)), layer.diff_id);
    assert_eq!(
        pack_gzip(&home, &layer, "gzip").unwrap().digest,
        form.digest
    );
    assert_eq!(distribution::forms(&home, &layer.diff_id), [form]);
    assert_eq!(leftovers(&home), 0);
}

fn unpacked(blob: &[u8]) -> Vec<u8> {
    let mut tar = Vec::new();
    decompress(blob).unwrap().read_to_end(&mut tar).unwrap();
    tar
}
