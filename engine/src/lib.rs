//! A small, real container engine, written to be read.
//!
//! Modules in reading order, each importing only from those before it:
//! `error visible clock size id paths events` → [`oci`] `sys` → [`store`] `cgroup` → [`tree`] → `engine` → [`image`] `network`
//! `volume` → `runtime` → `build` → `look` `repair`.
//!
//! The [`Engine`] is a handle on one sandbox. Each verb is a method of it, and stands in the chapter that it belongs to:
//! `Engine::stop` in `runtime/stop.rs`, `Engine::tag` in `image/tag.rs`.
//!
//! Invariants: the engine never prints, and never reads `$HOME`, a terminal, the clock or randomness by itself; a path
//! inside a container's root is only ever resolved with `openat2(RESOLVE_IN_ROOT)`; nothing under `content/` changes
//! once written; `unsafe` compiles only under `sys/`.

pub mod build;
pub mod cgroup;
pub mod clock;
pub mod engine;
pub mod error;
pub mod events;
pub mod id;
pub mod image;
pub mod look;
pub mod network;
pub mod oci;
pub mod paths;
pub mod repair;
pub mod runtime;
pub mod size;
pub mod store;
pub mod sys;
#[cfg(test)]
mod testing;
pub mod tree;
pub mod visible;
pub mod volume;

pub use engine::{Engine, Settings};
pub use error::{Error, ErrorKind, Result};
