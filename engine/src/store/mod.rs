//! Chapter 2 · State on disk, the single source of truth: there is no daemon.
//!
//! Every write is a temporary file and a rename; names are taken by an atomic create; each thing has one lock, with
//! `flock`. Only a finished image, a tag or the learner's progress is synced to disk, after everything it needs
//! ([`whole`]). The rest may be lost in a power cut, and is then missing or damaged without affecting anything else.

pub mod atomic;
pub mod blobs;
pub mod build_cache;
pub mod containers;
pub mod damage;
pub mod distribution;
pub mod images;
pub mod layers;
pub mod lock;
pub mod records;
pub(crate) mod tree;
pub mod whole;
