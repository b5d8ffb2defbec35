//! Chapter 8 · From a Dockerfile to an image.
//!
//! **What Docker does.** BuildKit turns a Dockerfile into a graph of operations and solves it, in parallel, in a daemon.
//! **What we do.** The stages that the target needs, one step after the other; each step that changes files is a layer
//! of its own, each step has a cache record, and each record can say why a step did or did not run again.
//! **What we leave out.** Remote frontends and parallel steps; see `docs/limits.md`.
//!
//! Reading order: [`syntax`] (text to instructions) → [`instruction`] (what each one means).

mod advice;
pub mod cache;
pub(crate) mod changes;
pub mod check;
pub(crate) mod context;
pub(crate) mod execute;
pub mod export;
mod ignore;
pub mod instruction;
pub mod observe;
mod pattern;
mod place;
pub mod request;
mod sources;
pub(crate) mod stages;
pub(crate) mod state;
pub mod syntax;
