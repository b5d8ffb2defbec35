//! Text for a terminal: Markdown, tables, progress, and numbers for people.
//!
//! Nothing here reads the engine, prints, or reads the clock: values come in, strings go out.

pub(crate) mod human;
pub(crate) mod markdown;
pub(crate) mod progress;
pub(crate) mod table;
pub(crate) mod transfer;
