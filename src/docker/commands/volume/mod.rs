//! `docker volume …`.

pub(super) mod create;
pub(super) mod ls;
