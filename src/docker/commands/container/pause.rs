//! `docker pause`.

use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::failure::{CommandResult, for_each};

/// Arguments of `docker pause`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Pause all processes within one or more containers";
    const USAGE: &'static str = "CONTAINER [CONTAINER...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        for_each(&self.words, |name| {
            engine.pause(name)?;
            Ok(writeln!(ctx.out, "{name}")?)
        })
    }
}
