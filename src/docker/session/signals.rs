//! Signals to this process, read as data while a session lasts (`signalfd(2)`).

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// Signals that Docker's command line does not forward: about its children and pipes, its own faults, and those that
/// cannot be caught.
const NEVER: &[Signal] = &[
    Signal::SIGCHLD,
    Signal::SIGPIPE,
    Signal::SIGURG,
    Signal::SIGKILL,
    Signal::SIGSTOP,
    Signal::SIGSEGV,
    Signal::SIGBUS,
    Signal::SIGILL,
    Signal::SIGFPE,
    Signal::SIGABRT,
    Signal::SIGTRAP,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
];

/// Signals that would end this process with the terminal in raw mode.
const ENDING: &[Signal] = &[
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
];

/// Receives the signals while this exists, instead of their usual effect.
pub(crate) struct Signals {
    fd: SignalFd,
    caught: SigSet,
}

impl Signals {
    /// Catches the forwarded signals (`all`), or only those that must not leave the terminal raw.
    pub(crate) fn catch(all: bool) -> io::Result<Self> {
        let mut caught = SigSet::empty();
        if all {
            Signal::iterator()
                .filter(|signal| !NEVER.contains(signal))
                .for_each(|signal| caught.add(signal));
        } else {
            ENDING.iter().for_each(|signal| caught.add(*signal));
            caught.add(Signal::SIGWINCH);
        }
        caught.thread_block()?;
        let fd = SignalFd::with_flags(&caught, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        Ok(Self { fd, caught })
    }

    /// The next received signal.
    pub(crate) fn next(&self) -> Option<Signal> {
        let info = self.fd.read_signal().ok()??;
        Signal::try_from(info.ssi_signo.cast_signed()).ok()
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        // The mask belongs to this thread: restoring it cannot fail.
        let _ = self.caught.thread_unblock();
    }
}
