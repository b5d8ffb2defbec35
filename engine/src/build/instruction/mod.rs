//! The instructions of a Dockerfile, one file each: syntax, effect, and cache key.
//!
//! To add one: create its file with a [`Form`], add a variant of [`Instruction`], and the row and the arm that the
//! compiler then asks for.
//!
//! **Lesson.** `first-dockerfile`

pub(crate) mod add;
pub(crate) mod arg;
pub(crate) mod cmd;
pub(crate) mod command_line;
pub(crate) mod copy;
pub(crate) mod entrypoint;
pub(crate) mod env;
pub(crate) mod expose;
pub(crate) mod from;
pub(crate) mod healthcheck;
pub(crate) mod label;
pub(crate) mod maintainer;
pub(crate) mod mount;
pub(crate) mod onbuild;
mod pairs;
pub(crate) mod run;
pub(crate) mod shell;
pub(crate) mod stopsignal;
pub(crate) mod transfer;
pub(crate) mod user;
pub(crate) mod volume;
pub(crate) mod workdir;

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

/// A [`Form`] of unknown type.
trait AnyForm {
    fn keyword(&self) -> &'static str;
    fn changes_files(&self) -> bool;
    fn apply(&self, state: &mut State<'_>, at: Place<'_>) -> Result<Effect, BuildError>;
}

impl<T: Form> AnyForm for T {
    fn keyword(&self) -> &'static str {
        T::KEYWORD
    }
    fn changes_files(&self) -> bool {
        T::CHANGES_FILES
    }
    fn apply(&self, state: &mut State<'_>, at: Place<'_>) -> Result<Effect, BuildError> {
        Form::apply(self, state, at)
    }
}

/// An instruction of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Instruction {
    Add(add::Add),
    Arg(arg::Arg),
    Cmd(cmd::Cmd),
    Copy(copy::Copy),
    Entrypoint(entrypoint::Entrypoint),
    Env(env::Env),
    Expose(expose::Expose),
    Healthcheck(healthcheck::Healthcheck),
    Label(label::Label),
    Maintainer(maintainer::Maintainer),
    Onbuild(onbuild::Onbuild),
    Run(run::Run),
    Shell(shell::Shell),
    Stopsignal(stopsignal::Stopsignal),
    User(user::User),
    Volume(volume::Volume),
    Workdir(workdir::Workdir),
}

type Parse = fn(&Statement<'_>) -> Result<Instruction, BuildError>;

/// Keywords, and their parsers. The compiler reports a variant without a row, because it is never constructed.
const ROWS: &[(&str, Parse)] = &[
    (add::Add::KEYWORD, |text| {
        Ok(Instruction::Add(Form::parse(text)?))
    }),
    (arg::Arg::KEYWORD, |text| {
        Ok(Instruction::Arg(Form::parse(text)?))
    }),
    (cmd::Cmd::KEYWORD, |text| {
        Ok(Instruction::Cmd(Form::parse(text)?))
    }),
    (copy::Copy::KEYWORD, |text| {
        Ok(Instruction::Copy(Form::parse(text)?))
    }),
    (entrypoint::Entrypoint::KEYWORD, |text| {
        Ok(Instruction::Entrypoint(Form::parse(text)?))
    }),
    (env::Env::KEYWORD, |text| {
        Ok(Instruction::Env(Form::parse(text)?))
    }),
    (expose::Expose::KEYWORD, |text| {
        Ok(Instruction::Expose(Form::parse(text)?))
    }),
    (healthcheck::Healthcheck::KEYWORD, |text| {
        Ok(Instruction::Healthcheck(Form::parse(text)?))
    }),
    (label::Label::KEYWORD, |text| {
        Ok(Instruction::Label(Form::parse(text)?))
    }),
    (maintainer::Maintainer::KEYWORD, |text| {
        Ok(Instruction::Maintainer(Form::parse(text)?))
    }),
    (onbuild::Onbuild::KEYWORD, |text| {
        Ok(Instruction::Onbuild(Form::parse(text)?))
    }),
    (run::Run::KEYWORD, |text| {
        Ok(Instruction::Run(Form::parse(text)?))
    }),
    (shell::Shell::KEYWORD, |text| {
        Ok(Instruction::Shell(Form::parse(text)?))
    }),
    (stopsignal::Stopsignal::KEYWORD, |text| {
        Ok(Instruction::Stopsignal(Form::parse(text)?))
    }),
    (user::User::KEYWORD, |text| {
        Ok(Instruction::User(Form::parse(text)?))
    }),
    (volume::Volume::KEYWORD, |text| {
        Ok(Instruction::Volume(Form::parse(text)?))
    }),
    (workdir::Workdir::KEYWORD, |text| {
        Ok(Instruction::Workdir(Form::parse(text)?))
    }),
];

impl Instruction {
    /// Reads `statement`, an instruction of a stage.
    pub(crate) fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        let keyword = statement.keyword.text.as_str();
        match ROWS.iter().find(|(known, _)| *known == keyword) {
            Some((_, parse)) => parse(statement),
            None => Err(unknown(statement)),
        }
    }

    fn form(&self) -> &dyn AnyForm {
        match self {
            Self::Add(add) => add,
            Self::Arg(arg) => arg,
            Self::Cmd(cmd) => cmd,
            Self::Copy(copy) => copy,
            Self::Entrypoint(entrypoint) => entrypoint,
            Self::Env(env) => env,
            Self::Expose(expose) => expose,
            Self::Healthcheck(healthcheck) => healthcheck,
            Self::Label(label) => label,
            Self::Maintainer(maintainer) => maintainer,
            Self::Onbuild(onbuild) => onbuild,
            Self::Run(run) => run,
            Self::Shell(shell) => shell,
            Self::Stopsignal(stopsignal) => stopsignal,
            Self::User(user) => user,
            Self::Volume(volume) => volume,
            Self::Workdir(workdir) => workdir,
        }
    }

    /// Its keyword.
    pub(crate) fn keyword(&self) -> &'static str {
        self.form().keyword()
    }

    /// Whether it can change files.
    pub(crate) fn changes_files(&self) -> bool {
        self.form().changes_files()
    }

    /// Calls [`Form::apply`] of its type.
    pub(crate) fn apply(&self, state: &mut State<'_>, at: Place<'_>) -> Result<Effect, BuildError> {
        self.form().apply(state, at)
    }
}

fn unknown(statement: &Statement<'_>) -> BuildError {
    let keyword = &statement.keyword.text;
    let message = format!("unknown instruction: {keyword}");
    let known = ROWS.iter().map(|(known, _)| *known);
    if let Some(meant) = nearest(keyword, known.chain([from::From::KEYWORD])) {
        return statement.error_here(format!("{message} (did you mean {meant}?)"));
    }
    let written = statement.written();
    let written = written.split_whitespace().next().unwrap_or_default();
    statement.error_here(message).with_hint(format!(
        "put a command in `RUN {written} …`; to continue the line above, end it with `\\`"
    ))
}
