//! `docker diff`.

use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::failure::CommandResult;
use engine::runtime::spec::ChangeKind;

/// Arguments of `docker diff`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
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
