//! `docker image …`, a file for each verb.

pub(super) mod inspect;
pub(super) mod ls;
mod pattern;
pub(super) mod tag;
mod tree;
