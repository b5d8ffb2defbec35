//! Data to text: everything that docklings shows goes through here.
//!
//! Nothing in here reads the engine, prints, or asks for the time; values come in, strings go out.

pub mod human;
pub mod listing;
pub mod markdown;
pub mod ports;
pub mod progress;
pub mod rows;
pub mod select;
pub mod table;
pub mod template;
pub mod text;
pub mod timestamps;
pub mod transfer;
pub mod tree;
pub mod value;
