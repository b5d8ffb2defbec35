//! The files of a COPY as the cache compares them: name, kind, permissions, content, and for another stage also the
//! owner. Never a time, and never the owner of the file on this machine.
//!
//! Source: moby, `tarsum_spec.md`; buildkit, `cache/contenthash`.

use crate::build::ignore::Ignore;
use crate::build::sources::{Item, Tree, Visit};
use crate::error::{Error, Result};
use crate::id::hex;
use crate::oci::digest::Digest;
use crate::tree::view::{File, Node};
use rustix::fs::FileType;
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// How much is read at a time, in bytes.
const CHUNK: usize = 256 << 10;

/// A file as the cache sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileRecord {
    /// Relative to the root of the context or stage.
    #[serde(rename = "p")]
    pub(crate) path: String,
    /// The part of the name that counts: relative to the source, or the file name.
    #[serde(rename = "n")]
    pub(crate) name: String,
    /// `f`, `d`, `l` or another kind.
    #[serde(rename = "k")]
    pub(crate) kind: char,
    /// Permissions.
    #[serde(rename = "m")]
    pub(crate) mode: u32,
    /// User and group id; only for another stage or image.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<(u32, u32)>,
    /// The digits of the content's digest, or the target of a link.
    #[serde(rename = "c", default, skip_serializing_if = "String::is_empty")]
    pub(crate) content: String,
}

/// The files of one COPY.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// In the order of the walk.
    pub(crate) files: Vec<FileRecord>,
}

impl Content {
    /// Several contents as one; `None` for none.
    pub(crate) fn of<'a>(several: impl Iterator<Item = &'a Self>) -> Option<Self> {
        several.fold(None, |all: Option<Self>, one| {
            let mut all = all.unwrap_or_default();
            all.files.extend(one.files.iter().cloned());
            Some(all)
        })
    }

    /// One digest for the whole content.
    pub(crate) fn digest(&self) -> Digest {
        let mut hash = Sha256::new();
        for file in &self.files {
            let owner = file.owner.map(|(uid, gid)| format!("{uid}:{gid}"));
            for part in [
                file.name.as_str(),
                &file.kind.to_string(),
                &format!("{:o}", file.mode),
                &owner.unwrap_or_default(),
                &file.content,
            ] {
                hash.update(part.as_bytes());
                hash.update([0]);
            }
        }
        Digest::from_hash(&hash.finalize())
    }

    /// Adds content that is not a file of a tree: written in the Dockerfile, or fetched.
    pub(crate) fn add(&mut self, name: &str, content: &str) {
        self.files.push(FileRecord {
            path: name.to_owned(),
            name: name.to_owned(),
            kind: 'f',
            mode: 0o644,
            owner: None,
            content: content.to_owned(),
        });
    }
}

/// How to read files.
pub(crate) struct Reader {
    /// Whether owners are included.
    pub(crate) owners: bool,
    /// Total bytes of all files so far.
    pub(crate) size: u64,
}

impl Reader {
    /// Adds all files of `item` to `content`.
    pub(crate) fn read(
        &mut self,
        tree: &Tree,
        item: &Item,
        exclude: &Ignore,
        content: &mut Content,
    ) -> Result<()> {
        tree.walk(item, exclude, &mut |visit| {
            let record = self.record(item, visit)?;
            content.files.extend(record);
            Ok(())
        })
    }

    /// A visited file as the cache sees it. The root of the context is `None`: it is not a file of the image.
    fn record(&mut self, item: &Item, visit: &Visit<'_>) -> Result<Option<FileRecord>> {
        let stat = visit.node.stat();
        let is_self = visit.inner.as_os_str().is_empty();
        if is_self && item.path.as_os_str().is_empty() {
            return Ok(None);
        }
        let name = match is_self && !item.is_dir {
            true => Path::new(&item.name),
            false => visit.inner,
        };
        let failed = |errno: Errno| Error::io("read", visit.full, errno.into());
        let content = match visit.node {
            Node::Folder(_) => String::new(),
            Node::File(file) => self.content(file).map_err(failed)?,
        };
        let kind = FileType::from_raw_mode(stat.st_mode);
        Ok(Some(FileRecord {
            path: text(visit.full),
            name: text(name),
            kind: letter(kind),
            mode: match kind {
                FileType::Symlink => 0o777,
                _ => stat.st_mode & 0o7777,
            },
            owner: self.owners.then_some((stat.st_uid, stat.st_gid)),
            content,
        }))
    }

    fn content(&mut self, file: &File) -> Result<String, Errno> {
        match file.kind() {
            FileType::Symlink => Ok(text(&file.target()?)),
            FileType::RegularFile => {
                self.size += u64::try_from(file.stat.st_size).unwrap_or_default();
                Ok(hex(&hash(&file.open()?, file.stat.st_size)?))
            }
            _ => Ok(file.stat.st_rdev.to_string()),
        }
    }
}

/// The BLAKE3 hash of everything that `fd` yields; `size` is the expected size in bytes. Only this machine's cache uses
/// it, and it is several times as fast as the sha256 of a layer.
fn hash(fd: &OwnedFd, size: i64) -> Result<[u8; 32], Errno> {
    // One byte more than expected, so that the second call reaches the end.
    let wanted = usize::try_from(size).unwrap_or(CHUNK).saturating_add(1);
    let mut buffer = vec![0; wanted.clamp(512, CHUNK)];
    let mut hash = blake3::Hasher::new();
    loop {
        match rustix::io::read(fd, &mut buffer) {
            Ok(0) => return Ok(hash.finalize().into()),
            Ok(length) => {
                hash.update(&buffer[..length]);
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

fn letter(kind: FileType) -> char {
    match kind {
        FileType::RegularFile => 'f',
        FileType::Directory => 'd',
        FileType::Symlink => 'l',
        FileType::Fifo => 'p',
        FileType::CharacterDevice => 'c',
        FileType::BlockDevice => 'b',
        FileType::Socket => 's',
        FileType::Unknown => '?',
    }
}

/// A path as text; bytes that are not UTF-8 are escaped so that different names stay different.
fn text(path: &Path) -> String {
    match path.to_str() {
        Some(text) => text.to_owned(),
        None => path.as_os_str().as_bytes().escape_ascii().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::sources::Selected;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn content(folder: &Path, source: &str) -> Content {
        let tree = Tree::open(&[folder.to_owned()], Ignore::default()).unwrap();
        let Selected::Items(items) = tree.select(source).unwrap() else {
            panic!("{source}");
        };
        let mut content = Content::default();
        let mut reader = Reader {
            owners: false,
            size: 0,
        };
        for item in &items {
            reader
                .read(&tree, item, &Ignore::default(), &mut content)
                .unwrap();
        }
        content
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("d")).unwrap();
        fs::write(folder.path().join("a"), "a").unwrap();
        fs::write(folder.path().join("d/b"), "b").unwrap();
        fs::write(folder.path().join("large"), vec![1; 1 << 20]).unwrap();
        symlink("b", folder.path().join("d/l")).unwrap();
        folder
    }

    #[test]
    fn content_mode_and_name_count_and_time_does_not() {
        let folder = folder();
        let path = folder.path();
        let before = content(path, ".").digest();
        let old = fs::FileTimes::new().set_modified(std::time::UNIX_EPOCH);
        fs::File::options()
            .append(true)
            .open(path.join("a"))
            .unwrap()
            .set_times(old)
            .unwrap();
        assert_eq!(content(path, ".").digest(), before);
        fs::set_permissions(path.join("a"), fs::Permissions::from_mode(0o600)).unwrap();
        let mode = content(path, ".").digest();
        assert_ne!(mode, before);
        fs::write(path.join("a"), "A").unwrap();
        let changed = content(path, ".").digest();
        assert_ne!(changed, mode);
        fs::rename(path.join("a"), path.join("c")).unwrap();
        assert_ne!(content(path, ".").digest(), changed);
    }

    #[test]
    fn large_files_and_links_are_read_as_well() {
        let folder = folder();
        let found = content(folder.path(), ".");
        let of = |path: &str| found.files.iter().find(|file| file.path == path).unwrap();
        let large = blake3::hash(&vec![1; 1 << 20]).to_hex();
        assert_eq!(of("large").content, large.as_str());
        assert_eq!((of("d/l").kind, of("d/l").content.as_str()), ('l', "b"));
        assert_eq!(of("d").kind, 'd');
    }

    #[test]
    fn the_name_of_a_directory_does_not_count_and_a_files_does() {
        let folder = folder();
        let path = folder.path();
        let (file, dir) = (content(path, "a").digest(), content(path, "d").digest());
        fs::rename(path.join("a"), path.join("a2")).unwrap();
        fs::rename(path.join("d"), path.join("d2")).unwrap();
        assert_ne!(content(path, "a2").digest(), file);
        assert_eq!(content(path, "d2").digest(), dir);
    }
}
