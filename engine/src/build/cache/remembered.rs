//! Digests of context files, remembered between builds, so that an unchanged file is not read again.
//!
//! **Kernel feature.** A file with unchanged device, inode, size, modification time and status-change time has not been
//! written: no process can set the status-change time.
//! **What others do.** git's index works this way, and must also distrust files written in the same tick as the index.
//! **What we do.** An entry is kept only if the file had been unchanged for [`SETTLED`] when it was read.

use crate::error::Result;
use crate::store::atomic::{self, Durability};
use jiff::Timestamp;
use rustix::fs::Stat;
use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// How long a file must have been unchanged, in nanoseconds: coarser than any file system's clock.
const SETTLED: i128 = 2_000_000_000;
const MAGIC: &[u8; 8] = b"dkldig02";
const ENTRY: usize = 8 * 3 + 8 * 2 + 32;

/// The remembered digests of one context.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    path: PathBuf,
    known: HashMap<(u64, u64), Entry>,
    seen: Vec<((u64, u64), Entry)>,
    /// A file was read that was not in the cache.
    changed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    size: u64,
    /// Nanoseconds.
    mtime: i64,
    /// Nanoseconds.
    ctime: i64,
    digest: [u8; 32],
}

impl Remembered {
    /// Reads the file at `path`; a missing or damaged one counts as empty.
    pub(crate) fn open(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap_or_default();
        Self {
            path: path.to_owned(),
            known: decode(&bytes).unwrap_or_default(),
            seen: Vec::new(),
            changed: false,
        }
    }

    /// The cached digest of the file that `stat` describes.
    pub(crate) fn get(&mut self, stat: &Stat) -> Option<[u8; 32]> {
        let (key, now) = (key(stat), entry(stat, [0; 32]));
        let known = *self.known.get(&key)?;
        let same = Entry {
            digest: known.digest,
            ..now
        } == known;
        same.then(|| {
            self.seen.push((key, known));
            known.digest
        })
    }

    /// Stores a digest that was computed at `now`, if the file had settled by then.
    pub(crate) fn put(&mut self, stat: &Stat, digest: [u8; 32], now: Timestamp) {
        let entry = entry(stat, digest);
        let newest = i128::from(entry.mtime.max(entry.ctime));
        if now.as_nanosecond() - newest >= SETTLED {
            self.seen.push((key(stat), entry));
            self.changed = true;
        }
    }

    /// Saves the files seen in this build, if they differ from those on disk. Other entries are dropped.
    pub(crate) fn save(&self) -> Result<()> {
        if !self.changed && self.seen.len() >= self.known.len() {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(MAGIC.len() + self.seen.len() * ENTRY);
        bytes.extend_from_slice(MAGIC);
        for ((dev, ino), entry) in &self.seen {
            for number in [*dev, *ino, entry.size] {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
            for number in [entry.mtime, entry.ctime] {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
            bytes.extend_from_slice(&entry.digest);
        }
        match atomic::write(&self.path, &bytes, Durability::Cached) {
            // A full disk must not fail a build that needs no space.
            Err(error) if error.kind() == crate::ErrorKind::Io && is_full(&error) => Ok(()),
            other => other,
        }
    }
}

fn is_full(error: &crate::Error) -> bool {
    let source = std::error::Error::source(error);
    source
        .and_then(|source| source.downcast_ref::<std::io::Error>())
        .is_some_and(|source| source.kind() == ErrorKind::StorageFull)
}

fn key(stat: &Stat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}

fn entry(stat: &Stat, digest: [u8; 32]) -> Entry {
    let nanoseconds = |seconds: i64, fraction: u64| {
        seconds
            .saturating_mul(1_000_000_000)
            .saturating_add(i64::try_from(fraction).unwrap_or(i64::MAX))
    };
    Entry {
        size: u64::try_from(stat.st_size).unwrap_or_default(),
        mtime: nanoseconds(stat.st_mtime, stat.st_mtime_nsec),
        ctime: nanoseconds(stat.st_ctime, stat.st_ctime_nsec),
        digest,
    }
}

fn decode(bytes: &[u8]) -> Option<HashMap<(u64, u64), Entry>> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let mut known = HashMap::with_capacity(rest.len() / ENTRY);
    for chunk in rest.chunks(ENTRY) {
        let number = |index: usize| -> Option<[u8; 8]> {
            chunk.get(index * 8..index * 8 + 8)?.try_into().ok()
        };
        let entry = Entry {
            size: u64::from_le_bytes(number(2)?),
            mtime: i64::from_le_bytes(number(3)?),
            ctime: i64::from_le_bytes(number(4)?),
            digest: chunk.get(40..ENTRY)?.try_into().ok()?,
        };
        let key = (
            u64::from_le_bytes(number(0)?),
            u64::from_le_bytes(number(1)?),
        );
        known.insert(key, entry);
    }
    Some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(path: &Path) -> Stat {
        rustix::fs::stat(path).unwrap()
    }

    #[test]
    fn a_settled_file_is_remembered_and_a_changed_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (index, file) = (folder.path().join("index"), folder.path().join("f"));
        fs::write(&file, "one").unwrap();
        let later = Timestamp::now() + jiff::SignedDuration::from_secs(60);
        let mut first = Remembered::open(&index);
        assert_eq!(first.get(&stat(&file)), None);
        first.put(&stat(&file), [7; 32], later);
        first.save().unwrap();
        let mut second = Remembered::open(&index);
        assert_eq!(second.get(&stat(&file)), Some([7; 32]));
        fs::write(&file, "three").unwrap();
        assert_eq!(second.get(&stat(&file)), None);
    }

    #[test]
    fn a_file_written_a_moment_ago_is_not_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let (index, file) = (folder.path().join("index"), folder.path().join("f"));
        fs::write(&file, "one").unwrap();
        let mut first = Remembered::open(&index);
        first.put(&stat(&file), [7; 32], Timestamp::now());
        first.save().unwrap();
        assert_eq!(Remembered::open(&index).get(&stat(&file)), None);
    }

    #[test]
    fn a_damaged_file_remembers_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let index = folder.path().join("index");
        for bytes in [&b"nonsense"[..], b"dkldig02short", b""] {
            fs::write(&index, bytes).unwrap();
            assert!(Remembered::open(&index).known.is_empty());
        }
    }
}
