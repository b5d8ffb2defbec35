//! `docker commit`.

use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::failure::{CommandResult, Failure};
use clap::ArgAction;
use engine::build::commit::CommitRequest;
use engine::oci::reference::Reference;

/// Arguments of `docker commit`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
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

impl Command for Args {
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
