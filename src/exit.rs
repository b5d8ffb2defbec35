//! Exit codes, as Docker's command line has them.

/// All went well.
pub(crate) const OK: u8 = 0;
/// One of the things asked for failed.
pub(crate) const FAILURE: u8 = 1;
/// A flag was wrong; or the engine could not make or start the container of `run`.
pub(crate) const ENGINE: u8 = 125;
/// The container's command is there and cannot be executed.
pub(crate) const CANNOT_EXECUTE: u8 = 126;
/// The container's command does not exist.
pub(crate) const NOT_FOUND: u8 = 127;

/// The command line of `docklings` itself was wrong.
pub(crate) const USAGE: u8 = 2;
/// What the container ended with, in one byte as the kernel hands it on.
pub(crate) fn of_process(code: i32) -> u8 {
    (code & 0xff) as u8
}
/// The program was ended by signal `number`.
pub(crate) fn of_signal(number: i32) -> u8 {
    of_process(128 + number)
}
