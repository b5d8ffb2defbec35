//! LABEL: notes on the image, for people and programs.
//!
//! `LABEL org.opencontainers.image.source="…" stage=test`; a label of the same key in a later instruction replaces it.

use super::pairs::{self, Pair};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::statement::Statement;

/// LABEL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// In the order written.
    pub pairs: Vec<Pair>,
}

impl Label {
    pub(crate) fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        Ok(Self {
            pairs: pairs::parse(statement)?,
        })
    }
}
