//! Writes a file so that a reader, even after a crash, sees either the old or the new one.
//!
//! **Kernel feature.** `rename(2)` replaces a name atomically.
//! **What we leave out.** On a full disk there is no room for a second file beside the first; see [`write`].

use crate::error::{Error, IoContext, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// The prefix of a file being written; one without a writer was left by a crash.
pub const UNFINISHED: &str = ".new-";

/// Whether the data must survive a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It may be lost in a power cut.
    Cached,
    /// It is on disk when the call returns.
    Durable,
}

/// Writes a file that no reader can see yet, or for which half a file counts as none: in place, which costs one file
/// instead of two.
pub fn write_unseen(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(bytes))
        .on("write", path)
}

/// Replaces the file at `path` by `bytes`. If there is no space for a new file, the old one is overwritten if its
/// blocks are enough: commands that free space, such as `docker rmi`, must not need any. A power cut at that moment may
/// damage the file.
pub fn write(path: &Path, bytes: &[u8], durability: Durability) -> Result<()> {
    let replaced = replace(path, bytes, durability);
    let is_full = replaced.as_ref().is_err_and(Error::is_lack_of_room);
    if is_full && overwrite(path, bytes, durability).is_ok() {
        return Ok(());
    }
    replaced
}

fn replace(path: &Path, bytes: &[u8], durability: Durability) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempfile_in(folder)
        .on("write", path)?;
    file.write_all(bytes).on("write", path)?;
    if durability == Durability::Durable {
        file.as_file().sync_data().on("write", path)?;
    }
    file.persist(path)
        .map_err(|error| error.error)
        .on("write", path)?;
    if durability == Durability::Durable {
        fs::File::open(folder)
            .and_then(|folder| folder.sync_all())
            .on("write", path)?;
    }
    Ok(())
}

/// Writes `bytes` over the file at `path`, which is left unchanged if they need more blocks than it has.
fn overwrite(path: &Path, bytes: &[u8], durability: Durability) -> std::io::Result<()> {
    let file = fs::File::options()
        .write(true)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)?;
    let about = file.metadata()?;
    let length = bytes.len() as u64;
    if length > about.blocks() * 512 {
        return Err(ErrorKind::StorageFull.into());
    }
    // A concurrent reader finds spaces after the new text, never the end of the old one.
    let mut padded = bytes.to_vec();
    padded.resize(
        bytes
            .len()
            .max(usize::try_from(about.len()).unwrap_or_default()),
        b' ',
    );
    file.write_all_at(&padded, 0)?;
    file.set_len(length)?;
    match durability {
        Durability::Durable => file.sync_all(),
        Durability::Cached => Ok(()),
    }
}

/// Replaces the file at `path` by `value` as JSON.
pub fn write_json<T: Serialize>(path: &Path, value: &T, durability: Durability) -> Result<()> {
    write(path, &json(path, value)?, durability)
}

/// `value` as JSON, for the file at `path`.
pub fn json<T: Serialize>(path: &Path, value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value)
        .map_err(std::io::Error::from)
        .on("write", path)
}

/// Reads JSON; `None` if there is no file.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let file = match fs::File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other.on("read", path)?,
    };
    // Most records are shorter. A file alone would ask for its length and place first, unlike `take`; that matters when
    // a command reads hundreds.
    let mut bytes = Vec::with_capacity(4096);
    file.take(u64::MAX)
        .read_to_end(&mut bytes)
        .on("read", path)?;
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        Error::internal(format!("`{}` is damaged", path.display())).with_source(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_value_is_read_back_and_leaves_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        write_json(&path, &vec![1, 2], Durability::Cached).unwrap();
        write_json(&path, &vec![3], Durability::Durable).unwrap();
        assert_eq!(read_json::<Vec<i32>>(&path).unwrap(), Some(vec![3]));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_is_overwritten_within_its_blocks_and_otherwise_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        write_json(&path, &vec![1; 100], Durability::Cached).unwrap();
        for value in [vec![2], vec![3; 200]] {
            overwrite(&path, &json(&path, &value).unwrap(), Durability::Durable).unwrap();
            assert_eq!(read_json::<Vec<i32>>(&path).unwrap(), Some(value));
        }
        assert!(overwrite(&path, &[b' '; 1 << 20], Durability::Cached).is_err());
        assert_eq!(read_json::<Vec<i32>>(&path).unwrap(), Some(vec![3; 200]));
        let missing = folder.path().join("y.json");
        assert!(overwrite(&missing, b"1", Durability::Cached).is_err() && !missing.exists());
    }

    #[test]
    fn a_missing_file_is_none_and_a_damaged_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        assert_eq!(read_json::<i32>(&path).unwrap(), None);
        fs::write(&path, "{").unwrap();
        assert!(
            read_json::<i32>(&path)
                .unwrap_err()
                .message()
                .contains("x.json")
        );
    }
}
