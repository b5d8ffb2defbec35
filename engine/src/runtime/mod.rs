//! Chapter 6 · A container's life.
//!
//! ```text
//!  docker run ──► create: config.json, a name
//!             └─► start ──► monitor ──clone3──► init ──execve──► the command
//!                              │  owns: streams, log, socket, ports, exit record
//!                              └─ holds the container's lock for as long as it lives
//! ```

pub mod control;
mod init;
pub mod plan;
mod prefill;
pub mod protocol;
pub mod spawn;
pub mod spec;
pub mod step;
pub mod user;

pub use init::Failure;
