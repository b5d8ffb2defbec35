//! ENTRYPOINT: the program that a container of this image runs; CMD, or the words after IMAGE, are its arguments.
//!
//! Setting it clears a CMD inherited from the base image, since that was meant for another program.
//!
//! **Lesson.** `cmd-and-entrypoint`

use super::Form;
use super::command_line::CommandLine;
use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::statement::Statement;
use crate::build::work::Effect;
use crate::go::quote_list;

/// ENTRYPOINT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entrypoint {
    /// The command; an empty exec form (`[]`) clears the image's.
    pub command: CommandLine,
}

impl Form for Entrypoint {
    const KEYWORD: &str = "ENTRYPOINT";

    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        Ok(Self {
            command: CommandLine::required(statement)?,
        })
    }

    /// Sets the entrypoint; an inherited CMD is cleared.
    fn apply(&self, state: &mut State<'_>, _at: Place<'_>) -> Result<Effect, BuildError> {
        let argv = self.command.argv(&state.shell());
        let history = format!("ENTRYPOINT {}", quote_list(&argv));
        state.config.entrypoint = Some(argv).filter(|argv| !argv.is_empty());
        if !state.cmd_set {
            state.config.cmd = None;
        }
        Ok(Effect::configured(history))
    }
}

#[cfg(test)]
mod tests {
    use crate::build::state::testing::{apply, check_history};
    use crate::oci::config::RunConfig;

    #[test]
    fn a_cmd_of_the_base_image_goes_and_one_of_this_file_stays() {
        let base = RunConfig {
            cmd: Some(vec!["base".to_owned()]),
            ..RunConfig::default()
        };
        let (config, _) = apply(base.clone(), &[], "ENTRYPOINT [\"e\"]").unwrap();
        assert_eq!(config.cmd, None);
        let (config, _) = apply(base, &[], "CMD [\"c\"]\nENTRYPOINT [\"e\"]").unwrap();
        assert_eq!(config.cmd.unwrap(), ["c"]);
        check_history("ENTRYPOINT [\"e\"]", "ENTRYPOINT [\"e\"]");
    }
}
