//! A small, real container engine, written to be read.
//!
//! Modules in reading order, each importing only from those before it:
//! `error visible id paths clock size go near events site` → [`oci`] `sys` → [`store`] `cgroup` → [`tree`] → [`image`] `network` `volume` → `runtime` → `build` →
//! `engine`.
//!
//! Invariants: the engine never prints, and never reads `$HOME`, a terminal, the clock or randomness by itself; a path
//! inside a container's root is only ever resolved with `openat2(RESOLVE_IN_ROOT)`; nothing under `content/` changes
//! once written; `unsafe` compiles only under `sys/`.

pub mod build;
pub mod cgroup;
pub mod clock;
pub(crate) mod engine;
pub mod error;
pub mod events;
pub mod go;
pub mod id;
pub mod image;
pub mod look;
pub mod near;
pub mod network;
pub mod oci;
pub mod paths;
pub mod repair;
pub mod runtime;
pub mod store;
pub mod sys;
#[cfg(test)]
mod testing;
pub mod tree;
pub mod visible;
pub mod volume;

pub use engine::{Engine, Settings};
pub use error::{Error, ErrorKind, Result};
