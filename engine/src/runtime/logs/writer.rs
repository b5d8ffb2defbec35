//! Writes the log: lines are batched, long ones split, and each batch is one `write(2)`; with rotation, one for each
//! file.

use super::driver::Rotation;
use super::{LONGEST, Line, create, rotated};
use crate::error::{IoContext, Result};
use jiff::Timestamp;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The log of one container, open from its first line until its monitor ends.
pub(in crate::runtime) struct LogWriter {
    path: PathBuf,
    /// `None` until there is something to write.
    file: Option<File>,
    /// Whether anything is kept.
    keeps: bool,
    rotation: Option<Rotation>,
    /// Bytes in the file.
    length: u64,
    /// The incomplete line of each stream, and when its first piece arrived.
    partial: [(Vec<u8>, Option<Timestamp>); 2],
}

const NAMES: [&str; 2] = ["stdout", "stderr"];

impl LogWriter {
    /// The log at `path`, created if missing when there is something to write.
    pub(in crate::runtime) fn new(path: &Path, rotation: Option<Rotation>) -> Self {
        Self {
            path: path.to_owned(),
            file: None,
            keeps: true,
            rotation,
            length: 0,
            partial: Default::default(),
        }
    }

    /// A log that keeps nothing.
    pub(in crate::runtime) fn nowhere() -> Self {
        Self {
            path: PathBuf::new(),
            file: None,
            keeps: false,
            rotation: None,
            length: 0,
            partial: Default::default(),
        }
    }

    /// Logs `bytes`; an incomplete line is kept until more arrives or it is too long.
    pub(in crate::runtime) fn write(
        &mut self,
        stderr: bool,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<()> {
        if !self.keeps {
            return Ok(());
        }
        let stream = usize::from(stderr);
        let mut batch = Vec::with_capacity(bytes.len() * 2);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (buffer, since) = &mut self.partial[stream];
            let time = *since.get_or_insert(now);
            buffer.extend_from_slice(piece);
            while buffer.len() > LONGEST {
                let rest = buffer.split_off(LONGEST);
                push(
                    &mut batch,
                    NAMES[stream],
                    &std::mem::replace(buffer, rest),
                    time,
                );
            }
            if buffer.ends_with(b"\n") {
                push(&mut batch, NAMES[stream], &std::mem::take(buffer), time);
                *since = None;
            }
        }
        self.put(&batch)
    }

    /// Logs the remaining incomplete lines.
    pub(in crate::runtime) fn flush(&mut self) -> Result<()> {
        let mut batch = Vec::new();
        for (stream, (buffer, since)) in self.partial.iter_mut().enumerate() {
            if let (false, Some(time)) = (buffer.is_empty(), since.take()) {
                push(&mut batch, NAMES[stream], &std::mem::take(buffer), time);
            }
        }
        self.put(&batch)
    }

    fn put(&mut self, mut batch: &[u8]) -> Result<()> {
        while !batch.is_empty() {
            self.open()?;
            if self
                .rotation
                .is_some_and(|rotation| self.length >= rotation.size)
            {
                self.rotate()?;
            }
            let (now, rest) = batch.split_at(self.room(batch));
            let Some(file) = &mut self.file else {
                return Ok(());
            };
            file.write_all(now).on("write", &self.path)?;
            self.length += now.len() as u64;
            batch = rest;
        }
        Ok(())
    }

    /// Bytes of `batch` for the current file: complete records, up to the one that fills it.
    fn room(&self, batch: &[u8]) -> usize {
        let Some(rotation) = self.rotation else {
            return batch.len();
        };
        let left = usize::try_from(rotation.size.saturating_sub(self.length)).unwrap_or(usize::MAX);
        let from = left.saturating_sub(1).min(batch.len());
        let end = batch[from..].iter().position(|byte| *byte == b'\n');
        end.map_or(batch.len(), |end| from + end + 1)
    }

    /// Deletes the oldest file, ages each other one, and starts a new one. A crash in between leaves a gap in the ages,
    /// which readers skip.
    fn rotate(&mut self) -> Result<()> {
        let files = self.rotation.map_or(1, |rotation| rotation.files);
        if files == 1 {
            std::fs::remove_file(&self.path).on("remove", &self.path)?;
        }
        for age in (0..files - 1).rev() {
            let from = rotated(&self.path, age);
            match std::fs::rename(&from, rotated(&self.path, age + 1)) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                other => other.on("rename", &from)?,
            }
        }
        self.file = None;
        self.open()
    }

    fn open(&mut self) -> Result<()> {
        if self.file.is_none() {
            let file = create(&self.path).on("open", &self.path)?;
            self.length = file.metadata().on("look at", &self.path)?.len();
            self.file = Some(file);
        }
        Ok(())
    }
}

fn push(batch: &mut Vec<u8>, stream: &str, bytes: &[u8], time: Timestamp) {
    let line = Line {
        log: String::from_utf8_lossy(bytes),
        stream: stream.into(),
        time: format!("{time:.9}").into(),
    };
    // Writing strings into memory cannot fail.
    if serde_json::to_writer(&mut *batch, &line).is_ok() {
        batch.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::logs::reader;
    use crate::runtime::spec::LogRecord;

    fn records(writes: &[(bool, &[u8])]) -> Vec<LogRecord> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.json");
        let mut log = LogWriter::new(&path, None);
        for (stderr, bytes) in writes {
            log.write(*stderr, bytes, Timestamp::UNIX_EPOCH).unwrap();
        }
        log.flush().unwrap();
        reader::read_all(&path).unwrap()
    }

    fn check(writes: &[(bool, &[u8])], expected: &[(bool, &str)]) {
        let found: Vec<(bool, String)> = records(writes)
            .into_iter()
            .map(|record| (record.stderr, String::from_utf8(record.bytes).unwrap()))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(e, text)| (*e, (*text).to_owned()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn lines_are_joined_from_pieces_and_streams_are_kept_apart() {
        check(
            &[
                (false, b"he"),
                (true, b"err\n"),
                (false, b"llo\nwor"),
                (false, b"ld\n"),
            ],
            &[(true, "err\n"), (false, "hello\n"), (false, "world\n")],
        );
        check(&[(false, b"no newline")], &[(false, "no newline")]);
        check(&[(false, b"\n\n")], &[(false, "\n"), (false, "\n")]);
    }

    /// Logs the numbers 0 to 199, one record each, with `files` files of `size` bytes; returns what is left, oldest
    /// first.
    fn rotate(size: u64, files: u32, pieces: usize) -> (Vec<String>, usize) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.json");
        let mut log = LogWriter::new(&path, Some(Rotation { size, files }));
        let lines: Vec<String> = (0..200).map(|n| format!("{n}\n")).collect();
        for piece in lines.chunks(pieces) {
            log.write(false, piece.concat().as_bytes(), Timestamp::UNIX_EPOCH)
                .unwrap();
        }
        let texts = reader::read_all(&path).unwrap().into_iter();
        let texts = texts.map(|record| String::from_utf8(record.bytes).unwrap());
        let sizes = std::fs::read_dir(folder.path()).unwrap().map(|entry| {
            let length = entry.unwrap().metadata().unwrap().len();
            assert!(length < size + 100, "{length} bytes in one file");
        });
        (texts.collect(), sizes.count())
    }

    #[test]
    fn a_full_file_is_rotated_and_the_newest_records_are_kept() {
        for pieces in [1, 7, 200] {
            let (texts, count) = rotate(1000, 3, pieces);
            assert_eq!(count, 3, "files with {pieces} records at once");
            let first: usize = texts[0].trim().parse().unwrap();
            let expected: Vec<String> = (first..200).map(|n| format!("{n}\n")).collect();
            assert_eq!(texts, expected);
            assert!((20..60).contains(&texts.len()), "{} records", texts.len());
            let (texts, count) = rotate(1000, 1, pieces);
            assert_eq!(
                (count, texts.last().map(String::as_str)),
                (1, Some("199\n"))
            );
        }
        assert_eq!(rotate(1 << 20, 2, 50).0.len(), 200);
    }

    #[test]
    fn a_long_line_is_split_at_sixteen_kibibytes() {
        let long = vec![b'x'; LONGEST * 2 + 5];
        let mut bytes = long.clone();
        bytes.push(b'\n');
        let found = records(&[(false, &bytes)]);
        let lengths: Vec<usize> = found.iter().map(|record| record.bytes.len()).collect();
        assert_eq!(lengths, [LONGEST, LONGEST, 6]);
        assert!(found.iter().all(|record| record.time == found[0].time));
    }
}
