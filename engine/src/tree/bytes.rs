//! Bytes from one file to another, as cheaply as the kernel allows.
//!
//! **Kernel feature.** `FICLONE` shares blocks (btrfs, xfs); `copy_file_range(2)` copies inside the kernel.

use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd};

/// From this size on, in bytes, sharing blocks is worth a call that often fails.
const WORTH_SHARING: i64 = 64 << 10;
/// The most that the kernel is asked to copy at a time, in bytes.
const RANGE: usize = 1 << 30;
const BUFFER: usize = 256 << 10;

/// Copies all of `from` into the empty file `to`; `size` is the expected size in bytes.
pub(crate) fn copy(from: impl AsFd, to: impl AsFd, size: i64) -> Result<(), Errno> {
    let (from, to) = (from.as_fd(), to.as_fd());
    if size >= WORTH_SHARING && rustix::fs::ioctl_ficlone(to, from).is_ok() {
        return Ok(());
    }
    // Reading a small file takes less time than the kernel needs to set up its own copy.
    if size < WORTH_SHARING {
        return read_and_write(from, to, size);
    }
    loop {
        match rustix::fs::copy_file_range(from, None, to, None, RANGE) {
            Ok(0) => return Ok(()),
            Ok(_) | Err(Errno::INTR) => {}
            // Not supported between these two file systems. Whatever was copied so far has moved both offsets along.
            Err(Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                return read_and_write(from, to, size);
            }
            Err(errno) => return Err(errno),
        }
    }
}

fn read_and_write(from: BorrowedFd<'_>, to: BorrowedFd<'_>, size: i64) -> Result<(), Errno> {
    // With many small files, a large buffer for each would cost more than copying them.
    let wanted = usize::try_from(size).unwrap_or(BUFFER);
    let mut buffer = vec![0; wanted.clamp(512, BUFFER)];
    loop {
        match rustix::io::read(from, &mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => write(to, &buffer[..length])?,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// Writes all of `bytes`.
fn write(to: BorrowedFd<'_>, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match rustix::io::write(to, bytes) {
            Ok(length) => bytes = &bytes[length..],
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
