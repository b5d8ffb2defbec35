//! The build cache: the inputs of a step's result, and why a step missed.
//!
//! **What Docker does.** The classic builder walks the children of the current image; BuildKit keeps a graph of keys.
//! **What we do.** The linear chain of the course: a step's key consists of its parent's key, its text, its settings,
//! and the content of the files that it copies. So the first miss makes all later steps miss.
//!
//! | file | subject |
//! |---|---|
//! | [`content`] | what of a file counts |
//! | [`explain`] | why a step missed, in words |
//! | [`compare`] | finding that out |
//! | [`inventory`] | what the cache takes, and what of it may go |
//!
//! **Lesson.** `build-cache`

pub(crate) mod compare;
pub(crate) mod content;
pub mod explain;
pub mod inventory;
