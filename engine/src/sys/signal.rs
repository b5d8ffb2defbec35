//! Signal names and numbers, as for `docker kill -s` and STOPSIGNAL; and signals that are read instead of handled.
//!
//! **Kernel feature.** `signalfd(2)`: a blocked signal makes a descriptor readable, so `poll(2)` can wait for it, and
//! no handler runs.

use super::failed;
use crate::error::{Error, Result};
use nix::sys::signal::{
    SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, sigaction, sigprocmask,
};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::os::fd::{AsFd, BorrowedFd};
use std::str::FromStr;

/// This process's signals, read from a descriptor.
pub(crate) struct Signals(SignalFd);

impl Signals {
    /// Blocks `signals` and reads them here from now on. Call [`super::process::reset_signals`] before executing
    /// another program, to unblock them.
    pub(crate) fn take(signals: &[Signal]) -> Result<Self> {
        let mut set = SigSet::empty();
        let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
        for signal in signals {
            set.add(*signal);
        }
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&set), None)
            .map_err(|error| failed("sigprocmask", "a signal", error))?;
        for signal in signals {
            // SAFETY: the default action runs no code of ours, and the signal is blocked.
            unsafe { sigaction(*signal, &default) }
                .map_err(|error| failed("sigaction", signal, error))?;
        }
        SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
            .map(Self)
            .map_err(|error| failed("signalfd", "a signal", error))
    }

    /// The number of the next pending signal.
    pub(crate) fn next(&self) -> Option<i32> {
        let info = self.0.read_signal().ok()??;
        i32::try_from(info.ssi_signo).ok()
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The number of `text`: `9`, `KILL`, `SIGKILL`, `sigkill`, `RTMIN+3`. Docker's error: `invalid signal: x`.
pub(crate) fn parse(text: &str) -> Result<i32> {
    let invalid = || Error::invalid(format!("invalid signal: {text}"));
    if let Ok(number) = text.parse::<i32>() {
        return if (1..=64).contains(&number) {
            Ok(number)
        } else {
            Err(invalid())
        };
    }
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let offset = |rest: &str| {
        if rest.is_empty() {
            Some(0)
        } else {
            rest[1..].parse::<i32>().ok()
        }
    };
    if let Some(rest) = name.strip_prefix("RTMIN") {
        return offset(rest)
            .map(|n| 34 + n)
            .filter(|n| *n <= 64)
            .ok_or_else(invalid);
    }
    if let Some(rest) = name.strip_prefix("RTMAX") {
        return offset(rest)
            .map(|n| 64 - n)
            .filter(|n| *n >= 34)
            .ok_or_else(invalid);
    }
    Signal::from_str(&format!("SIG{name}"))
        .map(|signal| signal as i32)
        .map_err(|_| invalid())
}

/// The names of all signals except the real-time ones.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    Signal::iterator().map(Signal::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_signal_is_read_and_does_nothing_else() {
        // SIGURG: no other test in this process uses it.
        let signals = Signals::take(&[Signal::SIGURG]).unwrap();
        assert_eq!(signals.next(), None);
        // Only this thread: others have not blocked it.
        nix::sys::signal::raise(Signal::SIGURG).unwrap();
        assert_eq!(signals.next(), Some(libc::SIGURG));
        assert_eq!(signals.next(), None);
    }

    #[test]
    fn names_and_numbers_are_understood() {
        for (text, number) in [
            ("9", 9),
            ("KILL", 9),
            ("SIGTERM", 15),
            ("sighup", 1),
            ("RTMIN+1", 35),
            ("RTMAX", 64),
        ] {
            assert_eq!(parse(text).unwrap(), number, "{text}");
        }
        for bad in ["", "0", "65", "SIGNOPE", "-1", "RTMIN+x"] {
            assert_eq!(
                parse(bad).unwrap_err().to_string(),
                format!("invalid signal: {bad}")
            );
        }
    }
}
