//! `docker container …`.

pub(super) mod attach;
pub(super) mod cp;
pub(super) mod create;
pub(super) mod exec;
pub(super) mod files;
mod flags;
pub(super) mod logs;
pub(super) mod port;
pub(super) mod ps;
mod request;
mod resources;
pub(super) mod rm;
pub(super) mod run;
pub(super) mod start;
pub(super) mod stats;
pub(super) mod stop;
pub(super) mod top;
pub(super) mod update;
