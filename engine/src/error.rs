//! The engine's errors.
//!
//! An [`Error`] has an [`ErrorKind`] for programs, one sentence for people, an optional hint with the command that
//! helps, and the cause. Messages follow Docker's wording where learners will search for it. The caller prints them and
//! chooses prefixes and exit codes.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The result of every engine operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller can do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The named object does not exist.
    NotFound,
    /// The object is in a state that does not allow the operation, or a name is taken.
    Conflict,
    /// The request itself is malformed.
    Invalid,
    /// The container's command was found but cannot be executed (exit code 126).
    CannotExecute,
    /// The container's command does not exist (exit code 127).
    CommandNotFound,
    /// This machine lacks something that the operation needs; `docklings doctor` shows what.
    Machine,
    /// Docker has it, docklings does not; the message names it.
    Unsupported,
    /// The request does not fit the caller's own files; in Docker the command line detects this, not the daemon.
    Local,
    /// The engine's own state is damaged, or a bug.
    Internal,
    /// An input or output operation failed.
    Io,
}

/// The hint when a disk or quota is full.
const ROOM: &str = "make room on that disk: `docker system prune` removes what is not in use";

/// An error of the engine: kind, sentence, hint and cause.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    path: Option<PathBuf>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of `kind` with the sentence `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
            path: None,
            source: None,
        }
    }

    /// `NotFound`.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// `Conflict`.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, message)
    }

    /// `Invalid`.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// `Local`.
    pub fn local(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Local, message)
    }

    /// `Machine`.
    pub fn machine(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Machine, message)
    }

    /// `Internal`.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// `Unsupported`.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// An input or output failure while doing `action` (a verb, such as `read`) on `path`.
    pub fn io(action: &str, path: impl AsRef<Path>, source: io::Error) -> Self {
        let message = format!("cannot {action} `{}`", path.as_ref().display());
        let mut error = Self::new(ErrorKind::Io, message).with_source(source);
        error.path = Some(path.as_ref().to_owned());
        error
    }

    /// Adds the command or sentence that helps.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the cause. A full disk also adds a hint.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        if self.hint.is_none() && self.is_lack_of_room() {
            self.hint = Some(ROOM.to_owned());
        }
        self
    }

    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The sentence without its cause.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether the disk is full or the caller's quota is used up.
    pub fn is_lack_of_room(&self) -> bool {
        let kind = self.io_kind();
        kind.is_some_and(|kind| {
            matches!(
                kind,
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
            )
        })
    }

    /// The file that this user may not access, if that is the cause.
    pub fn closed(&self) -> Option<&Path> {
        let cause = self
            .source
            .as_ref()
            .and_then(|cause| cause.downcast_ref::<Self>());
        match cause {
            Some(cause) => cause.closed(),
            None => {
                let is_closed = self.io_kind() == Some(io::ErrorKind::PermissionDenied);
                self.path.as_deref().filter(|_| is_closed)
            }
        }
    }

    /// The kernel's error, if the cause is an input or output failure.
    fn io_kind(&self) -> Option<io::ErrorKind> {
        let cause: &dyn std::error::Error = &**self.source.as_ref()?;
        match cause.downcast_ref::<Self>() {
            Some(cause) => cause.io_kind(),
            None => cause.downcast_ref::<io::Error>().map(io::Error::kind),
        }
    }

    /// The hint, if there is one.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// The sentence, with each cause chained after a colon.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            match error.downcast_ref::<io::Error>() {
                Some(error) => write!(f, ": {}", plainly(error))?,
                None => write!(f, ": {error}")?,
            }
            // Our own errors already include their causes.
            cause = if error.is::<Self>() {
                None
            } else {
                error.source()
            };
        }
        Ok(())
    }
}

/// The kernel's error as in `strerror(3)`, in lower case as in Docker's messages, without Rust's error number.
pub fn plainly(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error ").next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        // An abbreviation or a name keeps its case.
        Some(first) if !letters.as_str().starts_with(char::is_uppercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_ref()
            .map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}

/// For closures called from a stream; elsewhere use [`IoContext::on`], which names the path.
impl From<io::Error> for Error {
    fn from(source: io::Error) -> Self {
        Self::new(ErrorKind::Io, "cannot read or write").with_source(source)
    }
}

/// `result.on("read", path)?`: names the action and the path of an input or output failure.
pub trait IoContext<T> {
    /// Names the action and its object.
    fn on(self, action: &str, path: impl AsRef<Path>) -> Result<T>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn on(self, action: &str, path: impl AsRef<Path>) -> Result<T> {
        self.map_err(|source| Error::io(action, path, source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_chained_after_a_colon() {
        let error = Error::io("read", "/x", io::Error::from_raw_os_error(2));
        assert_eq!(
            error.to_string(),
            "cannot read `/x`: no such file or directory"
        );
    }

    #[test]
    fn a_full_disk_and_a_used_up_quota_are_recognised() {
        for (number, expected) in [
            (libc::ENOSPC, true),
            (libc::EDQUOT, true),
            (libc::EIO, false),
        ] {
            let error = Error::io("write", "/x", io::Error::from_raw_os_error(number));
            assert_eq!(error.is_lack_of_room(), expected, "{error}");
            assert_eq!(error.hint().is_some(), expected, "{error}");
            let outer = Error::internal("no").with_source(error);
            assert_eq!(outer.is_lack_of_room(), expected, "{outer}");
        }
    }

    #[test]
    fn a_hint_is_kept_apart_from_the_message() {
        let error = Error::not_found("No such container: x").with_hint("docker ps -a");
        assert_eq!(error.to_string(), "No such container: x");
        assert_eq!(error.hint(), Some("docker ps -a"));
    }
}
