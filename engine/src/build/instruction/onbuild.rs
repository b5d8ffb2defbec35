//! ONBUILD: an instruction that runs later, in builds that start FROM this image.

use super::{Instruction, Kind};
use crate::build::state::{Effect, Place, State, Work};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::statement::Statement;

/// ONBUILD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Onbuild {
    /// The instruction as it is kept in the image; its here-documents follow on their own lines.
    pub trigger: String,
}

impl Onbuild {
    pub(crate) fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        statement.flags(&[])?;
        if statement.rest().text.is_empty() {
            return Err(statement.requires("at least one argument"));
        }
        let inner = statement.inner();
        let kind = Kind::of(&inner)?;
        match kind {
            Kind::Onbuild => {
                return Err(
                    inner.error_here("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
                );
            }
            Kind::From | Kind::Maintainer => {
                return Err(inner.error_here(format!(
                    "{} isn't allowed as an ONBUILD trigger",
                    inner.keyword.text
                )));
            }
            _ => {}
        }
        // Read it now, so that an error shows here and not in somebody else's build.
        Instruction::parse(kind, &inner)?;
        let mut trigger = inner.written().to_owned();
        for heredoc in statement.heredocs() {
            trigger.push('\n');
            trigger.push_str(&heredoc.content);
            trigger.push_str(&heredoc.name);
        }
        Ok(Self { trigger })
    }
}

impl Onbuild {
    /// Keeps the trigger. BuildKit writes no history for it.
    pub(crate) fn apply(
        &self,
        state: &mut State<'_>,
        _at: Place<'_>,
    ) -> Result<Effect, BuildError> {
        state
            .config
            .on_build
            .get_or_insert_default()
            .push(self.trigger.clone());
        Ok(Effect {
            history: None,
            key: format!("ONBUILD {}", self.trigger),
            work: Work::Configured,
        })
    }
}
