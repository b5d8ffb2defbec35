//! Chapter 4 · File trees: layers on disk, and the tars that carry them.
//!
//! The contents of a tree are not ours: they come from an image, a container or an archive. We write into one only
//! through an open folder and a last name, so no link in it leads out.
//!
//! | file | subject |
//! |---|---|
//! | [`owners`] | who owns a file, where the ids of an image do not exist |
//! | [`marks`], `view` | marks of deletions; stacked layers as one tree |
//! | `write`, `bytes` | the one writer into a tree |
//! | [`changes`], `upper` | what the topmost layer changes: `docker diff` |
//! | [`tar`] | a tar, read and written as a stream |
//! | [`compression`], [`streams`], `hasher` | what a stream passes through |
//! | [`unpack`] with [`recipe`] | a tar → a folder for overlayfs |
//! | [`pack`] | a folder of changes → a tar |

pub(crate) mod bytes;
pub mod changes;
pub(crate) mod compression;
pub(crate) mod hasher;
pub(crate) mod marks;
pub(crate) mod owners;
pub(crate) mod pack;
pub mod recipe;
pub(crate) mod streams;
pub mod tar;
pub mod unpack;
mod upper;
pub(crate) mod view;
pub(crate) mod write;
