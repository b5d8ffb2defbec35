//! `docker wait`.

use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::failure::{CommandResult, for_each};

/// Arguments of `docker wait`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str =
        "Block until one or more containers stop, then print their exit codes";
    const USAGE: &'static str = "CONTAINER [CONTAINER...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        for_each(&self.words, |name| {
            let code = engine.wait(name)?;
            writeln!(ctx.out, "{code}")?;
            Ok(ctx.flush()?)
        })
    }
}
