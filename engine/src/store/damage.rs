//! Unreadable files are set aside, never deleted: they may still hold something of value.

use crate::error::{IoContext, Result};
use jiff::Timestamp;
use std::fs;
use std::path::{Path, PathBuf};

/// The start of the suffix of a file that was set aside.
pub const MARK: &str = ".damaged-";

/// Renames the file or folder at `path` to a name that no command reads, and returns that path.
pub fn put_aside(path: &Path, now: Timestamp) -> Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let second = now.as_second();
    let first = path.with_file_name(format!("{name}{MARK}{second}"));
    let further =
        (1..).map(|count: u32| path.with_file_name(format!("{name}{MARK}{second}-{count}")));
    let mut free = [first.clone()].into_iter().chain(further);
    let away = free
        .find(|away| away.symlink_metadata().is_err())
        .unwrap_or(first);
    fs::rename(path, &away).on("set aside", path)?;
    Ok(away)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_set_aside_are_all_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        for text in ["one", "two", "three"] {
            fs::write(&path, text).unwrap();
            let away = put_aside(&path, Timestamp::UNIX_EPOCH).unwrap();
            assert_eq!(fs::read_to_string(away).unwrap(), text);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
