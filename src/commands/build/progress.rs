//! Following a build: which form its progress has, and what the failing step wrote.

use super::plain::Plain;
use super::terminal::Terminal;
use engine::build::observe::{BuildObserver, Progress};
use std::io::{self, Write};

/// So many last lines of a failing step are shown again at the end.
const KEPT: usize = 20;

/// The form of the progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing until the end.
    Quiet,
    /// Lines with the number of their step; nothing ever moves.
    Plain,
    /// One line for each step, and under the running one what it writes.
    Terminal,
}

impl Kind {
    /// The form that `--progress` and `-q` ask for; `None` if there is no such form.
    pub(super) fn choose(progress: &str, quiet: bool, is_terminal: bool) -> Option<Self> {
        let can_move = is_terminal && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Some(match progress {
            _ if quiet => Self::Quiet,
            "quiet" => Self::Quiet,
            "plain" | "rawjson" => Self::Plain,
            "tty" => Self::Terminal,
            "auto" | "" if can_move => Self::Terminal,
            "auto" | "" => Self::Plain,
            _ => return None,
        })
    }
}

/// What the failing step wrote last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failing {
    pub(super) name: String,
    pub(super) output: Vec<String>,
}

/// One form of showing progress.
pub(super) trait Form {
    /// Something happened.
    fn show(&mut self, out: &mut dyn Write, event: Progress<'_>) -> io::Result<()>;
    /// The build is over.
    fn end(&mut self, out: &mut dyn Write) -> io::Result<()>;
}

/// Follows a build on standard error.
pub(super) struct Observer {
    form: Option<Box<dyn Form>>,
    running: Vec<(usize, String, Lines)>,
    failing: Option<Failing>,
}

impl Observer {
    /// An observer that shows progress in the form of `kind`.
    pub(super) fn new(kind: Kind) -> Self {
        let form: Option<Box<dyn Form>> = match kind {
            Kind::Quiet => None,
            Kind::Plain => Some(Box::<Plain>::default()),
            Kind::Terminal => Some(Box::<Terminal>::default()),
        };
        Self {
            form,
            running: Vec::new(),
            failing: None,
        }
    }

    /// The build is over; returns what failed, if something did.
    pub(super) fn finish(mut self) -> Option<Failing> {
        if let Some(form) = &mut self.form {
            // A terminal that has gone away cannot be told that it has.
            let _ = form.end(&mut io::stderr());
        }
        self.failing
    }
}

impl BuildObserver for Observer {
    fn progress(&mut self, event: Progress<'_>) {
        match event {
            Progress::Started { vertex, name } => {
                self.running
                    .push((vertex, name.to_owned(), Lines::default()));
            }
            Progress::Output { vertex, bytes, .. } => {
                let running = self
                    .running
                    .iter_mut()
                    .find(|(number, ..)| *number == vertex);
                if let Some((.., lines)) = running {
                    lines.push(bytes);
                }
            }
            Progress::Finished { vertex, error, .. } => {
                let at = self
                    .running
                    .iter()
                    .position(|(number, ..)| *number == vertex);
                if let Some((_, name, lines)) = at.map(|at| self.running.remove(at))
                    && error.is_some()
                {
                    self.failing = Some(Failing {
                        name,
                        output: lines.last(KEPT),
                    });
                }
            }
            Progress::Note { .. } => {}
        }
        if let Some(form) = &mut self.form {
            let _ = form.show(&mut io::stderr(), event);
        }
    }
}

/// Output cut anywhere, put together to lines again.
#[derive(Debug, Default)]
pub(super) struct Lines {
    whole: Vec<String>,
    rest: Vec<u8>,
}

impl Lines {
    /// Adds bytes; returns the lines that are whole now.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        self.rest.extend_from_slice(bytes);
        let mut new = Vec::new();
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            new.push(visible(&line));
        }
        self.whole.extend(new.iter().cloned());
        let extra = self.whole.len().saturating_sub(KEPT);
        self.whole.drain(..extra);
        new
    }

    /// The last line, if it never ended.
    pub(super) fn unfinished(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.rest);
        (!rest.is_empty()).then(|| visible(&rest))
    }

    /// The last `count` lines.
    pub(super) fn last(mut self, count: usize) -> Vec<String> {
        self.whole.extend(match self.rest.is_empty() {
            true => None,
            false => Some(visible(&self.rest)),
        });
        let start = self.whole.len().saturating_sub(count);
        self.whole.split_off(start)
    }
}

/// A line without its end, and without what would move the cursor.
fn visible(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end_matches(['\n', '\r']);
    let last = text.rsplit('\r').next().unwrap_or(text);
    last.replace('\t', "    ")
        .chars()
        .filter(|letter| !letter.is_control())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_again() {
        let mut lines = Lines::default();
        assert!(lines.push(b"ab").is_empty());
        assert_eq!(lines.push(b"c\nde\r\nf"), ["abc", "de"]);
        assert_eq!(lines.last(2), ["de", "f"]);
    }

    #[test]
    fn a_bar_that_is_drawn_again_and_again_is_its_last_state() {
        assert_eq!(visible(b"10%\r50%\r100%\n"), "100%");
        assert_eq!(visible(b"\x1b[31mred\x1b[0m\n"), "[31mred[0m");
    }

    #[test]
    fn the_form_follows_the_flag_and_the_terminal() {
        assert_eq!(Kind::choose("auto", false, false), Some(Kind::Plain));
        assert_eq!(Kind::choose("tty", false, false), Some(Kind::Terminal));
        assert_eq!(Kind::choose("plain", true, true), Some(Kind::Quiet));
        assert_eq!(Kind::choose("loud", false, true), None);
    }
}
