//! Tars that we write read back the same, and those of other programs are understood or refused.

use super::*;
use proptest::prelude::*;
use std::io::Read;

fn written(entries: &[(Entry, Vec<u8>)]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    for (entry, content) in entries {
        writer.append(entry, content.as_slice()).unwrap();
    }
    writer.finish().unwrap()
}

fn read_back(bytes: &[u8]) -> io::Result<Vec<(Entry, Vec<u8>)>> {
    let mut reader = Reader::new(bytes);
    let mut found = Vec::new();
    while let Some(entry) = reader.next_entry()? {
        let mut content = Vec::new();
        reader.read_to_end(&mut content)?;
        found.push((entry, content));
    }
    reader.finish()?;
    Ok(found)
}

/// Several writers to one buffer.
#[derive(Clone, Default)]
struct Shared(std::rc::Rc<std::cell::RefCell<Vec<u8>>>);

impl io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn file(path: &str, content: &str) -> (Entry, Vec<u8>) {
    let mut entry = Entry::new(path, EntryKind::File, 0o644);
    entry.size = content.len() as u64;
    (entry, content.into())
}

fn message(bytes: &[u8]) -> String {
    read_back(bytes).unwrap_err().to_string()
}

#[test]
fn everything_that_an_entry_holds_survives() {
    let mut rich = file(&"long/".repeat(60), "");
    rich.0.path.push(b'f');
    rich.0.uid = 5_000_000_000;
    rich.0.gid = 3_000_000;
    rich.0.mode = 0o4755;
    rich.0.mtime = (-5, 0);
    rich.0.xattrs = vec![
        (b"security.capability".to_vec(), b"\x01\n\0\n=".to_vec()),
        (b"user.x".to_vec(), Vec::new()),
    ];
    let mut link = Entry::new("l", EntryKind::Symlink, 0o777);
    link.link = vec![b'x'; 300];
    let mut device = Entry::new("dev/null", EntryKind::CharDevice, 0o666);
    device.device = (1, 3);
    let entries = [
        (Entry::new("d/", EntryKind::Directory, 0o1777), Vec::new()),
        file("d/f", "hello"),
        rich,
        (link, Vec::new()),
        (device, Vec::new()),
        file("d/full", &"x".repeat(512)),
    ];
    assert_eq!(read_back(&written(&entries)).unwrap(), entries);
}

#[test]
fn the_systems_tar_reads_what_we_write() {
    let mut entry = file(&format!("{}/f", "d".repeat(150)), "hello");
    entry.0.xattrs = vec![(b"user.x".to_vec(), b"a\nb".to_vec())];
    let mut child = std::process::Command::new("tar")
        .args(["-xO", "-f", "-"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    io::Write::write_all(&mut child.stdin.take().unwrap(), &written(&[entry])).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stdout, b"hello");
}

#[test]
fn what_the_systems_tar_writes_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("d".repeat(120)).join("e".repeat(120));
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(deep.join("f"), "hello").unwrap();
    for format in ["gnu", "pax", "posix"] {
        let output = std::process::Command::new("tar")
            .arg(format!("--format={format}"))
            .arg("-C")
            .arg(folder.path())
            .args(["-c", "."])
            .output()
            .unwrap();
        let entries = read_back(&output.stdout).unwrap();
        let (entry, content) = entries.last().unwrap();
        assert_eq!(
            (entry.kind, content.as_slice()),
            (EntryKind::File, &b"hello"[..])
        );
        assert_eq!(entry.path.len(), 2 + 121 + 121 + 1, "{format}");
    }
}

#[test]
fn the_frame_and_the_contents_make_the_stream_again() {
    let bytes = written(&[file("a", "hello"), file("b", "x")]);
    let bytes = [bytes, vec![0; 4096]].concat();
    let made = Shared::default();
    let mut reader = Reader::with_frame(bytes.as_slice(), made.clone());
    while reader.next_entry().unwrap().is_some() {
        io::copy(&mut reader, &mut made.clone()).unwrap();
    }
    reader.finish().unwrap();
    let made = made.0.take();
    assert_eq!(made, bytes);
}

#[test]
fn garbage_and_cut_streams_are_named_as_go_names_them() {
    assert_eq!(message(b"garbage\n"), "unexpected EOF");
    assert_eq!(message(&[b'x'; 512]), "archive/tar: invalid tar header");
    let bytes = written(&[file("a", "hello")]);
    for length in [100, 513, 600] {
        assert_eq!(message(&bytes[..length]), "unexpected EOF", "{length}");
    }
    assert!(read_back(b"").unwrap().is_empty());
}

#[test]
fn a_header_that_claims_gigabytes_is_refused_before_it_is_read() {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::XHeader);
    header.set_size(8 << 30);
    header.set_cksum();
    let endless = io::Read::chain(&header.as_bytes()[..], io::repeat(b'x'));
    let error = Reader::new(endless).next_entry().unwrap_err();
    assert!(error.to_string().starts_with("tar header of more than"));
}

#[test]
fn sparse_files_are_refused_by_name() {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNUSparse);
    header.set_size(0);
    header.set_cksum();
    assert!(message(header.as_bytes()).starts_with("sparse files"));
}

proptest! {
    #[test]
    fn reading_never_panics_and_ends(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
        let _ = read_back(&bytes);
    }

    #[test]
    fn a_damaged_header_never_panics(at in 0..1024_usize, byte in any::<u8>()) {
        let mut entry = file(&"n".repeat(120), "hello");
        entry.0.mtime = (-1, 0);
        let mut bytes = written(&[entry]);
        bytes[at] = byte;
        let mut header = tar::Header::new_old();
        header.as_mut_bytes().copy_from_slice(&bytes[..512]);
        header.set_cksum();
        bytes[..512].copy_from_slice(header.as_bytes());
        let _ = read_back(&bytes);
    }
}

#[test]
fn files_older_than_1970_are_read_as_gnu_tar_writes_them() {
    // GNU tar stores a negative number, or one with too many digits, in binary with the first bit set.
    let modified = |field: [u8; 12]| {
        let mut bytes = written(&[file("f", "x")]);
        bytes[136..148].copy_from_slice(&field);
        bytes[148..156].fill(b' ');
        let sum: u32 = bytes[..512].iter().map(|byte| u32::from(*byte)).sum();
        bytes[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        read_back(&bytes).map(|found| found[0].0.mtime.0)
    };
    let binary = |number: i128, first: u8| {
        let mut field: [u8; 12] = number.to_be_bytes()[4..].try_into().unwrap();
        field[0] |= first;
        field
    };
    for seconds in [-1, -315_619_200, i64::MIN] {
        assert_eq!(modified(binary(seconds.into(), 0xff)).unwrap(), seconds);
    }
    for seconds in [0, 1 << 33, i64::MAX] {
        assert_eq!(modified(binary(seconds.into(), 0x80)).unwrap(), seconds);
    }
    assert!(modified(binary(i128::from(i64::MAX) + 1, 0x80)).is_err());
}

#[test]
fn a_device_whose_numbers_are_left_out_is_number_zero() {
    let mut device = Entry::new("d", EntryKind::BlockDevice, 0o600);
    device.device = (8, 1);
    let mut bytes = written(&[(device, Vec::new())]);
    bytes[329..345].fill(0);
    bytes[148..156].fill(b' ');
    let sum: u32 = bytes[..512].iter().map(|byte| u32::from(*byte)).sum();
    bytes[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    assert_eq!(read_back(&bytes).unwrap()[0].0.device, (0, 0));
}
