//! CMD, ENTRYPOINT and SHELL, and the two ways to write a command: shell form and exec form.
//!
//! ENTRYPOINT is the program that a container of this image runs; CMD, or the words of `docker run` after IMAGE, are its
//! arguments. Without an ENTRYPOINT, CMD is the whole command. Setting ENTRYPOINT clears a CMD inherited from the base
//! image, since that was meant for another program. SHELL sets the words before a command in shell form.
//!
//! Source: Dockerfile reference, "Shell and exec form".
//! **Lesson.** `cmd-and-entrypoint`

use super::Form;
use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::Statement;
use crate::build::work::Effect;
use crate::go::quote_list;

/// A command of RUN, CMD, ENTRYPOINT or HEALTHCHECK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CommandLine {
    /// Text for the shell.
    Shell(Word),
    /// `["word", …]`: no shell, no expansion.
    Exec(Vec<String>),
}

impl CommandLine {
    /// Reads the rest of `statement`.
    pub(crate) fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        Ok(match statement.json()? {
            Some(words) => Self::Exec(words.into_iter().map(|word| word.text).collect()),
            None => Self::Shell(statement.rest()),
        })
    }

    /// The same for an instruction without flags, where a command is required.
    pub(crate) fn required(statement: &Statement<'_>) -> Result<Self, BuildError> {
        statement.flags(&[])?;
        if statement.rest().text.is_empty() {
            return Err(statement.requires("at least one argument"));
        }
        Self::parse(statement)
    }

    /// The words to execute; `shell` precedes the shell form.
    pub(crate) fn argv(&self, shell: &[String]) -> Vec<String> {
        match self {
            Self::Exec(words) => words.clone(),
            Self::Shell(text) => {
                let mut argv = shell.to_vec();
                argv.push(text.text.clone());
                argv
            }
        }
    }

    /// Whether it is empty.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Exec(words) => words.is_empty(),
            Self::Shell(text) => text.text.is_empty(),
        }
    }
}

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

/// SHELL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shell {
    /// Such as `["/bin/bash", "-c"]`.
    pub words: Vec<String>,
}

impl Form for Shell {
    const KEYWORD: &str = "SHELL";

    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        statement.flags(&[])?;
        match statement.json()? {
            Some(words) if !words.is_empty() => Ok(Self {
                words: words.into_iter().map(|word| word.text).collect(),
            }),
            Some(_) => Err(statement.requires("at least one argument")),
            None => Err(statement
                .error(
                    statement.rest().span,
                    "SHELL requires the arguments to be in JSON form",
                )
                .with_hint("such as `SHELL [\"/bin/bash\", \"-c\"]`, in double quotes")),
        }
    }

    /// Sets the shell.
    fn apply(&self, state: &mut State<'_>, _at: Place<'_>) -> Result<Effect, BuildError> {
        state.config.shell = Some(self.words.clone());
        Ok(Effect::configured(format!(
            "SHELL [{}]",
            self.words.join(" ")
        )))
    }
}

#[cfg(test)]
mod tests {
    use crate::build::state::testing::{apply, check_history};
    use crate::oci::config::RunConfig;

    #[test]
    fn history_shows_the_words() {
        check_history("CMD [\"cat\", \"/app/g\"]", "CMD [\"cat\" \"/app/g\"]");
        check_history("CMD echo hi", "CMD [\"/bin/sh\" \"-c\" \"echo hi\"]");
    }

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
