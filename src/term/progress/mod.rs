//! A build's progress, in BuildKit's form.
//!
//! **What Docker does.** On a terminal, it redraws a block of lines; elsewhere (or with `--progress=plain`) it prints
//! one line at a time, each with the number of its vertex.
//! **What we do.** The same two forms, plus the reason for each step that was not cached. The cursor moves only if the
//! output is a terminal.

mod plain;
mod terminal;

#[cfg(test)]
mod tests;

use engine::build::cache::explain::Reason;
use engine::build::observe::{BuildObserver, Progress, StepReport};
use plain::Plain;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;
use terminal::Terminal;

/// The terminal that shows a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Screen {
    /// Its width.
    pub(crate) columns: usize,
    /// Its height.
    pub(crate) rows: usize,
    /// Whether colour is wanted.
    pub(crate) colour: bool,
}

/// The form in which a build is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `--progress=plain`, and any output that is not a terminal.
    Plain,
    /// `--progress=tty`.
    Terminal(Screen),
}

/// Writes a build's progress to `out`. Call [`Follower::finish`] when the build is done. The last output of a failing
/// step is part of the build's error, and not repeated here.
pub(crate) struct Follower<W> {
    out: W,
    drawing: Drawing,
    /// The time since the build began.
    clock: Box<dyn Fn() -> Duration>,
    vertices: BTreeMap<usize, Vertex>,
    /// The first write error; nothing is written after it.
    broken: Option<io::Error>,
}

enum Drawing {
    Plain(Plain),
    Terminal(Terminal),
}

/// The longest output line that is joined, in bytes.
const LONGEST: usize = 16 << 10;

/// A vertex that is running.
#[derive(Debug, Default)]
struct Vertex {
    name: String,
    began: Duration,
    /// The start of a line that is not complete yet.
    partial: Vec<u8>,
}

/// How a vertex ended.
struct End<'a> {
    number: usize,
    name: &'a str,
    duration: Duration,
    cached: bool,
    reason: Option<String>,
    error: Option<&'a str>,
}

impl<W: Write> Follower<W> {
    /// Follows a build in `form`. `clock` returns the time since the build began.
    pub(crate) fn new(out: W, form: Form, clock: impl Fn() -> Duration + 'static) -> Self {
        Self {
            out,
            drawing: match form {
                Form::Plain => Drawing::Plain(Plain::default()),
                Form::Terminal(screen) => Drawing::Terminal(Terminal::new(screen)),
            },
            clock: Box::new(clock),
            vertices: BTreeMap::new(),
            broken: None,
        }
    }

    /// Writes the rest, and returns the writer.
    ///
    /// # Errors
    /// The first write error, if there was one.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        let now = (self.clock)();
        let result = match &mut self.drawing {
            Drawing::Plain(_) => Ok(()),
            Drawing::Terminal(terminal) => terminal.finish(&mut self.out, now),
        };
        match self.broken {
            Some(error) => Err(error),
            None => result.and_then(|()| self.out.flush()).map(|()| self.out),
        }
    }

    fn write(&mut self, event: Progress<'_>) -> io::Result<()> {
        let now = (self.clock)();
        match event {
            Progress::Started { vertex, name } => {
                let begun = Vertex {
                    name: name.to_owned(),
                    began: now,
                    ..Vertex::default()
                };
                self.vertices.insert(vertex, begun);
                match &mut self.drawing {
                    Drawing::Plain(plain) => plain.started(&mut self.out, vertex, name),
                    Drawing::Terminal(terminal) => {
                        terminal.started(&mut self.out, vertex, name, now)
                    }
                }
            }
            Progress::Note { vertex, text } => match &mut self.drawing {
                Drawing::Plain(plain) => plain.line(&mut self.out, vertex, text),
                Drawing::Terminal(terminal) => terminal.note(&mut self.out, vertex, text, now),
            },
            Progress::Output { vertex, bytes, .. } => self.output(vertex, bytes, now),
            Progress::Tick => match &mut self.drawing {
                Drawing::Plain(_) => Ok(()),
                Drawing::Terminal(terminal) => terminal.refresh(&mut self.out, now),
            },
            Progress::Finished {
                vertex,
                duration,
                step,
                error,
            } => self.finished(vertex, duration, step, error, now),
        }
    }

    fn output(&mut self, number: usize, bytes: &[u8], now: Duration) -> io::Result<()> {
        let Some(vertex) = self.vertices.get_mut(&number) else {
            return Ok(());
        };
        vertex.partial.extend_from_slice(bytes);
        let mut lines = Vec::new();
        while let Some(end) = vertex.partial.iter().position(|&byte| byte == b'\n') {
            let rest = vertex.partial.split_off(end + 1);
            lines.push(std::mem::replace(&mut vertex.partial, rest));
        }
        if vertex.partial.len() > LONGEST {
            lines.push(std::mem::take(&mut vertex.partial));
        }
        for line in lines {
            self.output_line(number, &line, now)?;
        }
        match &mut self.drawing {
            Drawing::Plain(_) => Ok(()),
            Drawing::Terminal(terminal) => terminal.refresh(&mut self.out, now),
        }
    }

    fn output_line(&mut self, number: usize, line: &[u8], now: Duration) -> io::Result<()> {
        let Some(vertex) = self.vertices.get(&number) else {
            return Ok(());
        };
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches(['\n', '\r']);
        // A line that overwrote itself is shown in its final form.
        let text = text.rsplit('\r').next().unwrap_or_default();
        let since = now.saturating_sub(vertex.began);
        match &mut self.drawing {
            Drawing::Plain(plain) => {
                let text = format!("{:.3} {text}", since.as_secs_f64());
                plain.line(&mut self.out, number, &text)
            }
            Drawing::Terminal(terminal) => {
                terminal.output(number, text);
                Ok(())
            }
        }
    }

    fn finished(
        &mut self,
        number: usize,
        duration: Duration,
        step: Option<&StepReport>,
        error: Option<&str>,
        now: Duration,
    ) -> io::Result<()> {
        let partial = self
            .vertices
            .get_mut(&number)
            .map(|v| std::mem::take(&mut v.partial));
        if let Some(line) = partial.filter(|line| !line.is_empty()) {
            self.output_line(number, &line, now)?;
        }
        let vertex = self.vertices.remove(&number).unwrap_or_default();
        let end = End {
            number,
            name: &vertex.name,
            duration,
            cached: step.is_some_and(|step| step.cached),
            reason: step
                .and_then(|step| step.reason.as_ref())
                .and_then(reason_text),
            error,
        };
        match &mut self.drawing {
            Drawing::Plain(plain) => plain.ended(&mut self.out, &end),
            Drawing::Terminal(terminal) => terminal.ended(&mut self.out, &end, now),
        }
    }
}

impl<W: Write> BuildObserver for Follower<W> {
    fn progress(&mut self, event: Progress<'_>) {
        if self.broken.is_none() {
            self.broken = self.write(event).err();
        }
    }
}

/// The text of the reason. On the first run, every step runs, so no reason is shown.
fn reason_text(reason: &Reason) -> Option<String> {
    match reason.root() {
        Reason::FirstTime => None,
        _ => Some(format!("ran: {reason}")),
    }
}
