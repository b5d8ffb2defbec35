//! A digest of everything that a check could change: evidence that checking is read-only.

use crate::world::hex;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Larger files are compared by size and time only: a log or a layer of a gigabyte must not be read.
const READ_LIMIT: u64 = 4 * 1024 * 1024;

/// The digest of a text, in Docker's form.
pub(crate) fn of_text(text: &str) -> String {
    let hash = Sha256::digest(text);
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

/// The files of some folders at one moment: a digest of each file's kind, mode, owner and content.
#[derive(Debug, PartialEq, Eq)]
pub struct StateDigest {
    entries: BTreeMap<PathBuf, [u8; 32]>,
}

impl StateDigest {
    /// The current state of `folders`. An unreadable file counts with its metadata, and a missing folder as empty.
    /// Sockets count by name only; access times never do.
    ///
    /// # Errors
    /// A link makes the walk of a folder circular.
    pub fn of(folders: &[&Path]) -> io::Result<Self> {
        let mut entries = BTreeMap::new();
        for folder in folders {
            // Removed files are moved there and unlinked later, independently of this walk.
            let is_kept =
                |entry: &walkdir::DirEntry| entry.depth() != 1 || entry.file_name() != "trash";
            for entry in walkdir::WalkDir::new(folder)
                .into_iter()
                .filter_entry(is_kept)
            {
                let entry = match entry {
                    Ok(entry) => entry,
                    // A folder of another owner, or one that never existed, is the same before and after.
                    Err(error) if error.io_error().is_some() => continue,
                    Err(error) => return Err(error.into()),
                };
                let metadata = match entry.metadata() {
                    Ok(metadata) => metadata,
                    // The file was removed after the folder was read: a container may end at any moment.
                    Err(error) if error.io_error().is_some() => continue,
                    Err(error) => return Err(error.into()),
                };
                let digest = entry_digest(entry.path(), &metadata);
                entries.insert(entry.into_path(), digest);
            }
        }
        Ok(Self { entries })
    }

    /// The paths that are missing, added or changed in `later`; sorted.
    #[must_use]
    pub fn differences(&self, later: &Self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = self
            .entries
            .iter()
            .filter(|&(path, digest)| later.entries.get(path) != Some(digest))
            .map(|(path, _)| path.clone())
            .collect();
        let is_new = |path: &&PathBuf| !self.entries.contains_key(*path);
        paths.extend(later.entries.keys().filter(is_new).cloned());
        paths.sort();
        paths
    }
}

/// One digest of all files in `folder`, by their relative paths; a missing folder counts as empty.
///
/// # Errors
/// As [`StateDigest::of`].
pub(crate) fn of_files(folder: &Path) -> io::Result<String> {
    let mut all = Sha256::new();
    for (path, digest) in StateDigest::of(&[folder])?.entries {
        let inside = path.strip_prefix(folder).unwrap_or(&path);
        all.update(inside.as_os_str().as_bytes());
        all.update([0]);
        all.update(digest);
    }
    Ok(hex(&all.finalize()))
}

fn entry_digest(path: &Path, metadata: &Metadata) -> [u8; 32] {
    let mut hash = Sha256::new();
    for number in [metadata.mode(), metadata.uid(), metadata.gid()] {
        hash.update(number.to_le_bytes());
    }
    let kind = metadata.file_type();
    if kind.is_symlink() {
        let target = std::fs::read_link(path).unwrap_or_default();
        hash.update(target.as_os_str().as_bytes());
    } else if kind.is_file() {
        hash.update(metadata.size().to_le_bytes());
        hash.update(contents(path, metadata));
    }
    hash.finalize().into()
}

fn contents(path: &Path, metadata: &Metadata) -> Vec<u8> {
    let mut bytes = Vec::new();
    if metadata.size() <= READ_LIMIT
        && File::open(path)
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .is_ok()
    {
        return Sha256::digest(&bytes).to_vec();
    }
    [
        metadata.mtime().to_le_bytes(),
        metadata.mtime_nsec().to_le_bytes(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn each_change_is_named_and_looking_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir(root.join("d")).unwrap();
        std::fs::write(root.join("d/a"), "1").unwrap();
        let digest = || StateDigest::of(&[root]).unwrap();
        let mut before = digest();
        assert_eq!(std::fs::read(root.join("d/a")).unwrap(), b"1");
        assert_eq!(digest(), before);
        type Change<'c> = (&'c dyn Fn() -> io::Result<()>, &'c [&'c str]);
        let changes: [Change<'_>; 6] = [
            (&|| std::fs::write(root.join("d/a"), "2"), &["d/a"]),
            (&|| std::fs::write(root.join("d/b"), ""), &["d/b"]),
            (
                &|| std::fs::set_permissions(root.join("d/b"), Permissions::from_mode(0o600)),
                &["d/b"],
            ),
            (&|| symlink("a", root.join("d/l")), &["d/l"]),
            (
                &|| std::fs::rename(root.join("d/a"), root.join("d/c")),
                &["d/a", "d/c"],
            ),
            (&|| std::fs::remove_file(root.join("d/l")), &["d/l"]),
        ];
        for (change, expected) in changes {
            change().unwrap();
            let now = digest();
            let expected: Vec<_> = expected.iter().map(|name| root.join(name)).collect();
            assert_eq!(before.differences(&now), expected);
            before = now;
        }
    }

    #[test]
    fn the_digest_of_a_folder_follows_its_files_and_not_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        for place in [&one, &two] {
            std::fs::create_dir(place).unwrap();
            std::fs::write(place.join("a"), "1").unwrap();
        }
        assert_eq!(of_files(&one).unwrap(), of_files(&two).unwrap());
        std::fs::write(two.join("a"), "2").unwrap();
        assert_ne!(of_files(&one).unwrap(), of_files(&two).unwrap());
    }

    #[test]
    fn a_missing_folder_is_an_empty_one() {
        let empty = StateDigest::of(&[]).unwrap();
        assert_eq!(
            StateDigest::of(&[Path::new("/nonexistent")]).unwrap(),
            empty
        );
    }
}
