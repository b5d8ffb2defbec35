//! `docker build`: its arguments, and its output while it runs.

mod check;
mod command;
mod context;
mod destination;
mod push;
mod secret;
mod shown;

pub(super) use command::Args;
