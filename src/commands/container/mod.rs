//! `docker container …`, a file for each verb.

pub(super) mod kill;
pub(super) mod pause;
pub(super) mod rename;
pub(super) mod restart;
pub(super) mod rm;
pub(super) mod stop;
pub(super) mod unpause;
pub(super) mod wait;
