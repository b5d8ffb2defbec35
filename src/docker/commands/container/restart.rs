//! `docker restart`.

use super::stop::Grace;
use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::failure::{CommandResult, for_each};

/// Arguments of `docker restart`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    grace: Grace,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Restart one or more containers";
    const USAGE: &'static str = "[OPTIONS] CONTAINER [CONTAINER...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let options = self.grace.options(ctx)?;
        let engine = ctx.engine()?;
        for_each(&self.words, |name| {
            engine.restart(name, &options)?;
            writeln!(ctx.out, "{name}")?;
            Ok(ctx.flush()?)
        })
    }
}
