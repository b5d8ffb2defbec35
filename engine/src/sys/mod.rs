//! Chapter 0 · System calls.
//!
//! Rules: `unsafe` compiles only here; each wrapper makes one unsafe call, says why it is sound, and returns an error
//! that names the call and its object. Calls that `nix` or `rustix` wrap safely are used from there.

#![expect(
    unsafe_code,
    reason = "system calls without a safe wrapper are made only here"
)]

pub(crate) mod capability;
pub mod clone;
pub mod mount;
pub mod namespace;
pub(crate) mod network;
pub mod process;
pub(crate) mod rootdir;
pub(crate) mod sealed;
pub(crate) mod seccomp;
pub(crate) mod signal;
pub mod socket;
pub(crate) mod spread;
pub(crate) mod tap;
pub(crate) mod terminal;

use crate::error::Error;
use std::io;

/// The error of the system call `call` on `on`: ``mount `/proc`: Operation not permitted``.
pub(crate) fn failed(
    call: &str,
    on: impl std::fmt::Display,
    source: impl Into<io::Error>,
) -> Error {
    Error::new(crate::ErrorKind::Io, format!("{call} `{on}`")).with_source(source.into())
}

/// Turns the `-1` of a raw system call into the error in `errno`.
pub(crate) fn check(result: libc::c_long) -> io::Result<libc::c_long> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
