//! `--progress=tty`: a block of lines whose last lines are redrawn.
//!
//! Finished lines stay where they are. Below them, the *live* lines show what is running and the last lines of its
//! output. No line is wider than the terminal, so that the lines can be counted.

use super::{End, Screen};
use crate::term::human::ellipsis;
use anstream::adapter::strip_str;
use engine::visible::is_obeyed;
use owo_colors::{OwoColorize, Style};
use std::io::{self, Write};
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

/// How many lines of a running step's output are shown.
const SHOWN: usize = 6;

/// What is on the screen.
#[derive(Debug)]
pub(super) struct Terminal {
    screen: Screen,
    /// Lines that stay, since the headline.
    settled: usize,
    /// Lines that are redrawn.
    live: usize,
    /// The headline was written.
    begun: bool,
    working: Vec<Work>,
    ended: usize,
    failed: bool,
}

/// A vertex that is running.
#[derive(Debug)]
struct Work {
    number: usize,
    name: String,
    began: Duration,
    notes: Vec<String>,
    output: Vec<String>,
}

impl Terminal {
    pub(super) fn new(screen: Screen) -> Self {
        Self {
            screen: Screen {
                columns: screen.columns.max(20),
                ..screen
            },
            settled: 0,
            live: 0,
            begun: false,
            working: Vec::new(),
            ended: 0,
            failed: false,
        }
    }

    pub(super) fn started(
        &mut self,
        out: &mut dyn Write,
        number: usize,
        name: &str,
        now: Duration,
    ) -> io::Result<()> {
        if !self.begun {
            self.begun = true;
            writeln!(out, "{}", self.headline(now, false))?;
        }
        self.working.push(Work {
            number,
            name: shown(name),
            began: now,
            notes: Vec::new(),
            output: Vec::new(),
        });
        self.refresh(out, now)
    }

    pub(super) fn note(
        &mut self,
        out: &mut dyn Write,
        number: usize,
        text: &str,
        now: Duration,
    ) -> io::Result<()> {
        if let Some(work) = self.working.iter_mut().find(|work| work.number == number) {
            work.notes.push(shown(text));
        }
        self.refresh(out, now)
    }

    /// A line of output. [`Terminal::refresh`] draws it.
    pub(super) fn output(&mut self, number: usize, text: &str) {
        if let Some(work) = self.working.iter_mut().find(|work| work.number == number) {
            work.output.push(shown(text));
            if work.output.len() > SHOWN {
                work.output.remove(0);
            }
        }
    }

    /// Redraws what changes, including the clocks.
    pub(super) fn refresh(&mut self, out: &mut dyn Write, now: Duration) -> io::Result<()> {
        self.erase(out)?;
        self.rewrite_headline(out, now, false)?;
        self.draw(out, now)
    }

    pub(super) fn ended(
        &mut self,
        out: &mut dyn Write,
        end: &End<'_>,
        now: Duration,
    ) -> io::Result<()> {
        let place = self
            .working
            .iter()
            .position(|work| work.number == end.number);
        let work = place.map(|place| self.working.remove(place));
        self.ended += 1;
        self.erase(out)?;
        let name = shown(end.name);
        let (mark, style) = match (end.error, end.cached) {
            (Some(_), _) => ("ERROR ", Style::new().red()),
            (None, true) => ("CACHED ", Style::new().cyan()),
            (None, false) => ("", Style::new()),
        };
        let line = self.timed(&format!(" => {mark}{name}"), end.duration);
        self.settle(out, &line, style)?;
        for note in work.iter().flat_map(|work| &work.notes) {
            let line = ellipsis(&format!(" => => {note}"), self.screen.columns);
            self.settle(out, &line, Style::new())?;
        }
        if let Some(reason) = &end.reason {
            for line in folded(reason, self.screen.columns.saturating_sub(7)) {
                self.settle(out, &format!(" => => {line}"), Style::new().yellow())?;
            }
        }
        self.failed |= end.error.is_some();
        self.rewrite_headline(out, now, false)?;
        self.draw(out, now)
    }

    pub(super) fn finish(&mut self, out: &mut dyn Write, now: Duration) -> io::Result<()> {
        self.erase(out)?;
        self.rewrite_headline(out, now, true)
    }

    /// `[+] Building 1.2s (3/5)`
    fn headline(&self, now: Duration, finished: bool) -> String {
        let (ended, begun) = (self.ended, self.ended + self.working.len());
        let end = match (finished, self.failed) {
            (false, _) => "",
            (true, false) => " FINISHED",
            (true, true) => " ERROR",
        };
        let seconds = now.as_secs_f64();
        ellipsis(
            &format!("[+] Building {seconds:.1}s ({ended}/{begun}){end}"),
            self.screen.columns,
        )
    }

    /// Redraws the headline while it is still on the screen, and erases the live lines.
    fn rewrite_headline(
        &mut self,
        out: &mut dyn Write,
        now: Duration,
        finished: bool,
    ) -> io::Result<()> {
        if !self.begun || self.settled + 1 >= self.screen.rows {
            return Ok(());
        }
        let (headline, up) = (self.headline(now, finished), self.settled + 1);
        write!(out, "\x1b[{up}A\r\x1b[2K{headline}\x1b[{up}B\r")
    }

    /// `text`, with the time at the right edge.
    fn timed(&self, text: &str, duration: Duration) -> String {
        let time = format!("{:.1}s", duration.as_secs_f64());
        let room = self.screen.columns.saturating_sub(time.width() + 2);
        let text = ellipsis(text, room);
        let blanks = room.saturating_sub(text.width()) + 1;
        format!("{text}{}{time}", " ".repeat(blanks))
    }

    /// Writes a line that stays.
    fn settle(&mut self, out: &mut dyn Write, line: &str, style: Style) -> io::Result<()> {
        self.settled += 1;
        match self.screen.colour {
            true => writeln!(out, "{}", line.style(style)),
            false => writeln!(out, "{line}"),
        }
    }

    fn erase(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match std::mem::take(&mut self.live) {
            0 => Ok(()),
            lines => write!(out, "\x1b[{lines}A\r\x1b[J"),
        }
    }

    fn draw(&mut self, out: &mut dyn Write, now: Duration) -> io::Result<()> {
        let mut lines = Vec::new();
        for work in &self.working {
            let time = now.saturating_sub(work.began);
            lines.push(self.timed(&format!(" => {}", work.name), time));
            lines.extend(work.notes.iter().map(|note| format!(" => => {note}")));
            lines.extend(work.output.iter().map(|line| format!(" => => # {line}")));
        }
        // A line that scrolled away could not be erased.
        let fit = self.screen.rows.saturating_sub(2).max(1);
        let skipped = lines.len().saturating_sub(fit);
        for line in &lines[skipped..] {
            writeln!(out, "{}", ellipsis(line, self.screen.columns))?;
        }
        self.live = lines.len() - skipped;
        out.flush()
    }
}

/// Text of a program or a Dockerfile, without anything that could move the cursor.
fn shown(text: &str) -> String {
    let plain = strip_str(text).to_string();
    let visible = |c: char| match c {
        '\t' => ' ',
        c => c,
    };
    plain
        .chars()
        .map(visible)
        .filter(|c| !is_obeyed(*c))
        .collect()
}

/// `text`, wrapped into lines of at most `width` columns, between words where possible.
fn folded(text: &str, width: usize) -> Vec<String> {
    let width = width.max(10);
    let mut lines = vec![String::new()];
    for word in shown(text).split(' ') {
        let word = ellipsis(word, width);
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(&word),
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}
