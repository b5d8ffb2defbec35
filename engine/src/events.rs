//! The journal: the events of a sandbox, one JSON line each.
//!
//! **What Docker does.** The daemon broadcasts events to its listeners and keeps the last 256.
//! **What we do.** Every state change, and every read (`logs`, `inspect`, …), is appended to `journal.jsonl` and stays.
//! `docker events` prints it; the checker reads what the end state cannot show.
//!
//! Each line is one `write(2)` with `O_APPEND`, so lines of different processes never mix. Blocks past the end are
//! reserved (`fallocate(2)`), so that commands that free space on a full disk are still recorded.
//!
//! **Lessons.** `running-containers`, `cleaning-up`

mod action;

pub use action::Action;

use crate::error::{IoContext, Result};
use jiff::Timestamp;
use rustix::fs::{FallocateFlags, fallocate};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// The kind of object that an event is about; Docker's `Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectKind {
    /// A container.
    Container,
    /// An image.
    Image,
    /// A volume.
    Volume,
    /// A build.
    Builder,
    /// A registry.
    Registry,
}

/// One line of the journal.
///
/// The words of `action` are those of [`Action`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When it happened.
    pub time: Timestamp,
    /// The kind of object.
    #[serde(rename = "type")]
    pub kind: ObjectKind,
    /// What happened: the word of an [`Action`], for some with a detail after a colon: `exec_start: sh`.
    pub action: String,
    /// The full id of the container or image, or the name of the volume; empty if there is none.
    pub id: String,
    /// The docker command that caused it, such as `run` or `start`; `monitor` if no command did.
    pub via: String,
    /// Attributes, Docker's `Actor.Attributes` and more: `name`, `image`, `exitCode`, `tty`, `attached`, `path`, …
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub facts: Map<String, Value>,
}

impl Event {
    /// An event without attributes.
    pub fn new(
        time: Timestamp,
        kind: ObjectKind,
        action: Action,
        id: impl Into<String>,
        via: &str,
    ) -> Self {
        Self {
            time,
            kind,
            action: action.as_str().to_owned(),
            id: id.into(),
            via: via.to_owned(),
            facts: Map::new(),
        }
    }

    /// Adds a detail to the action, as Docker does: `exec_start: sh`.
    #[must_use]
    pub fn of(mut self, more: impl std::fmt::Display) -> Self {
        self.action = format!("{}: {more}", self.action);
        self
    }

    /// What happened; `None` for a word of a different version.
    pub fn what(&self) -> Option<Action> {
        let word = self.action.split(':').next().unwrap_or_default();
        Action::parse(word)
    }

    /// Whether the event is only a read. A word of a different version may mean a change.
    pub fn is_look(&self) -> bool {
        self.what().is_some_and(Action::is_look)
    }

    /// Adds an attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }
}

/// Bytes reserved past the end of the journal: with fewer than the first, it is topped up to the second. An event has
/// about 300.
const SPARE: (u64, u64) = (8 << 10, 32 << 10);
/// The most bytes that an event needs, unless its attributes are unusually long.
const ONE_EVENT: u64 = 1 << 10;
/// For `open(2)`: do not follow a symlink in place of the journal, since it could lead anywhere.
const NOFOLLOW: i32 = libc::O_NOFOLLOW;

/// Opens the journal at `path` for appending, creating it if missing; does not follow a symlink.
pub fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(NOFOLLOW)
        .open(path)
}

/// Truncates the journal at `path`, if it exists, to `length` bytes.
pub fn cut(path: &Path, length: u64) -> Result<()> {
    let file = OpenOptions::new()
        .write(true)
        .custom_flags(NOFOLLOW)
        .open(path);
    match file.and_then(|file| file.set_len(length)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other.on("write", path),
    }
}

/// Appends `event` to the journal at `path`.
pub fn append(path: &Path, event: &Event) -> Result<()> {
    let mut line = serde_json::to_vec(event)
        .map_err(std::io::Error::from)
        .on("write", path)?;
    line.push(b'\n');
    let mut append = || {
        let mut file = open(path)?;
        let about = file.metadata()?;
        set_aside(&file, &about);
        if is_cut_short(&file, &about)? {
            // Otherwise this line would be lost with the one before it.
            line.insert(0, b'\n');
        }
        file.write_all(&line)
    };
    append().on("write", path)
}

/// Makes sure that an event can be appended to the journal at `path`. Error: the reason why it cannot.
pub fn prepare(path: &Path) -> Result<()> {
    let prepare = || {
        let mut options = OpenOptions::new();
        options.append(true).custom_flags(NOFOLLOW);
        let file = options.open(path)?;
        set_aside(&file, &file.metadata()?);
        let about = file.metadata()?;
        let is_room = rustix::fs::fstatvfs(&file)?.f_bavail > 0;
        match is_room || about.blocks() * 512 > about.len() + ONE_EVENT {
            true => Ok(()),
            false => Err(std::io::Error::from_raw_os_error(libc::ENOSPC)),
        }
    };
    prepare().on("write", path)
}

/// Reserves space for the next events. If that fails, they are written as long as the disk has space.
fn set_aside(file: &File, about: &Metadata) {
    if about.blocks() * 512 < about.len() + SPARE.0 {
        let _ = fallocate(file, FallocateFlags::KEEP_SIZE, about.len(), SPARE.1);
    }
}

/// Whether the last line is incomplete, because its writer was killed or the disk was full.
fn is_cut_short(file: &File, about: &Metadata) -> std::io::Result<bool> {
    let Some(last) = about.len().checked_sub(1) else {
        return Ok(false);
    };
    let mut byte = [0];
    Ok(file.read_at(&mut byte, last)? == 1 && byte != *b"\n")
}

/// Reads the journal from byte `offset`; returns the events and the offset after the last complete line. A missing
/// journal is empty. Truncated and unknown lines are skipped.
pub fn read_from(path: &Path, offset: u64) -> Result<(Vec<Event>, u64)> {
    use std::io::{ErrorKind, Seek, SeekFrom};
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(NOFOLLOW);
    let mut file = match options.open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((Vec::new(), 0)),
        other => other.on("read", path)?,
    };
    file.seek(SeekFrom::Start(offset)).on("read", path)?;
    let mut reader = BufReader::new(file);
    let (mut events, mut end, mut line) = (Vec::new(), offset, Vec::new());
    loop {
        line.clear();
        let length = reader.read_until(b'\n', &mut line).on("read", path)?;
        if length == 0 || line.last() != Some(&b'\n') {
            return Ok((events, end));
        }
        end += length as u64;
        if let Ok(event) = serde_json::from_slice(&line) {
            events.push(event);
        }
    }
}

/// Reads the whole journal.
pub fn read(path: &Path) -> Result<Vec<Event>> {
    Ok(read_from(path, 0)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(action: Action) -> Event {
        Event::new(
            Timestamp::UNIX_EPOCH,
            ObjectKind::Container,
            action,
            "c1",
            "run",
        )
        .with("tty", true)
    }

    #[test]
    fn events_are_read_back_in_order_and_from_an_offset() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        append(&path, &event(Action::Create)).unwrap();
        let (_, offset) = read_from(&path, 0).unwrap();
        append(&path, &event(Action::Start)).unwrap();
        assert_eq!(
            read(&path).unwrap(),
            [event(Action::Create), event(Action::Start)]
        );
        assert_eq!(read_from(&path, offset).unwrap().0, [event(Action::Start)]);
    }

    #[test]
    fn space_is_reserved_and_does_not_count_as_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        for _ in 0..200 {
            append(&path, &event(Action::Create)).unwrap();
            let about = std::fs::metadata(&path).unwrap();
            assert!(about.blocks() * 512 >= about.len() + SPARE.0);
        }
        assert_eq!(read(&path).unwrap().len(), 200);
    }

    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (
            folder.path().join("journal.jsonl"),
            folder.path().join("other"),
        );
        std::fs::write(&other, "").unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        assert!(append(&path, &event(Action::Create)).is_err() && read(&path).is_err());
        assert_eq!(std::fs::read(&other).unwrap(), b"");
    }

    #[test]
    fn a_line_truncated_by_a_crash_is_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        append(&path, &event(Action::Create)).unwrap();
        std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(b"{\"tim")
            .unwrap();
        assert_eq!(read(&path).unwrap(), [event(Action::Create)]);
        append(&path, &event(Action::Start)).unwrap();
        assert_eq!(
            read(&path).unwrap(),
            [event(Action::Create), event(Action::Start)]
        );
    }

    #[test]
    fn a_word_of_another_version_is_read_and_is_no_look() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let mut unknown = event(Action::Logs);
        unknown.action = "defrost".to_owned();
        append(&path, &unknown).unwrap();
        append(&path, &event(Action::HealthStatus).of("healthy")).unwrap();
        let found = read(&path).unwrap();
        assert_eq!(found[0], unknown);
        assert_eq!((found[0].what(), found[0].is_look()), (None, false));
        assert_eq!(found[1].action, "health_status: healthy");
        assert_eq!(found[1].what(), Some(Action::HealthStatus));
    }
}
