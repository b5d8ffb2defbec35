//! `--progress=plain`: one line at a time, each with the number of its vertex.

use super::End;
use std::io::{self, Write};

/// The state of the output so far.
#[derive(Debug, Default)]
pub(super) struct Plain {
    /// The vertex of the last line.
    last: Option<usize>,
}

impl Plain {
    pub(super) fn started(
        &mut self,
        out: &mut dyn Write,
        number: usize,
        name: &str,
    ) -> io::Result<()> {
        self.line(out, number, name)
    }

    /// A line of the vertex `number`. A blank line separates it from a line of another vertex.
    pub(super) fn line(
        &mut self,
        out: &mut dyn Write,
        number: usize,
        text: &str,
    ) -> io::Result<()> {
        if self.last.replace(number).is_some_and(|last| last != number) {
            writeln!(out)?;
        }
        for text in text.lines() {
            writeln!(out, "#{number} {}", text.trim_end())?;
        }
        // A program may be reading the pipe.
        out.flush()
    }

    pub(super) fn ended(&mut self, out: &mut dyn Write, end: &End<'_>) -> io::Result<()> {
        let text = match (end.error, end.cached, &end.reason) {
            (Some(error), ..) => {
                format!("ERROR: {}", error.lines().next().unwrap_or_default())
            }
            (None, true, _) => "CACHED".to_owned(),
            (None, false, None) => format!("DONE {:.1}s", end.duration.as_secs_f64()),
            (None, false, Some(reason)) => {
                format!("DONE {:.1}s  ({reason})", end.duration.as_secs_f64())
            }
        };
        self.line(out, end.number, &text)
    }
}
