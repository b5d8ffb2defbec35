//! RUN: a command whose changes become a layer.
//!
//! `RUN text for the shell` · `RUN ["program", "word"]` · `RUN <<EOF … EOF`, a small script.
//! Variables in it are not expanded here: the shell that runs it sees them in its environment.

use super::command_line::CommandLine;
use crate::build::syntax::error::BuildError;
use crate::build::syntax::heredoc::{self, Heredoc};
use crate::build::syntax::statement::{FlagKind, Statement};

/// RUN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The command.
    pub command: CommandLine,
    /// The small files after it.
    pub heredocs: Vec<Heredoc>,
    /// `--network=none|host|default`.
    pub network: Option<RunNetwork>,
}

/// `RUN --network`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunNetwork {
    /// What the build uses.
    Default,
    /// No network.
    None,
    /// The machine's.
    Host,
}

impl Run {
    pub(crate) fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        let flags = statement.flags(&[
            ("network", FlagKind::Value),
            ("security", FlagKind::Value),
            ("mount", FlagKind::Values),
            ("device", FlagKind::Values),
        ])?;
        for (name, allowed) in [("mount", ""), ("device", ""), ("security", "sandbox")] {
            if let Some(value) = flags.value(name).filter(|value| value.text != allowed) {
                let message = format!("`RUN --{name}` is not part of docklings");
                return Err(statement
                    .error(value.span, message)
                    .with_hint("see docs/limits.md"));
            }
        }
        let network = match flags.value("network") {
            None => None,
            Some(value) => Some(match value.text.as_str() {
                "default" => RunNetwork::Default,
                "none" => RunNetwork::None,
                "host" => RunNetwork::Host,
                other => {
                    return Err(statement
                        .error(value.span, format!("invalid network mode {other:?}"))
                        .with_hint("`--network` takes `default`, `none` or `host`"));
                }
            }),
        };
        let command = CommandLine::parse(statement)?;
        if command.is_empty() {
            return Err(statement.requires("at least one argument"));
        }
        Ok(Self {
            command,
            heredocs: statement.heredocs().to_vec(),
            network,
        })
    }

    /// The words to execute; `shell` stands before the shell form.
    ///
    /// A single here-document is the script itself; its first line can name the interpreter, which then reads the
    /// script from [`Run::script`]. Anything else is handed to the shell as it is written.
    pub fn argv(&self, shell: &[String]) -> Vec<String> {
        let CommandLine::Shell(text) = &self.command else {
            return self.command.argv(shell);
        };
        let full = match (self.heredocs.as_slice(), heredoc::mark(&text.text)) {
            ([], _) => text.text.clone(),
            ([script], Some(_)) => script.text(),
            (heredocs, _) => {
                let mut full = text.text.clone();
                for heredoc in heredocs {
                    full.push('\n');
                    full.push_str(&heredoc.content);
                    full.push_str(&heredoc.name);
                }
                full
            }
        };
        let mut argv = shell.to_vec();
        argv.push(full);
        argv
    }

    /// The script that names its own interpreter (`#!`), if RUN is a single here-document with one.
    pub fn script(&self) -> Option<String> {
        let CommandLine::Shell(text) = &self.command else {
            return None;
        };
        match self.heredocs.as_slice() {
            [script] if heredoc::mark(&text.text).is_some() => {
                Some(script.text()).filter(|text| text.starts_with("#!"))
            }
            _ => None,
        }
    }
}
