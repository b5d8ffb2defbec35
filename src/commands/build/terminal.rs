//! Progress on a terminal: a line for each step, and under the running ones the last of what they write.
//!
//! Only the lines of what still runs are ever drawn again; what is done stays where it is, so the history of the
//! terminal can be scrolled.

use super::progress::{Form, Lines};
use crate::ctx;
use engine::build::observe::{Progress, StepReport};
use std::io::{self, Write};
use std::time::{Duration, Instant};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// So many lines of a running step are shown.
const SHOWN: usize = 6;

/// The form.
pub(super) struct Terminal {
    began: Instant,
    running: Vec<Step>,
    /// Lines drawn for what runs, to be drawn again.
    drawn: usize,
    done: usize,
    failed: bool,
}

struct Step {
    vertex: usize,
    name: String,
    began: Instant,
    lines: Lines,
    tail: Vec<String>,
}

impl Default for Terminal {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            running: Vec::new(),
            drawn: 0,
            done: 0,
            failed: false,
        }
    }
}

impl Form for Terminal {
    fn show(&mut self, out: &mut dyn Write, event: Progress<'_>) -> io::Result<()> {
        let width = ctx::terminal_size().map_or(80, |(_, columns)| usize::from(columns));
        let mut text = self.erased();
        match event {
            Progress::Started { vertex, name } => self.running.push(Step {
                vertex,
                name: name.to_owned(),
                began: Instant::now(),
                lines: Lines::default(),
                tail: Vec::new(),
            }),
            Progress::Note { vertex, text } => self.tail(vertex, vec![text.to_owned()]),
            Progress::Output { vertex, bytes, .. } => {
                let step = self.running.iter_mut().find(|step| step.vertex == vertex);
                let lines = step.map(|step| step.lines.push(bytes)).unwrap_or_default();
                self.tail(vertex, lines);
            }
            Progress::Finished {
                vertex,
                duration,
                step,
                error,
            } => {
                let at = self.running.iter().position(|step| step.vertex == vertex);
                let name = at
                    .map(|at| self.running.remove(at).name)
                    .unwrap_or_default();
                self.done += 1;
                self.failed |= error.is_some();
                text += &finished(&name, duration, step, error, width);
            }
        }
        text += &self.draw(width);
        out.write_all(text.as_bytes())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let seconds = self.began.elapsed().as_secs_f64();
        let (done, all) = (self.done, self.done + self.running.len());
        let verdict = if self.failed { "ERROR" } else { "FINISHED" };
        write!(
            out,
            "{}[+] Building {seconds:.1}s ({done}/{all}) {verdict}\n",
            self.erased()
        )
    }
}

impl Terminal {
    /// Moves to where the first line of what runs was drawn, and clears from there.
    fn erased(&mut self) -> String {
        match std::mem::take(&mut self.drawn) {
            0 => String::new(),
            lines => format!("\x1b[{lines}A\r\x1b[J"),
        }
    }

    fn tail(&mut self, vertex: usize, lines: Vec<String>) {
        if let Some(step) = self.running.iter_mut().find(|step| step.vertex == vertex) {
            step.tail.extend(lines);
            let extra = step.tail.len().saturating_sub(SHOWN);
            step.tail.drain(..extra);
        }
    }

    fn draw(&mut self, width: usize) -> String {
        let mut text = String::new();
        for step in &self.running {
            text += &line(&format!(" => {}", step.name), step.began.elapsed(), width);
            self.drawn += 1;
            for output in &step.tail {
                text += &format!(
                    "{}\n",
                    cut(&format!(" => => # {output}"), width.saturating_sub(1))
                );
                self.drawn += 1;
            }
        }
        text
    }
}

/// The lines that stay of a step that is done.
fn finished(
    name: &str,
    duration: Duration,
    step: Option<&StepReport>,
    error: Option<&str>,
    width: usize,
) -> String {
    let mark = match (error, step) {
        (Some(_), _) => "ERROR ",
        (None, Some(step)) if step.cached => "CACHED ",
        _ => "",
    };
    let mut text = line(&format!(" => {mark}{name}"), duration, width);
    if let Some(reason) = step.and_then(|step| step.reason.as_ref()) {
        let reason = format!("    (ran: {reason})");
        text += &format!("{}\n", cut(&reason, width.saturating_sub(1)));
    }
    text
}

/// `text` and, at the right, the time.
fn line(text: &str, time: Duration, width: usize) -> String {
    let time = format!("{:.1}s", time.as_secs_f64());
    let room = width.saturating_sub(time.len() + 2);
    let text = cut(text, room);
    let blanks = room.saturating_sub(text.width()) + 1;
    format!("{text}{}{time}\n", " ".repeat(blanks))
}

/// As much of `text` as fits into `width` columns; where it does not fit, it ends with an ellipsis.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (mut kept, mut used) = (String::new(), 1);
    for letter in text.chars() {
        used += letter.width().unwrap_or(0);
        if used > width {
            break;
        }
        kept.push(letter);
    }
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_at_the_right() {
        let text = line(" => [1/2] FROM x", Duration::from_millis(1234), 40);
        assert_eq!(text, format!(" => [1/2] FROM x{}1.2s\n", " ".repeat(19)));
        assert!(line(&"x".repeat(99), Duration::ZERO, 40).width() <= 41);
    }

    #[test]
    fn only_what_runs_is_drawn_again() {
        let mut form = Terminal::default();
        let mut out = Vec::new();
        form.show(
            &mut out,
            Progress::Started {
                vertex: 1,
                name: "a",
            },
        )
        .unwrap();
        form.show(
            &mut out,
            Progress::Output {
                vertex: 1,
                stderr: false,
                bytes: b"one\ntwo\n",
            },
        )
        .unwrap();
        assert_eq!(form.drawn, 3);
        let done = Progress::Finished {
            vertex: 1,
            duration: Duration::ZERO,
            step: None,
            error: None,
        };
        form.show(&mut out, done).unwrap();
        assert_eq!(form.drawn, 0);
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("\x1b[3A") && text.contains(" => => # two"));
    }
}
