//! The course: its lessons, and the session that leads a learner through them.
//!
//! Nothing here prints, reads a key or touches the engine; `src/shell` and `src/learn` carry out a session's effects.
//! In reading order: [`source`] (files, from the binary or a folder) → [`transcript`] [`front_matter`] [`markdown`]
//! [`lesson`] (one lesson) → [`catalog`] (all of them) → [`progress`] → [`session`].

#![forbid(unsafe_code)]

pub mod catalog;
pub mod front_matter;
pub mod lesson;
pub mod markdown;
pub mod problem;
pub mod progress;
pub mod session;
pub mod source;
pub mod transcript;
