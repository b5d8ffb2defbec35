//! `docker build`: what is asked, and what is shown while it runs.

mod command;
mod context;
mod plain;
mod progress;
mod terminal;

pub(super) use command::Args;
