//! `docker builder …`: a file for each verb. `build` itself is a command of its own.

pub(super) mod prune;
