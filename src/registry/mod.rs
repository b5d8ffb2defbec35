//! Registries, as far as the command line has to know of them: which one plays docker.io, and one of our own to try things
//! with.

pub(crate) mod hub;
pub(crate) mod serve;
