//! One line per layer, redrawn.

use super::progress;
use crate::term::human::ellipsis;
use crate::term::human::size4;
use engine::image::remote::LayerStatus;
use std::io::{self, Write};
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

/// How often the byte count of one layer is redrawn.
const PACE: Duration = Duration::from_millis(100);
/// Docker shows a bar only on wider terminals.
const WITHOUT_BAR: usize = 110;
/// The width of the bar.
const BAR: usize = 50;

/// What is on the screen.
#[derive(Debug)]
pub(super) struct Terminal {
    columns: usize,
    rows: usize,
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    id: String,
    /// The text that it should show.
    text: String,
    /// The kind of its status, without the byte counts.
    what: std::mem::Discriminant<LayerStatus>,
    /// When it was last drawn.
    at: Duration,
    /// The screen does not show `text` yet.
    stale: bool,
}

impl Terminal {
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns: columns.max(20),
            rows: rows.max(3),
            lines: Vec::new(),
        }
    }

    /// The layer `id` has a new status.
    pub(super) fn layer(
        &mut self,
        out: &mut dyn Write,
        id: &str,
        status: &LayerStatus,
        now: Duration,
    ) -> io::Result<()> {
        let text = line(id, status, self.columns);
        let what = std::mem::discriminant(status);
        let Some(at) = self.lines.iter().position(|line| line.id == id) else {
            writeln!(out, "{text}")?;
            self.lines.push(Line {
                id: id.to_owned(),
                text,
                what,
                at: now,
                stale: false,
            });
            return Ok(());
        };
        let line = &mut self.lines[at];
        line.stale |= line.text != text;
        line.text = text;
        let is_moving = progress(status).is_some() && line.what == what;
        if !line.stale || is_moving && now < line.at + PACE {
            return Ok(());
        }
        (line.what, line.at) = (what, now);
        self.draw(out, at)
    }

    /// Draws what is not drawn yet; the lines stay, and later output follows them.
    pub(super) fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        for at in 0..self.lines.len() {
            if self.lines[at].stale {
                self.draw(out, at)?;
            }
        }
        self.lines.clear();
        Ok(())
    }

    /// Draws the line `at`, unless it has scrolled away.
    fn draw(&mut self, out: &mut dyn Write, at: usize) -> io::Result<()> {
        let up = self.lines.len() - at;
        let line = &mut self.lines[at];
        line.stale = false;
        if up >= self.rows {
            return Ok(());
        }
        write!(out, "\x1b[{up}A\r\x1b[2K{}\r\x1b[{up}B", line.text)
    }
}

/// `4a48232adfda: Downloading  12.08MB/40.01MB`, in at most `columns` columns.
fn line(id: &str, status: &LayerStatus, columns: usize) -> String {
    let Some((done, total)) = progress(status) else {
        return ellipsis(&format!("{id}: {status} "), columns);
    };
    let head = format!("{id}: {status} ");
    if total == 0 {
        let done = if done == 0 {
            String::new()
        } else {
            size4(done)
        };
        return ellipsis(&format!("{head}{done:>8}"), columns);
    }
    let done_text = size4(done);
    let numbers = match done > total {
        // The known total is wrong.
        true => format!("{done_text:>8}"),
        false => format!("{done_text:>8}/{}", size4(total)),
    };
    let text = match columns > WITHOUT_BAR {
        true => format!("{head}{}{numbers}", bar(done, total)),
        false => format!("{head}{numbers}"),
    };
    if text.width() <= columns {
        return text;
    }
    let percent = done.min(total) * 100 / total;
    ellipsis(&format!("{head}{percent:>3}%"), columns)
}

/// `[====>          ] `
fn bar(done: u64, total: u64) -> String {
    let filled = (done.min(total) as f64 / total as f64 * BAR as f64) as usize;
    format!("[{}>{}] ", "=".repeat(filled), " ".repeat(BAR - filled))
}
