//! Pseudo-terminals, for `-t`.
//!
//! **Kernel feature.** `/dev/pts`, `ioctl_tty(2)`: the monitor holds the master, the container gets the slave.
//! **Lesson.** `attached-and-detached`

use super::{check, failed};
use crate::error::{Error, Result};
use rustix::fs::{Mode, OFlags};
use rustix::pty::unlockpt;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// Opens a master and its slave from the ptmx device at `path`, and verifies the device: a container could have put
/// something else there (CVE-2025-52565).
pub(crate) fn open_pair(path: &str) -> Result<(OwnedFd, OwnedFd)> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let master = rustix::fs::open(path, flags, Mode::empty())
        .map_err(|error| failed("open", path, error))?;
    let stat = rustix::fs::fstat(&master).map_err(|error| failed("fstat", path, error))?;
    if (
        rustix::fs::major(stat.st_rdev),
        rustix::fs::minor(stat.st_rdev),
    ) != (5, 2)
    {
        return Err(Error::invalid(format!(
            "`{path}` in the container is not a terminal device"
        )));
    }
    unlockpt(&master).map_err(|error| failed("unlockpt", path, error))?;
    let slave = open_slave(master.as_fd())?;
    Ok((master, slave))
}

/// Opens the slave of `master` without a path, which a container could have replaced.
pub(crate) fn open_slave(master: BorrowedFd<'_>) -> Result<OwnedFd> {
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    // SAFETY: TIOCGPTPEER takes open flags by value and returns a new descriptor or -1.
    let fd = unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCGPTPEER, flags) };
    check(fd.into()).map_err(|error| failed("ioctl", "TIOCGPTPEER", error))?;
    // SAFETY: the kernel gave us this descriptor, and it has no other owner.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Sets the size of the terminal, in rows and columns; programs in it get SIGWINCH.
pub(crate) fn set_size(terminal: impl AsFd, (rows, columns): (u16, u16)) -> Result<()> {
    let size = rustix::termios::Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    rustix::termios::tcsetwinsize(terminal, size)
        .map_err(|error| failed("ioctl", "TIOCSWINSZ", error))
}

/// Makes `terminal` the controlling terminal of the calling session leader.
pub(crate) fn control(terminal: impl AsFd) -> Result<()> {
    rustix::process::ioctl_tiocsctty(terminal).map_err(|error| failed("ioctl", "TIOCSCTTY", error))
}
