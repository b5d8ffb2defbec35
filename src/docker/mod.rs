//! Docker's command line: the commands, what their flags may say, and what they print.
//!
//! Nothing in here knows that there is a course.

pub(crate) mod commands;
pub mod inspect;
pub mod listing;
pub mod ports;
pub(crate) mod registry;
pub mod rows;
pub mod select;
pub(crate) mod session;
pub mod template;
pub mod timestamps;
pub mod tree;
pub mod value;
pub(crate) mod values;
