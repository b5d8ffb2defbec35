//! `docker image …`.

pub(super) mod archive;
pub(super) mod history;
pub(super) mod ls;
pub(super) mod names;
pub(super) mod transfer;
pub(crate) mod tree;
