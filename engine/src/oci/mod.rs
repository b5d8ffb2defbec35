//! Chapter 1 · The vocabulary of images: pure data, no input or output.
//!
//! Sources: the OCI image specification (`config.md`, `manifest.md`, `image-index.md`, `descriptor.md`, `layer.md`).

pub mod config;
pub mod descriptor;
pub mod digest;
pub mod manifest;
pub mod reference;
