//! `docker image …`, a file for each verb.

pub(super) mod history;
pub(super) mod import;
pub(super) mod inspect;
pub(super) mod load;
pub(super) mod ls;
pub(super) mod prune;
pub(super) mod pull;
pub(super) mod push;
mod remote_name;
pub(super) mod rm;
pub(super) mod save;
pub(super) mod tag;
pub(crate) mod tree;
