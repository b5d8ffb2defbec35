//! The instructions of a Dockerfile, a file each: how it is written, what it does, what its cache key says.
//!
//! To add one: its file, a row in [`Kind`], and the arms of [`Instruction`] that the compiler then asks for.
//!
//! **Lesson.** `first-dockerfile`

pub mod add;
pub mod arg;
pub mod cmd;
pub mod command_line;
pub mod copy;
pub mod entrypoint;
pub mod env;
pub mod expose;
pub mod from;
pub mod healthcheck;
pub mod label;
pub mod maintainer;
pub mod mount;
pub mod onbuild;
mod pairs;
pub mod run;
pub mod shell;
pub mod stopsignal;
pub mod transfer;
pub mod user;
pub mod volume;
pub mod workdir;

use super::state::{Effect, Place, State};
use super::syntax::error::BuildError;
use super::syntax::statement::Statement;
use crate::near::nearest;

/// Which instruction a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
}

/// All keywords.
const KEYWORDS: [(&str, Kind); 18] = [
    ("ADD", Kind::Add),
    ("ARG", Kind::Arg),
    ("CMD", Kind::Cmd),
    ("COPY", Kind::Copy),
    ("ENTRYPOINT", Kind::Entrypoint),
    ("ENV", Kind::Env),
    ("EXPOSE", Kind::Expose),
    ("FROM", Kind::From),
    ("HEALTHCHECK", Kind::Healthcheck),
    ("LABEL", Kind::Label),
    ("MAINTAINER", Kind::Maintainer),
    ("ONBUILD", Kind::Onbuild),
    ("RUN", Kind::Run),
    ("SHELL", Kind::Shell),
    ("STOPSIGNAL", Kind::Stopsignal),
    ("USER", Kind::User),
    ("VOLUME", Kind::Volume),
    ("WORKDIR", Kind::Workdir),
];

impl Kind {
    /// The instruction whose keyword `statement` begins with.
    pub(crate) fn of(statement: &Statement<'_>) -> Result<Self, BuildError> {
        let keyword = statement.keyword.text.as_str();
        if let Some((_, kind)) = KEYWORDS.iter().find(|(known, _)| *known == keyword) {
            return Ok(*kind);
        }
        let message = format!("unknown instruction: {keyword}");
        let written = statement
            .written()
            .split_whitespace()
            .next()
            .unwrap_or_default();
        Err(match nearest(keyword, KEYWORDS.map(|(known, _)| known)) {
            Some(meant) => statement.error_here(format!("{message} (did you mean {meant}?)")),
            None => statement.error_here(message).with_hint(format!(
                "a command stands behind RUN (`RUN {written} …`), and a line that belongs to the one above needs a `\\` at the end of that one"
            )),
        })
    }
}

/// An instruction of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instruction {
    /// ADD.
    Add(add::Add),
    /// ARG.
    Arg(arg::Arg),
    /// CMD.
    Cmd(cmd::Cmd),
    /// COPY.
    Copy(copy::Copy),
    /// ENTRYPOINT.
    Entrypoint(entrypoint::Entrypoint),
    /// ENV.
    Env(env::Env),
    /// EXPOSE.
    Expose(expose::Expose),
    /// HEALTHCHECK.
    Healthcheck(healthcheck::Healthcheck),
    /// LABEL.
    Label(label::Label),
    /// MAINTAINER.
    Maintainer(maintainer::Maintainer),
    /// ONBUILD.
    Onbuild(onbuild::Onbuild),
    /// RUN.
    Run(run::Run),
    /// SHELL.
    Shell(shell::Shell),
    /// STOPSIGNAL.
    Stopsignal(stopsignal::Stopsignal),
    /// USER.
    User(user::User),
    /// VOLUME.
    Volume(volume::Volume),
    /// WORKDIR.
    Workdir(workdir::Workdir),
}

impl Instruction {
    /// Reads `statement`, which is of `kind`.
    pub(crate) fn parse(kind: Kind, statement: &Statement<'_>) -> Result<Self, BuildError> {
        Ok(match kind {
            Kind::Add => Self::Add(add::Add::parse(statement)?),
            Kind::Arg => Self::Arg(arg::Arg::parse(statement)?),
            Kind::Cmd => Self::Cmd(cmd::Cmd::parse(statement)?),
            Kind::Copy => Self::Copy(copy::Copy::parse(statement)?),
            Kind::Entrypoint => Self::Entrypoint(entrypoint::Entrypoint::parse(statement)?),
            Kind::Env => Self::Env(env::Env::parse(statement)?),
            Kind::Expose => Self::Expose(expose::Expose::parse(statement)?),
            Kind::From => return Err(statement.error_here("FROM starts a stage")),
            Kind::Healthcheck => Self::Healthcheck(healthcheck::Healthcheck::parse(statement)?),
            Kind::Label => Self::Label(label::Label::parse(statement)?),
            Kind::Maintainer => Self::Maintainer(maintainer::Maintainer::parse(statement)?),
            Kind::Onbuild => Self::Onbuild(onbuild::Onbuild::parse(statement)?),
            Kind::Run => Self::Run(run::Run::parse(statement)?),
            Kind::Shell => Self::Shell(shell::Shell::parse(statement)?),
            Kind::Stopsignal => Self::Stopsignal(stopsignal::Stopsignal::parse(statement)?),
            Kind::User => Self::User(user::User::parse(statement)?),
            Kind::Volume => Self::Volume(volume::Volume::parse(statement)?),
            Kind::Workdir => Self::Workdir(workdir::Workdir::parse(statement)?),
        })
    }

    /// Its keyword.
    pub fn keyword(&self) -> &'static str {
        match self {
            Self::Add(_) => "ADD",
            Self::Arg(_) => "ARG",
            Self::Cmd(_) => "CMD",
            Self::Copy(_) => "COPY",
            Self::Entrypoint(_) => "ENTRYPOINT",
            Self::Env(_) => "ENV",
            Self::Expose(_) => "EXPOSE",
            Self::Healthcheck(_) => "HEALTHCHECK",
            Self::Label(_) => "LABEL",
            Self::Maintainer(_) => "MAINTAINER",
            Self::Onbuild(_) => "ONBUILD",
            Self::Run(_) => "RUN",
            Self::Shell(_) => "SHELL",
            Self::Stopsignal(_) => "STOPSIGNAL",
            Self::User(_) => "USER",
            Self::Volume(_) => "VOLUME",
            Self::Workdir(_) => "WORKDIR",
        }
    }

    /// Changes the stage's configuration and variables, and says what is left to do. `at` is the file it stands in.
    pub(crate) fn apply(&self, state: &mut State<'_>, at: Place<'_>) -> Result<Effect, BuildError> {
        match self {
            Self::Add(add) => add.apply(state, at),
            Self::Arg(arg) => arg.apply(state, at),
            Self::Cmd(cmd) => cmd.apply(state, at),
            Self::Copy(copy) => copy.apply(state, at),
            Self::Entrypoint(entrypoint) => entrypoint.apply(state, at),
            Self::Env(env) => env.apply(state, at),
            Self::Expose(expose) => expose.apply(state, at),
            Self::Healthcheck(healthcheck) => healthcheck.apply(state, at),
            Self::Label(label) => label.apply(state, at),
            Self::Maintainer(maintainer) => maintainer.apply(state, at),
            Self::Onbuild(onbuild) => onbuild.apply(state, at),
            Self::Run(run) => run.apply(state, at),
            Self::Shell(shell) => shell.apply(state, at),
            Self::Stopsignal(stopsignal) => stopsignal.apply(state, at),
            Self::User(user) => user.apply(state, at),
            Self::Volume(volume) => volume.apply(state, at),
            Self::Workdir(workdir) => workdir.apply(state, at),
        }
    }
}
