//! What a container wrote: Docker's json-file log.
//!
//! ```json
//! {"log":"hello\n","stream":"stdout","time":"2026-01-02T03:04:05.678901234Z"}
//! ```
//!
//! **What Docker does.** One object per line of output; a line longer than 16 KiB is cut, and only its last piece ends in
//! a newline. **What we do.** The same, in `log.json` beside the container, so `docker logs` needs nobody's help.
//! With `--log-opt max-size`, `log.json` is renamed to `log.json.1` when it is full, that one to `log.json.2`, and so on.
//! **Try it.** `docker inspect -f '{{.LogPath}}' NAME`

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

/// The file that held the log `age` rotations ago; 0 is the one that is written.
fn rotated(path: &Path, age: u32) -> PathBuf {
    if age == 0 {
        return path.to_owned();
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{age}"));
    PathBuf::from(name)
}

/// Opens the log at `path` for appending, and makes it if it is missing: there is none before the first line, or the first
/// who waits for one.
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
