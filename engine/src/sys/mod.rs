//! Chapter 0 · The only door to the kernel.
//!
//! Rules of the door: `unsafe` compiles only here; each wrapper makes one unsafe call, says why it is sound, and
//! returns an error that names the call and what it was made on. What `nix` and `rustix` wrap safely is used from there.

#![expect(
    unsafe_code,
    reason = "system calls that no safe wrapper offers are made here, and only here"
)]

pub mod capability;
pub mod clone;
pub mod mount;
pub mod namespace;
pub mod network;
pub mod process;
pub mod rootdir;
pub mod sealed;
pub mod seccomp;
pub mod signal;
pub mod socket;
pub mod spread;
pub mod tap;
pub mod terminal;

use crate::error::Error;
use std::io;

/// The error of the system call `call`, made on `on`: ``mount `/proc`: Operation not permitted``.
pub(crate) fn failed(
    call: &str,
    on: impl std::fmt::Display,
    source: impl Into<io::Error>,
) -> Error {
    Error::new(crate::ErrorKind::Io, format!("{call} `{on}`")).with_source(source.into())
}

/// Turns the `-1` of a raw system call into the error it left in `errno`.
pub(crate) fn check(result: libc::c_long) -> io::Result<libc::c_long> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
