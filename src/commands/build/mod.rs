//! `docker build`: what is asked, and what is shown while it runs.

mod check;
mod command;
mod context;
mod destination;
pub(in crate::commands) mod notice;
mod push;
mod secret;
mod shown;

pub(super) use command::Args;
