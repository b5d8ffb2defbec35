//! Writing the log: lines are gathered, long ones cut, and each batch goes out with one `write(2)`.

use super::{LONGEST, Line};
use crate::error::{IoContext, Result};
use jiff::Timestamp;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The log of one container, open for as long as its monitor lives.
pub(in crate::runtime) struct LogWriter {
    path: PathBuf,
    file: File,
    /// What was read of a line that has not ended yet, by stream, and when its first piece came.
    partial: [(Vec<u8>, Option<Timestamp>); 2],
}

const NAMES: [&str; 2] = ["stdout", "stderr"];

impl LogWriter {
    /// Opens the log for appending.
    pub(in crate::runtime) fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o640)
            .open(path)
            .on("open", path)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            partial: Default::default(),
        })
    }

    /// Logs `bytes`; a line without its end is kept until more comes, or until it is too long.
    pub(in crate::runtime) fn write(
        &mut self,
        stderr: bool,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<()> {
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

    /// Logs what is left of lines that never ended.
    pub(in crate::runtime) fn flush(&mut self) -> Result<()> {
        let mut batch = Vec::new();
        for (stream, (buffer, since)) in self.partial.iter_mut().enumerate() {
            if let (false, Some(time)) = (buffer.is_empty(), since.take()) {
                push(&mut batch, NAMES[stream], &std::mem::take(buffer), time);
            }
        }
        self.put(&batch)
    }

    fn put(&mut self, batch: &[u8]) -> Result<()> {
        if batch.is_empty() {
            Ok(())
        } else {
            self.file.write_all(batch).on("write", &self.path)
        }
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
        let mut log = LogWriter::open(&path).unwrap();
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

    #[test]
    fn a_long_line_is_cut_at_sixteen_kibibytes() {
        let long = vec![b'x'; LONGEST * 2 + 5];
        let mut bytes = long.clone();
        bytes.push(b'\n');
        let found = records(&[(false, &bytes)]);
        let lengths: Vec<usize> = found.iter().map(|record| record.bytes.len()).collect();
        assert_eq!(lengths, [LONGEST, LONGEST, 6]);
        assert!(found.iter().all(|record| record.time == found[0].time));
    }
}
