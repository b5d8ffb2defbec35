//! `docker image …`.

pub(super) mod transfer;
pub(super) mod names;
pub(super) mod archive;
pub(super) mod history;
pub(super) mod ls;
pub(crate) mod tree;
