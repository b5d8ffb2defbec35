//! The terminal in raw mode: every key goes to the container, none is acted on here.

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io;

/// Standard input's terminal in raw mode, until this is dropped.
pub(super) struct RawTerminal {
    before: Termios,
}

impl RawTerminal {
    /// Switches to raw mode; `None` if standard input is no terminal.
    pub(super) fn enter() -> Option<Self> {
        let before = tcgetattr(io::stdin()).ok()?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Now, &raw).ok()?;
        Some(Self { before })
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        // A terminal that has gone away needs no restoring.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}
