//! `docker image …`, a file for each verb.

pub(super) mod history;
pub(super) mod inspect;
pub(super) mod ls;
pub(super) mod prune;
pub(super) mod rm;
pub(super) mod tag;
mod tree;
