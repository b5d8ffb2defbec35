//! What a container wrote: Docker's json-file log.
//!
//! ```json
//! {"log":"hello\n","stream":"stdout","time":"2026-01-02T03:04:05.678901234Z"}
//! ```
//!
//! **What Docker does.** One object per line of output; a line longer than 16 KiB is cut, and only its last piece ends in
//! a newline. **What we do.** The same, in `log.json` beside the container, so `docker logs` needs nobody's help.
//! **What we leave out.** Rotation: a container of a course does not write for weeks; see `docs/limits.md`.
//! **Try it.** `docker inspect -f '{{.LogPath}}' NAME`

pub(crate) mod reader;
pub(super) mod writer;

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Longest piece of a line, in bytes. Source: moby `daemon/logger/copier.go`.
pub(super) const LONGEST: usize = 16 << 10;

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
