//! Chapter 2 · State on disk, the single truth: there is no daemon that could know better.
//!
//! Every write is a temporary file and a rename; names are taken by an atomic create; one lock file per thing with
//! `flock`. Only a finished image, a tag or the learner's progress waits for the disk, what it needs first ([`whole`]): the rest
//! may be lost in a power cut, and is then missing or damaged, which stops nothing else.

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
pub mod tree;
pub mod whole;
