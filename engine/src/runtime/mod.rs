//! Chapter 7 · A container's life.
//!
//! ```text
//!  docker run ──► create: config.json, a name
//!             └─► start ──► monitor ──clone3──► init ──execve──► the command
//!                              │  owns: streams, log, socket, ports, exit record
//!                              └─ holds the container's lock while it runs
//! ```

mod attach;
pub(crate) mod changes;
pub(crate) mod control;
pub(crate) mod copy;
pub(crate) mod create;
mod etc;
mod holder;
mod init;
pub(crate) mod inside;
mod kill;
pub mod located;
pub(crate) mod logs;
mod monitor;
mod names;
pub(crate) mod observe;
mod pause;
pub mod plan;
mod prefill;
pub mod protocol;
pub(crate) mod ps;
pub(crate) mod remove;
mod rename;
mod requests;
pub mod resume;
pub(crate) mod spawn;
pub mod spec;
pub(crate) mod start;
pub(crate) mod step;
pub(crate) mod stop;
pub mod undo;
pub(crate) mod unrunnable;
mod update;
pub(crate) mod user;
mod wait;

pub use copy::{
    CopyInOptions, CopyReport, Source as CopySource, Target as CopyTarget, tidy as tidy_path,
};
pub use holder::MONITOR_STAGE;
pub use init::Failure;
pub use observe::UNKNOWN_EXIT;
pub use requests::start_error;

/// Runs a hidden stage of the binary, if `words` (without the program's name) name one. Returns its exit code.
pub fn stage(words: &[String]) -> Option<i32> {
    match words {
        [stage, _container] if stage == MONITOR_STAGE => Some(monitor::main()),
        _ => None,
    }
}
