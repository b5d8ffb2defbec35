//! From the text of a Dockerfile to typed instructions. Pure: no file is read here.
//!
//! Bytes → [`source`] (text and positions) → [`lines`] (logical lines, [`directives`], [`heredoc`]s) → [`statement`]
//! (keyword, flags, rest) → the instruction's own `parse` → [`parse::Dockerfile`]. Variables are expanded later, by
//! [`words`], when a step is applied and their values are known.

pub(crate) mod directives;
pub(crate) mod error;
mod glob;
pub(crate) mod heredoc;
pub(crate) mod lines;
pub mod parse;
pub(crate) mod source;
pub(crate) mod statement;
pub(crate) mod words;
