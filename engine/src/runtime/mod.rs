//! Chapter 6 · A container's life.

pub mod protocol;
pub mod spec;
