//! What the terminal can do, and the styles of everything that the course prints.

use crate::env;
use anstream::AutoStream;
use anstream::adapter::strip_str;
use anstyle::{AnsiColor, Effects, Style};
use engine::visible;
use std::io::{self, IsTerminal, Write};

/// A heading.
pub(crate) const HEADING: Style = Style::new().effects(Effects::BOLD);
/// A goal that is reached.
pub(crate) const PASS: Style = AnsiColor::Green.on_default().effects(Effects::BOLD);
/// A goal that is not reached yet.
pub(crate) const NOT_YET: Style = AnsiColor::Yellow.on_default().effects(Effects::BOLD);
/// Secondary text.
pub(crate) const ASIDE: Style = Style::new().effects(Effects::DIMMED);
/// Something to type.
pub(crate) const CODE: Style = AnsiColor::Cyan.on_default();

/// What the terminal can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Colour.
    pub(crate) colour: bool,
    /// Ghost text and anything else that is drawn over: only on a capable terminal, and not in plain mode.
    pub(crate) drawn: bool,
    /// Columns.
    pub(crate) width: usize,
}

/// Longer lines of prose are hard to read.
const WIDEST: usize = 100;

impl Look {
    /// What the terminal, the environment and `--plain` allow.
    pub(crate) fn of_process(plain: bool) -> Self {
        let plain = plain
            || std::env::var_os(env::PLAIN).is_some_and(|value| !value.is_empty() && value != "0");
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let is_terminal = io::stdout().is_terminal() && io::stdin().is_terminal();
        let choice = AutoStream::choice(&io::stdout());
        Self {
            colour: !plain && choice != anstream::ColorChoice::Never,
            drawn: !plain && !dumb && is_terminal,
            width: crate::output::terminal_size().map_or(80, |(_, columns)| usize::from(columns)),
        }
    }

    /// The same with the terminal's present width: it may have been resized.
    pub(crate) fn at_present(self) -> Self {
        let width = crate::output::terminal_size().map_or(80, |(_, columns)| usize::from(columns));
        Self { width, ..self }
    }

    /// Rows, if text may be drawn over.
    pub(crate) fn rows(&self) -> Option<usize> {
        let (rows, _) = crate::output::terminal_size()?;
        (self.drawn && rows >= 8).then_some(usize::from(rows))
    }

    /// Starts at the top of an empty screen. What was there stays in the terminal's scrollback: erasing would lose it.
    pub(crate) fn turn(&self) -> io::Result<()> {
        let Some(rows) = self.rows() else {
            return Ok(());
        };
        let mut out = io::stdout().lock();
        write!(out, "{}\u{1b}[H", "\n".repeat(rows))?;
        out.flush()
    }

    /// Columns for prose.
    pub(crate) fn prose(&self) -> usize {
        self.width.clamp(20, WIDEST)
    }

    /// Writes `text`, which may be coloured, to standard output and flushes it.
    pub(crate) fn show(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.colour {
            out.write_all(only_styles(text).as_bytes())?;
        } else {
            out.write_all(visible::text(&strip_str(text).to_string()).as_bytes())?;
        }
        out.flush()
    }
}

/// `text` without terminal control sequences other than styles, which are ours: courses, exercises and images come from
/// other people.
fn only_styles(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let mut shown = visible::text(parts.next().unwrap_or_default()).into_owned();
    for part in parts {
        let digits = part
            .strip_prefix('[')
            .map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';'));
        let is_style = digits.is_some_and(|rest| rest.starts_with('m'));
        shown.push_str(if is_style { "\u{1b}" } else { "\\u001b" });
        shown.push_str(&visible::text(part));
    }
    shown
}

/// `text` in `style`.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_styles_passes() {
        let check = |text: &str, expected: &str| assert_eq!(only_styles(text), expected);
        let own = styled(PASS, "reached");
        check(&own, &own);
        check("a\u{1b}[2Jb\u{1b}", "a\\u001b[2Jb\\u001b");
        check("\u{1b}]0;PWN\u{7}m", "\\u001b]0;PWN\\u0007m");
        check("\u{9b}31m\u{202e}\n\t", "\\u009b31m\\u202e\n\t");
    }
}
