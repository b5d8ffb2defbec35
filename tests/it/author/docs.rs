//! `docs/authoring.md`, followed word for word.
