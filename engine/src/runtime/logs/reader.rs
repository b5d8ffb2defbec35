//! Reads the log: `docker logs`.
//!
//! With `--follow`, the reader continues until the container's lock is free: its holder may still write.

use super::{Line, rotated};
use crate::engine::Engine;
use crate::error::{Error, IoContext, Result};
use crate::events::{Action, ObjectKind};
use crate::runtime::spec::{LogOptions, LogRecord};
use crate::store::containers::LogDriver;
use crate::store::lock;
use jiff::Timestamp;
use serde_json::json;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The number of consecutive missing ages after which no older file is expected. A rotation in progress, or a crash
/// during one, leaves a gap.
const GAPS: u32 = 4;
/// How long `--follow` waits between checks for new output.
const PAUSE: Duration = Duration::from_millis(40);

impl Engine {
    /// Reads a container's log, one record after the other, until `sink` breaks or the log ends.
    pub fn logs(
        &self,
        name: &str,
        options: &LogOptions,
        sink: &mut dyn FnMut(LogRecord) -> ControlFlow<()>,
    ) -> Result<()> {
        let container = self.container(name)?;
        let place = self.sandbox.container(&container.config.id);
        if container.config.host.log.driver == LogDriver::None {
            return Err(Error::invalid(
                "configured logging driver does not support reading",
            ));
        }
        let mut log = LogReader::open(&place.log())?;
        if log.is_none() && options.follow {
            log = open_early(&place.log(), place.lock())?;
        }
        // Once this is in the journal, no later output is missed.
        self.note(
            ObjectKind::Container,
            Action::Logs,
            container.config.id.as_str(),
            json!({"name": container.config.name.as_str(), "follow": options.follow}),
        );
        let Some(mut log) = log else {
            return Ok(());
        };
        if log.tail(options, sink)?.is_break() || !options.follow {
            return Ok(());
        }
        log.follow(place.lock(), options, sink)
    }
}

/// Reads the log at `path` without recording it in the journal.
pub(crate) fn look(path: &Path, sink: &mut dyn FnMut(LogRecord) -> ControlFlow<()>) -> Result<()> {
    if let Some(mut log) = LogReader::open(path)? {
        // It does not matter here whether the sink stopped early.
        let _ = log.tail(&LogOptions::default(), sink)?;
    }
    Ok(())
}

/// Nothing was written yet. Create the log here instead of in its writer: a log created later would disappear with a
/// container that removes itself before the next check.
fn open_early(path: &Path, lock: &Path) -> Result<Option<LogReader>> {
    if lock::is_held(lock)? {
        match super::create(path) {
            // The container was just removed, without output.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            created => created.on("open", path)?,
        };
    }
    LogReader::open(path)
}

/// Reads a log through all its files, from the oldest, and continues with the new one after a rotation.
struct LogReader {
    path: PathBuf,
    /// Files that existed at the beginning and are not read yet, newest first.
    older: Vec<File>,
    reader: BufReader<File>,
    /// A line whose end has not been written yet.
    partial: Vec<u8>,
}

/// Identifies a file independently of its name.
fn identity(file: &File) -> Option<(u64, u64)> {
    let about = file.metadata().ok()?;
    Some((about.dev(), about.ino()))
}

fn buffered(file: File) -> BufReader<File> {
    BufReader::with_capacity(64 << 10, file)
}

impl LogReader {
    /// `None` if nothing has been written.
    fn open(path: &Path) -> Result<Option<Self>> {
        // Newest first: a rotation in between shows a file twice but hides none.
        let mut files: Vec<File> = Vec::new();
        let mut missing = 0;
        for age in 0.. {
            let path = rotated(path, age);
            match File::open(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound && missing < GAPS => missing += 1,
                Err(error) if error.kind() == ErrorKind::NotFound => break,
                file => {
                    missing = 0;
                    let file = file.on("open", &path)?;
                    if files.iter().all(|known| identity(known) != identity(&file)) {
                        files.push(file);
                    }
                }
            }
        }
        let Some(oldest) = files.pop() else {
            return Ok(None);
        };
        Ok(Some(Self {
            path: path.to_owned(),
            older: files,
            reader: buffered(oldest),
            partial: Vec::new(),
        }))
    }

    /// Continues with the file after the current one, which has been read to its end. Returns whether there is one.
    fn advance(&mut self) -> bool {
        if let Some(file) = self.older.pop() {
            self.reader = buffered(file);
            // A record truncated by a crash does not continue in the next file.
            self.partial.clear();
            return true;
        }
        let own = identity(self.reader.get_ref());
        let mut newer: Option<File> = None;
        let mut missing = 0;
        // Files only grow older, and the search goes the same way, so the file after ours is not missed.
        for age in 0.. {
            match File::open(rotated(&self.path, age)) {
                Ok(file) if identity(&file) == own => break,
                Ok(file) => {
                    missing = 0;
                    newer = Some(file);
                }
                Err(_) if missing < GAPS => missing += 1,
                Err(_) => break,
            }
        }
        let Some(newer) = newer else {
            return false;
        };
        self.older.push(newer);
        true
    }

    /// The next complete record; `None` at the current end of the log. Unreadable lines are skipped.
    fn next(&mut self) -> Result<Option<LogRecord>> {
        loop {
            if let Some(record) = self.next_of_file()? {
                return Ok(Some(record));
            }
            if !self.older.is_empty() {
                self.advance();
                continue;
            }
            // The file may have been written to and rotated since its end was seen: read it once more.
            if !self.advance() {
                return Ok(None);
            }
        }
    }

    fn next_of_file(&mut self) -> Result<Option<LogRecord>> {
        loop {
            let length = self
                .reader
                .read_until(b'\n', &mut self.partial)
                .on("read", "the log")?;
            if length == 0 || self.partial.last() != Some(&b'\n') {
                return Ok(None);
            }
            let record = parse(&self.partial);
            self.partial.clear();
            if record.is_some() {
                return Ok(record);
            }
        }
    }

    /// Everything so far, or its last lines.
    fn tail(
        &mut self,
        options: &LogOptions,
        sink: &mut dyn FnMut(LogRecord) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        let mut kept = VecDeque::new();
        while let Some(record) = self.next()? {
            if !wanted(&record, options) {
                continue;
            }
            match options.tail {
                None => {
                    if sink(record).is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Some(0) => {}
                Some(count) => {
                    if kept.len() == count {
                        kept.pop_front();
                    }
                    kept.push_back(record);
                }
            }
        }
        for record in kept {
            if sink(record).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn follow(
        &mut self,
        lock: &Path,
        options: &LogOptions,
        sink: &mut dyn FnMut(LogRecord) -> ControlFlow<()>,
    ) -> Result<()> {
        loop {
            // Check the lock before reading: everything written until its release is read below.
            let alive = lock::is_held(lock)?;
            while let Some(record) = self.next()? {
                if wanted(&record, options) && sink(record).is_break() {
                    return Ok(());
                }
            }
            if !alive {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
    }
}

fn wanted(record: &LogRecord, options: &LogOptions) -> bool {
    options.since.is_none_or(|since| record.time >= since)
        && options.until.is_none_or(|until| record.time < until)
}

fn parse(line: &[u8]) -> Option<LogRecord> {
    let line: Line<'_> = serde_json::from_slice(line).ok()?;
    Some(LogRecord {
        time: line.time.parse::<Timestamp>().ok()?,
        stderr: line.stream == "stderr",
        bytes: line.log.into_owned().into_bytes(),
    })
}

#[cfg(test)]
pub(super) fn read_all(path: &Path) -> Result<Vec<LogRecord>> {
    let mut records = Vec::new();
    if let Some(mut log) = LogReader::open(path)? {
        while let Some(record) = log.next()? {
            records.push(record);
        }
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn tail(options: &LogOptions) -> Vec<String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for second in 0..5 {
            writeln!(
                file,
                r#"{{"log":"{second}\n","stream":"stdout","time":"1970-01-01T00:00:0{second}Z"}}"#
            )
            .unwrap();
        }
        file.write_all(b"not json\n{\"log\":\"cut").unwrap();
        let mut found = Vec::new();
        let mut log = LogReader::open(file.path()).unwrap().unwrap();
        let _ = log
            .tail(options, &mut |record| {
                found.push(String::from_utf8(record.bytes).unwrap().trim().to_owned());
                ControlFlow::Continue(())
            })
            .unwrap();
        found
    }

    #[test]
    fn the_last_lines_and_a_span_of_time_can_be_chosen() {
        assert_eq!(tail(&LogOptions::default()), ["0", "1", "2", "3", "4"]);
        assert_eq!(
            tail(&LogOptions {
                tail: Some(2),
                ..Default::default()
            }),
            ["3", "4"]
        );
        assert_eq!(
            tail(&LogOptions {
                tail: Some(0),
                ..Default::default()
            }),
            [""; 0]
        );
        let second = |s| Some(Timestamp::from_second(s).unwrap());
        let options = LogOptions {
            since: second(1),
            until: second(3),
            ..Default::default()
        };
        assert_eq!(tail(&options), ["1", "2"]);
    }
}
