//! The instructions of a Dockerfile: syntax, effect, and cache key.
//!
//! To add one: write its type, which is a [`Form`], in a file of its own or beside its kind, and name it in
//! `instructions!`.
//!
//! **Lesson.** `first-dockerfile`

pub(crate) mod add;
pub(crate) mod arg;
pub(crate) mod command_line;
pub(crate) mod copy;
pub(crate) mod expose;
pub(crate) mod from;
pub(crate) mod healthcheck;
pub(crate) mod mount;
pub(crate) mod onbuild;
pub(crate) mod one_word;
pub(crate) mod pairs;
pub(crate) mod run;
pub(crate) mod transfer;
pub(crate) mod volume;

use super::state::{Place, State};
use super::syntax::error::BuildError;
use super::syntax::statement::Statement;
use super::work::Effect;
use crate::near::nearest;

/// An instruction, in the file with its name.
pub(crate) trait Form: Sized {
    /// Its keyword.
    const KEYWORD: &str;
    /// Whether its steps can change files; only these are numbered.
    const CHANGES_FILES: bool = false;

    /// Reads `statement`, which begins with the keyword.
    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError>;

    /// Changes the stage's configuration and variables, and returns the remaining work. `at` is the instruction's file.
    fn apply(&self, state: &mut State<'_>, at: Place<'_>) -> Result<Effect, BuildError>;
}

/// Declares [`Instruction`] with a variant for each type.
macro_rules! instructions {
    ($($file:ident::$name:ident,)*) => {
        /// An instruction of a stage.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) enum Instruction {
            $($name($file::$name),)*
        }

        const KEYWORDS: &[&str] = &[$($file::$name::KEYWORD,)*];

        impl Instruction {
            /// Reads `statement`, an instruction of a stage.
            pub(crate) fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
                match statement.keyword.text.as_str() {
                    $($file::$name::KEYWORD => Form::parse(statement).map(Self::$name),)*
                    _ => Err(unknown(statement)),
                }
            }

            /// Its keyword.
            pub(crate) fn keyword(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => $file::$name::KEYWORD,)*
                }
            }

            /// Whether it can change files.
            pub(crate) fn changes_files(&self) -> bool {
                match self {
                    $(Self::$name(_) => $file::$name::CHANGES_FILES,)*
                }
            }

            /// Calls [`Form::apply`] of its type.
            pub(crate) fn apply(
                &self,
                state: &mut State<'_>,
                at: Place<'_>,
            ) -> Result<Effect, BuildError> {
                match self {
                    $(Self::$name(form) => form.apply(state, at),)*
                }
            }
        }
    };
}

instructions! {
    add::Add,
    arg::Arg,
    command_line::Cmd,
    command_line::Entrypoint,
    command_line::Shell,
    copy::Copy,
    expose::Expose,
    healthcheck::Healthcheck,
    onbuild::Onbuild,
    one_word::Maintainer,
    one_word::Stopsignal,
    one_word::User,
    one_word::Workdir,
    pairs::Env,
    pairs::Label,
    run::Run,
    volume::Volume,
}

fn unknown(statement: &Statement<'_>) -> BuildError {
    let keyword = &statement.keyword.text;
    let message = format!("unknown instruction: {keyword}");
    let known = KEYWORDS.iter().copied();
    if let Some(meant) = nearest(keyword, known.chain([from::From::KEYWORD])) {
        return statement.error_here(format!("{message} (did you mean {meant}?)"));
    }
    let written = statement.written();
    let written = written.split_whitespace().next().unwrap_or_default();
    statement.error_here(message).with_hint(format!(
        "put a command in `RUN {written} …`; to continue the line above, end it with `\\`"
    ))
}
