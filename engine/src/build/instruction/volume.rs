//! VOLUME: directories whose files outlive the container's own layer: each container gets a volume there.

use crate::build::syntax::error::BuildError;
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::Statement;

/// VOLUME.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// As written.
    pub paths: Vec<Word>,
    /// Written as a JSON array.
    pub json: bool,
}

impl Volume {
    pub(crate) fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        statement.flags(&[])?;
        let (paths, json) = statement.list()?;
        if paths.is_empty() {
            return Err(statement.requires("at least one argument"));
        }
        for path in &paths {
            statement.check_word(path)?;
            if path.text.trim().is_empty() {
                let message = "VOLUME specified can not be an empty string";
                return Err(statement.error(path.span, message));
            }
        }
        Ok(Self { paths, json })
    }
}
