//! Signals to this process, read as data while a session lasts (`signalfd(2)`).

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// Those that Docker's command line does not pass on: the ends of its own children and pipes, faults of its own, and
/// what cannot be caught.
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

/// Those that would end this process with the terminal in raw mode.
const ENDING: &[Signal] = &[
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
];

/// The signals that come while this lives, instead of their usual effect.
pub(crate) struct Signals {
    fd: SignalFd,
    caught: SigSet,
}

impl Signals {
    /// Catches what is passed on to the container (`all`), or only what must not find the terminal raw.
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

    /// The next signal that came.
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
        // The mask is this thread's own: setting it back cannot fail.
        let _ = self.caught.thread_unblock();
    }
}
