//! A container's output: Docker's json-file log.
//!
//! ```json
//! {"log":"hello\n","stream":"stdout","time":"2026-01-02T03:04:05.678901234Z"}
//! ```
//!
//! **What Docker does.** One object per line of output; a line longer than 16 KiB is split, and only its last piece
//! ends in a newline. **What we do.** The same, in the container's `log.json`, so `docker logs` needs no other process.
//! With `--log-opt max-size`, a full `log.json` is renamed to `log.json.1`, that one to `log.json.2`, and so on.
//! **Try it.** `docker inspect -f '{{.LogPath}}' NAME`
//! **Lesson.** `reading-logs`

pub(super) mod driver;
pub(crate) mod reader;
pub(super) mod writer;

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Longest piece of a line, in bytes. Source: moby `daemon/logger/copier.go`.
pub(super) const LONGEST: usize = 16 << 10;

/// The log file from `age` rotations ago; 0 is the current one.
fn rotated(path: &Path, age: u32) -> PathBuf {
    if age == 0 {
        return path.to_owned();
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{age}"));
    PathBuf::from(name)
}

/// Opens the log at `path` for appending, creating it if missing: it does not exist before the first line or the first
/// follower.
fn create(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o640)
        .open(path)
}

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line<'a> {
    #[serde(borrow)]
    pub(super) log: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) stream: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) time: Cow<'a, str>,
}
