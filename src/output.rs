//! A command's output. On a terminal, control sequences are removed from everything that is not written raw: names,
//! labels, messages and paths come from other people. A pipe gets the text as Docker prints it.

use engine::visible;
use std::fmt;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::str::from_utf8;

/// A standard stream.
pub(crate) struct Output {
    stream: Box<dyn Write>,
    is_terminal: bool,
    /// The start of a character whose end is still to come.
    rest: Vec<u8>,
}

impl Output {
    /// Standard output, buffered: flush it before another program gets the terminal.
    pub(crate) fn out() -> Self {
        let stdout = io::stdout();
        Self::new(
            Box::new(BufWriter::with_capacity(32 * 1024, stdout.lock())),
            stdout.is_terminal(),
        )
    }

    /// Standard output, for a few lines.
    pub(crate) fn lines() -> Self {
        let stdout = io::stdout();
        let is_terminal = stdout.is_terminal();
        Self::new(Box::new(stdout), is_terminal)
    }

    /// Standard error.
    pub(crate) fn err() -> Self {
        let stderr = io::stderr();
        let is_terminal = stderr.is_terminal();
        Self::new(Box::new(stderr), is_terminal)
    }

    fn new(stream: Box<dyn Write>, is_terminal: bool) -> Self {
        Self {
            stream,
            is_terminal,
            rest: Vec::new(),
        }
    }

    /// Used by `write!` where [`Write`] is not in scope.
    pub(crate) fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> io::Result<()> {
        Write::write_fmt(self, text)
    }

    /// Flushes the output.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }

    /// For a container's own output, for text that moves the cursor, and for archives.
    pub(crate) fn raw(&mut self) -> &mut dyn Write {
        &mut self.stream
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.is_terminal {
            return self.stream.write_all(bytes);
        }
        let mut all = std::mem::take(&mut self.rest);
        all.extend_from_slice(bytes);
        if let Err(error) = from_utf8(&all)
            && error.error_len().is_none()
        {
            self.rest = all.split_off(error.valid_up_to());
        }
        let text = String::from_utf8_lossy(&all);
        self.stream.write_all(visible::text(&text).as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Rows and columns of the terminal on standard output, or else on standard input.
pub(crate) fn terminal_size() -> Option<(u16, u16)> {
    rustix::termios::tcgetwinsize(io::stdout())
        .or_else(|_| rustix::termios::tcgetwinsize(io::stdin()))
        .ok()
        .filter(|size| size.ws_col > 0)
        .map(|size| (size.ws_row, size.ws_col))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex, PoisonError};

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[track_caller]
    fn check(is_terminal: bool, pieces: &[&[u8]], expected: &[u8]) {
        let kept = Kept::default();
        let mut output = Output::new(Box::new(kept.clone()), is_terminal);
        for piece in pieces {
            output.write_all(piece).unwrap();
        }
        assert_eq!(*kept.0.lock().unwrap(), expected);
    }

    #[test]
    fn control_sequences_are_removed_on_a_terminal_and_kept_in_a_pipe() {
        let said = b"a\x1b[2J\n";
        check(true, &[said], b"a\\u001b[2J\n");
        check(false, &[said], said);
    }

    #[test]
    fn a_character_may_come_in_pieces_and_invalid_bytes_are_marked() {
        check(
            true,
            &[b"\xc5", b"\xbc\xc2", b"\x9bm"],
            "ż\\u009bm".as_bytes(),
        );
        check(true, &[b"\x9b31m"], "\u{fffd}31m".as_bytes());
        check(false, &[b"\xc5"], b"\xc5");
    }

    #[test]
    fn raw_output_is_unchanged() {
        let kept = Kept::default();
        let mut output = Output::new(Box::new(kept.clone()), true);
        output.raw().write_all(b"\x1b[H").unwrap();
        assert_eq!(*kept.0.lock().unwrap(), b"\x1b[H");
    }
}
