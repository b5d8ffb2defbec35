//! A command's output and exit code.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// The result of a command. Functions that return it are `#[must_use]`: a test that ignores it proves nothing.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) command: String,
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// The exit code, or 128 plus the signal's number if a signal ended the command.
    pub(crate) fn code(&self) -> i32 {
        self.status
            .code()
            .unwrap_or_else(|| 128 + self.status.signal().unwrap_or_default())
    }

    /// It succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        self.fails(0)
    }

    /// It ended with `code`.
    #[track_caller]
    pub(crate) fn fails(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "the exit code of {self}");
        self
    }

    /// It did not end with `code`.
    #[track_caller]
    pub(crate) fn status_code_is_not(self, code: i32) -> Self {
        assert_ne!(self.code(), code, "the exit code of {self}");
        self
    }

    /// It wrote exactly `text` to standard output.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert_eq!(self.stdout, text, "the output of {self}");
        self
    }

    /// It wrote `part` to standard output, among other things.
    #[track_caller]
    pub(crate) fn mentions(self, part: &str) -> Self {
        assert!(
            self.stdout.contains(part),
            "no `{part}` in the output of {self}"
        );
        self
    }

    /// It did not write `part` to standard output.
    #[track_caller]
    pub(crate) fn never_mentions(self, part: &str) -> Self {
        assert!(
            !self.stdout.contains(part),
            "`{part}` in the output of {self}"
        );
        self
    }

    /// It wrote exactly `text` to standard error.
    #[track_caller]
    pub(crate) fn warns(self, text: &str) -> Self {
        assert_eq!(self.stderr, text, "the errors of {self}");
        self
    }

    /// It wrote `part` to standard error, among other things.
    #[track_caller]
    pub(crate) fn complains(self, part: &str) -> Self {
        assert!(
            self.stderr.contains(part),
            "no `{part}` in the errors of {self}"
        );
        self
    }

    /// Standard error does not contain `part`.
    #[track_caller]
    pub(crate) fn never_complains(self, part: &str) -> Self {
        assert!(!self.stderr.contains(part), "`{part}` in:\n{self}");
        self
    }

    /// Standard output without the white space around it.
    pub(crate) fn text(&self) -> &str {
        self.stdout.trim()
    }

    /// The lines of standard output.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` (exit code {})\n--- stdout\n{}\n--- stderr\n{}\n---",
            self.command,
            self.code(),
            self.stdout,
            self.stderr
        )
    }
}
