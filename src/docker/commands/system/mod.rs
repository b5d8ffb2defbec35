//! `docker system …`, `docker info`, `docker version`: a file for each verb.

pub(super) mod df;
pub(super) mod events;
pub(super) mod info;
pub(super) mod version;
