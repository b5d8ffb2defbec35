//! ONBUILD: an instruction that runs later, in builds that start FROM this image.

use super::from::From;
use super::one_word::Maintainer;
use super::{Form, Instruction};
use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::statement::Statement;
use crate::build::work::{Effect, Work};

/// ONBUILD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Onbuild {
    /// The instruction as stored in the image; its here-documents follow on their own lines.
    pub trigger: String,
}

impl Form for Onbuild {
    const KEYWORD: &str = "ONBUILD";

    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        statement.flags(&[])?;
        if statement.rest().text.is_empty() {
            return Err(statement.requires("at least one argument"));
        }
        let inner = statement.inner();
        match inner.keyword.text.as_str() {
            Self::KEYWORD => {
                return Err(
                    inner.error_here("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
                );
            }
            keyword @ (From::KEYWORD | Maintainer::KEYWORD) => {
                let message = format!("{keyword} isn't allowed as an ONBUILD trigger");
                return Err(inner.error_here(message));
            }
            // Parsed now, so that an error is reported here and not in the build of a derived image.
            _ => Instruction::parse(&inner)?,
        };
        let mut trigger = inner.written().to_owned();
        for heredoc in statement.heredocs() {
            trigger.push('\n');
            trigger.push_str(&heredoc.content);
            trigger.push_str(&heredoc.name);
        }
        Ok(Self { trigger })
    }

    /// Stores the trigger. BuildKit writes no history for it.
    fn apply(&self, state: &mut State<'_>, _at: Place<'_>) -> Result<Effect, BuildError> {
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
