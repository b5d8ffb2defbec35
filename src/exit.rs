//! Exit codes of Docker's command line.

/// Success.
pub(crate) const OK: u8 = 0;
/// One of the requested things failed.
pub(crate) const FAILURE: u8 = 1;
/// A flag was wrong, or the engine could not create or start the container of `run`.
pub(crate) const ENGINE: u8 = 125;
/// The container's command exists but cannot be executed.
pub(crate) const CANNOT_EXECUTE: u8 = 126;
/// The container's command does not exist.
pub(crate) const NOT_FOUND: u8 = 127;

/// The command line of `docklings` itself was wrong.
pub(crate) const USAGE: u8 = 2;
/// The container's exit code, in one byte, as the kernel passes it on.
pub(crate) fn of_process(code: i32) -> u8 {
    (code & 0xff) as u8
}
/// Signal `number` killed the program.
pub(crate) fn of_signal(number: i32) -> u8 {
    of_process(128 + number)
}
