//! A digest of everything that a check could change: the proof that checking only looks.

use crate::world::hex;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Contents of larger files are told apart by size and time only: a log or a layer of a gigabyte must not be read.
const READ_LIMIT: u64 = 4 * 1024 * 1024;

/// Digest of the files under `folders`: names, kinds, modes, owners and contents. A file that cannot be read counts
/// with its metadata. Sockets count by name only; access times never do.
pub fn state_digest(folders: &[&Path]) -> io::Result<String> {
    let mut hash = Sha256::new();
    for folder in folders {
        // What is removed is moved there and unlinked later, whoever looks meanwhile.
        let is_kept =
            |entry: &walkdir::DirEntry| entry.depth() != 1 || entry.file_name() != "trash";
        let entries = walkdir::WalkDir::new(folder).sort_by_file_name();
        for entry in entries.into_iter().filter_entry(is_kept) {
            let entry = match entry {
                Ok(entry) => entry,
                // A folder of another owner, or one that was never made, is the same before and after.
                Err(error) if error.io_error().is_some() => continue,
                Err(error) => return Err(error.into()),
            };
            let metadata = match entry.metadata() {
                Ok(metadata) => metadata,
                // It has gone since the folder was read: a container may end at any moment.
                Err(error) if error.io_error().is_some() => continue,
                Err(error) => return Err(error.into()),
            };
            let name = entry.path().strip_prefix(folder).unwrap_or(entry.path());
            hash.update((name.as_os_str().len() as u64).to_le_bytes());
            hash.update(name.as_os_str().as_bytes());
            for number in [metadata.mode(), metadata.uid(), metadata.gid()] {
                hash.update(number.to_le_bytes());
            }
            let kind = metadata.file_type();
            if kind.is_symlink() {
                let target = std::fs::read_link(entry.path()).unwrap_or_default();
                hash.update(target.as_os_str().as_bytes());
            } else if kind.is_file() {
                hash.update(metadata.size().to_le_bytes());
                hash.update(contents(entry.path(), &metadata));
            }
        }
    }
    Ok(format!("sha256:{}", hex(&hash.finalize())))
}

fn contents(path: &Path, metadata: &std::fs::Metadata) -> Vec<u8> {
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
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn every_change_changes_the_digest_and_looking_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir(root.join("d")).unwrap();
        std::fs::write(root.join("d/a"), "1").unwrap();
        let digest = || state_digest(&[root]).unwrap();
        let mut seen = vec![digest()];
        assert_eq!(std::fs::read(root.join("d/a")).unwrap(), b"1");
        assert_eq!(digest(), seen[0]);
        let changes: [&dyn Fn() -> io::Result<()>; 5] = [
            &|| std::fs::write(root.join("d/a"), "2"),
            &|| std::fs::write(root.join("d/b"), ""),
            &|| std::fs::set_permissions(root.join("d/b"), std::fs::Permissions::from_mode(0o600)),
            &|| symlink("a", root.join("d/l")),
            &|| std::fs::rename(root.join("d/a"), root.join("d/c")),
        ];
        for change in changes {
            change().unwrap();
            let now = digest();
            assert!(!seen.contains(&now));
            seen.push(now);
        }
    }

    #[test]
    fn a_missing_folder_is_an_empty_one() {
        assert!(state_digest(&[Path::new("/nonexistent")]).is_ok());
    }
}
