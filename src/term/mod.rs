//! Text for a terminal: Markdown, tables, progress, and numbers for people.
//!
//! Nothing here reads the engine, prints, or reads the clock: values come in, strings go out.

pub mod human;
pub mod markdown;
pub mod progress;
pub mod table;
pub mod text;
pub mod transfer;
