//! How the terminal may be used, and the styles of everything that the course says.

use crate::ctx;
use crate::env;
use anstream::AutoStream;
use anstream::adapter::strip_str;
use anstyle::{AnsiColor, Effects, Style};
use std::io::{self, IsTerminal, Write};

/// A heading.
pub(crate) const HEADING: Style = Style::new().effects(Effects::BOLD);
/// What is reached.
pub(crate) const PASS: Style = AnsiColor::Green.on_default().effects(Effects::BOLD);
/// What is not reached yet.
pub(crate) const NOT_YET: Style = AnsiColor::Yellow.on_default().effects(Effects::BOLD);
/// What is said aside.
pub(crate) const ASIDE: Style = Style::new().effects(Effects::DIMMED);
/// Something to type.
pub(crate) const CODE: Style = AnsiColor::Cyan.on_default();

/// How the terminal may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Colour.
    pub(crate) colour: bool,
    /// Ghost text and anything else that is drawn over: only at a terminal that can, and not in plain mode.
    pub(crate) drawn: bool,
    /// Columns.
    pub(crate) width: usize,
}

/// Wider than this, lines of prose are hard to read.
const WIDEST: usize = 100;

impl Look {
    /// As the terminal, the environment and `--plain` have it.
    pub(crate) fn of_process(plain: bool) -> Self {
        let plain = plain
            || std::env::var_os(env::PLAIN).is_some_and(|value| !value.is_empty() && value != "0");
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let is_terminal = io::stdout().is_terminal() && io::stdin().is_terminal();
        let choice = AutoStream::choice(&io::stdout());
        Self {
            colour: !plain && choice != anstream::ColorChoice::Never,
            drawn: !plain && !dumb && is_terminal,
            width: ctx::terminal_size().map_or(80, |(_, columns)| usize::from(columns)),
        }
    }

    /// Columns for prose.
    pub(crate) fn prose(&self) -> usize {
        self.width.clamp(20, WIDEST)
    }

    /// Writes `text`, which may be coloured, to standard output at once.
    pub(crate) fn show(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.colour {
            out.write_all(text.as_bytes())?;
        } else {
            write!(out, "{}", strip_str(text))?;
        }
        out.flush()
    }
}

/// `text` in `style`.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
