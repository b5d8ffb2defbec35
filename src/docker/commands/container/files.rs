//! `docker diff`, `export` and `commit`: the files of a container.

use crate::docker::commands::output::save;
use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use clap::ArgAction;
use engine::build::commit::CommitRequest;
use engine::oci::reference::Reference;
use engine::runtime::spec::ChangeKind;

/// Arguments of `docker diff`.
#[derive(Debug, clap::Args)]
pub(crate) struct Diff {
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Diff {
    const ABOUT: &'static str =
        "Inspect changes to files or directories on a container's filesystem";
    const USAGE: &'static str = "CONTAINER";
    const WORDS: Words = Words::Exactly(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        for change in ctx.engine()?.diff(&self.words[0])? {
            let letter = match change.kind {
                ChangeKind::Added => 'A',
                ChangeKind::Changed => 'C',
                ChangeKind::Deleted => 'D',
            };
            writeln!(ctx.out, "{letter} {}", change.path)?;
        }
        Ok(())
    }
}

/// Arguments of `docker export`.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// Write to a file, instead of STDOUT
    #[arg(short, long, value_name = "string")]
    output: Option<String>,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Export {
    const ABOUT: &'static str = "Export a container's filesystem as a tar archive";
    const USAGE: &'static str = "[OPTIONS] CONTAINER";
    const WORDS: Words = Words::Exactly(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let name = &self.words[0];
        save(ctx, "export container", self.output.as_deref(), |writer| {
            Ok(engine.export(name, writer)?)
        })
    }
}

/// Arguments of `docker commit`.
#[derive(Debug, clap::Args)]
pub(crate) struct Commit {
    /// Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")
    #[arg(short, long, value_name = "string")]
    author: Option<String>,
    /// Apply Dockerfile instruction to the created image
    #[arg(short, long, value_name = "list")]
    change: Vec<String>,
    /// Commit message
    #[arg(short, long, value_name = "string")]
    message: Option<String>,
    /// Pause container during commit
    #[arg(short, long, default_value = "true", action = ArgAction::Set)]
    pause: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Commit {
    const ABOUT: &'static str = "Create a new image from a container's changes";
    const USAGE: &'static str = "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]";
    const WORDS: Words = Words::Between(1, 2);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        if let Some(name) = self.words.get(1).filter(|name| !name.is_empty()) {
            Reference::parse(name).map_err(|error| Failure::message(error.to_string()))?;
        }
        let request = CommitRequest {
            reference: self.words.get(1).filter(|name| !name.is_empty()).cloned(),
            author: self.author.unwrap_or_default(),
            message: self.message.unwrap_or_default(),
            changes: self.change,
            no_pause: !self.pause,
        };
        let id = ctx.engine()?.commit(&self.words[0], request)?;
        Ok(writeln!(ctx.out, "{id}")?)
    }
}
