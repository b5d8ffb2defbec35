//! VOLUME: directories whose files outlive the container's writable layer: each container gets a volume there.

use super::Form;
use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::Statement;
use crate::build::work::Effect;
use serde_json::Map;

/// VOLUME.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Volume {
    /// As written.
    pub paths: Vec<Word>,
    /// Written as a JSON array.
    pub json: bool,
}

impl Form for Volume {
    const KEYWORD: &str = "VOLUME";

    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
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

    /// Records the directories.
    fn apply(&self, state: &mut State<'_>, at: Place<'_>) -> Result<Effect, BuildError> {
        let mut paths = Vec::new();
        for word in &self.paths {
            let path = state.expand(at, word)?;
            if path.trim().is_empty() {
                let message = "VOLUME specified can not be an empty string";
                return Err(at.source.error(word.span, message));
            }
            paths.push(path);
        }
        let volumes = state.config.volumes.get_or_insert_default();
        volumes.extend(paths.iter().map(|path| (path.clone(), Map::new())));
        Ok(Effect::configured(format!("VOLUME [{}]", paths.join(" "))))
    }
}

#[cfg(test)]
mod tests {
    use crate::build::state::testing::check_history;

    #[test]
    fn history_shows_the_paths() {
        check_history("VOLUME /data /x", "VOLUME [/data /x]");
        check_history("VOLUME [\"/a b\"]", "VOLUME [/a b]");
        check_history(
            "VOLUME $NO",
            "! VOLUME specified can not be an empty string",
        );
    }
}
