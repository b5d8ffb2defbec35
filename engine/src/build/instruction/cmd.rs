//! CMD: the default command of a container, unless `docker run` gives another; also the arguments of the ENTRYPOINT.
//!
//! **Lesson.** `cmd-and-entrypoint`

use super::Form;
use super::command_line::CommandLine;
use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::statement::Statement;
use crate::build::work::Effect;
use crate::go::quote_list;

/// CMD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cmd {
    /// The command; an empty exec form (`[]`) clears the image's.
    pub command: CommandLine,
}

impl Form for Cmd {
    const KEYWORD: &str = "CMD";

    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        Ok(Self {
            command: CommandLine::required(statement)?,
        })
    }

    /// Sets the command.
    fn apply(&self, state: &mut State<'_>, _at: Place<'_>) -> Result<Effect, BuildError> {
        let argv = self.command.argv(&state.shell());
        let history = format!("CMD {}", quote_list(&argv));
        state.config.cmd = Some(argv).filter(|argv| !argv.is_empty());
        // BuildKit sets it for both forms.
        state.config.args_escaped = Some(true);
        state.cmd_set = true;
        Ok(Effect::configured(history))
    }
}

#[cfg(test)]
mod tests {
    use crate::build::state::testing::check_history;

    #[test]
    fn history_shows_the_words() {
        check_history("CMD [\"cat\", \"/app/g\"]", "CMD [\"cat\" \"/app/g\"]");
        check_history("CMD echo hi", "CMD [\"/bin/sh\" \"-c\" \"echo hi\"]");
    }
}
