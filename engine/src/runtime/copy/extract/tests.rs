//! What a tar stream may do to a folder, and what it must not do.

use super::*;
use crate::runtime::copy::pack::pack;
use std::fs;
use tar::{Builder, EntryType, Header};

fn header(kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(size);
    header.set_mtime(1000);
    header.set_uid(0);
    header.set_gid(0);
    header
}

fn raw_entry(tar: &mut Vec<u8>, name: &str, kind: EntryType, link: &str, data: &[u8]) {
    let mut header = header(kind, data.len() as u64);
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_cksum();
    let mut builder = Builder::new(&mut *tar);
    builder.append(&header, data).unwrap();
    // Not finished, so the end mark is missing.
    std::mem::forget(builder);
}

fn unpack(tar: &[u8], folder: &Path) -> Result<u64> {
    extract(tar, None, folder, &Rebase::Keep, Owner::Caller)
}

#[test]
fn names_that_lead_out_are_refused() {
    for name in ["../x", "a/../../x", ".."] {
        let folder = tempfile::tempdir().unwrap();
        let mut tar = Vec::new();
        raw_entry(&mut tar, name, EntryType::Regular, "", b"x");
        assert!(unpack(&tar, folder.path()).is_err(), "{name}");
    }
}

#[test]
fn an_absolute_name_lands_inside() {
    let folder = tempfile::tempdir().unwrap();
    let mut tar = Vec::new();
    raw_entry(&mut tar, "/abs", EntryType::Regular, "", b"x");
    unpack(&tar, folder.path()).unwrap();
    assert!(folder.path().join("abs").is_file());
}

#[test]
fn nothing_is_written_through_a_link() {
    let outside = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let link = outside.path().to_str().unwrap();
    let mut tar = Vec::new();
    raw_entry(&mut tar, "a", EntryType::Symlink, link, b"");
    raw_entry(&mut tar, "a/f", EntryType::Regular, "", b"x");
    assert!(unpack(&tar, folder.path()).is_err());
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    // A link in place of a file is replaced, not followed.
    let secret = outside.path().join("secret");
    fs::write(&secret, "old").unwrap();
    std::os::unix::fs::symlink(&secret, folder.path().join("f")).unwrap();
    let mut tar = Vec::new();
    raw_entry(&mut tar, "f", EntryType::Regular, "", b"new");
    unpack(&tar, folder.path()).unwrap();
    assert_eq!(fs::read_to_string(&secret).unwrap(), "old");
    assert_eq!(fs::read_to_string(folder.path().join("f")).unwrap(), "new");
}

#[test]
fn a_hard_link_cannot_reach_out() {
    let folder = tempfile::tempdir().unwrap();
    for target in ["../../../../../../etc/passwd", "/etc/passwd"] {
        let mut tar = Vec::new();
        raw_entry(&mut tar, "l", EntryType::Link, target, b"");
        assert!(unpack(&tar, folder.path()).is_err(), "{target}");
    }
}

#[test]
fn a_tree_survives_the_way() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let from = tempfile::tempdir().unwrap();
    let source = from.path().join("src");
    fs::create_dir_all(source.join("sub/empty")).unwrap();
    fs::write(source.join("a"), vec![7; 300_000]).unwrap();
    fs::set_permissions(source.join("a"), fs::Permissions::from_mode(0o4751)).unwrap();
    fs::hard_link(source.join("a"), source.join("sub/b")).unwrap();
    std::os::unix::fs::symlink("../a", source.join("sub/l")).unwrap();
    let long = "n".repeat(200);
    fs::write(source.join(&long), "long").unwrap();
    let to = tempfile::tempdir().unwrap();
    let stream = from.path().join("tar");
    let file = fs::File::create(&stream).unwrap();
    let packed = pack(&source, false, false, &[], &file).unwrap();
    let tar = fs::read(&stream).unwrap();
    assert_eq!(packed, tar.len() as u64);
    let rebase = Rebase::To("dst".into());
    let read = extract(&tar[..], None, to.path(), &rebase, Owner::Tar).unwrap();
    assert_eq!(read, packed);
    let target = to.path().join("dst");
    assert_eq!(fs::read(target.join("a")).unwrap(), vec![7; 300_000]);
    assert_eq!(
        fs::metadata(target.join("a")).unwrap().mode() & 0o7777,
        0o4751
    );
    assert_eq!(
        fs::metadata(target.join("a")).unwrap().ino(),
        fs::metadata(target.join("sub/b")).unwrap().ino()
    );
    assert_eq!(
        fs::read_link(target.join("sub/l")).unwrap(),
        Path::new("../a")
    );
    assert_eq!(fs::read_to_string(target.join(&long)).unwrap(), "long");
    assert!(target.join("sub/empty").is_dir());
}

/// Sends `tar` through a socket and unpacks it from there.
fn through_a_socket(tar: &[u8], folder: &Path) -> Result<u64> {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || io::Write::write_all(&mut ours, tar));
        extract(&theirs, Some(&theirs), folder, &Rebase::Keep, Owner::Caller)
    })
}

#[test]
fn large_files_come_whole_through_a_socket() {
    let large: Vec<u8> = (0..5 * PIECE + 17).map(|at| (at / 251) as u8).collect();
    let mut tar = Vec::new();
    raw_entry(&mut tar, "a", EntryType::Regular, "", &large);
    raw_entry(&mut tar, "b", EntryType::Regular, "", b"small");
    raw_entry(&mut tar, "c", EntryType::Regular, "", &large[1..]);
    let folder = tempfile::tempdir().unwrap();
    let read = through_a_socket(&tar, folder.path()).unwrap();
    assert_eq!(read, tar.len() as u64);
    let at = |name| fs::read(folder.path().join(name)).unwrap();
    assert!(at("a") == large && at("b") == b"small" && at("c") == large[1..]);
    // One that ends within a large file is an error.
    let cut = &tar[..3 * PIECE];
    assert!(through_a_socket(cut, folder.path()).is_err());
}

#[test]
fn folders_and_files_do_not_replace_each_other() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("d")).unwrap();
    fs::write(folder.path().join("f"), "").unwrap();
    for (name, kind, words) in [
        ("d", EntryType::Regular, "cannot overwrite directory"),
        ("f", EntryType::Directory, "cannot overwrite non-directory"),
    ] {
        let mut tar = Vec::new();
        raw_entry(&mut tar, name, kind, "", b"");
        let error = unpack(&tar, folder.path()).unwrap_err();
        assert!(error.message().contains(words), "{error}");
    }
}

#[test]
fn an_owner_that_no_file_can_have_is_refused() {
    for owner in [u64::from(u32::MAX), 1 << 32] {
        let folder = tempfile::tempdir().unwrap();
        let mut header = header(EntryType::Regular, 0);
        header.set_uid(owner);
        header.set_path("f").unwrap();
        header.set_cksum();
        let mut builder = Builder::new(Vec::new());
        builder.append(&header, std::io::empty()).unwrap();
        let error = unpack(&builder.into_inner().unwrap(), folder.path()).unwrap_err();
        assert!(
            error.to_string().contains("an owner that no file can have"),
            "{error}"
        );
    }
}

#[test]
fn a_folder_of_a_tar_from_before_posix_is_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut tar = Vec::new();
    let mut old = header(EntryType::Regular, 0);
    old.set_mode(0o755);
    old.as_old_mut().name[..2].copy_from_slice(b"d/");
    old.set_cksum();
    tar.extend_from_slice(old.as_bytes());
    raw_entry(&mut tar, "d/f", EntryType::Regular, "", b"x");
    unpack(&tar, folder.path()).unwrap();
    assert!(folder.path().join("d/f").is_file());
}

#[test]
fn a_file_with_holes_comes_whole() {
    use std::os::unix::fs::FileExt;
    let from = tempfile::tempdir().unwrap();
    let file = fs::File::create(from.path().join("f")).unwrap();
    file.set_len(40 << 20).unwrap();
    // More parts than fit in a header.
    for part in 0..40 {
        file.write_all_at(b"bytes", part << 20).unwrap();
    }
    fs::write(from.path().join("g"), "after").unwrap();
    let output = std::process::Command::new("tar")
        .args(["--format=gnu", "-cSf", "-", "f", "g"])
        .current_dir(from.path())
        .output()
        .unwrap();
    assert!(output.stdout.len() < 1 << 20, "tar found no holes");
    let to = tempfile::tempdir().unwrap();
    unpack(&output.stdout, to.path()).unwrap();
    let read = |folder: &Path, name: &str| fs::read(folder.join(name)).unwrap();
    assert!(read(to.path(), "f") == read(from.path(), "f"));
    assert_eq!(read(to.path(), "g"), b"after");
    // A truncated or false list of parts is refused.
    for (at, byte) in [(386, b'9'), (483, b'7'), (1100, b'9')] {
        let mut tar = output.stdout.clone();
        tar[at] = byte;
        tar[148..156].fill(b' ');
        let sum: u32 = tar[..512].iter().map(|byte| u32::from(*byte)).sum();
        tar[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        assert!(unpack(&tar, to.path()).is_err(), "{at}");
    }
    assert!(unpack(&output.stdout[..700], to.path()).is_err());
}
