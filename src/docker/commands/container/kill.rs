//! `docker kill`.

use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::failure::{CommandResult, for_each};

/// Arguments of `docker kill`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Signal to send to the container
    #[arg(short, long, value_name = "string")]
    signal: Option<String>,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Kill one or more running containers";
    const USAGE: &'static str = "[OPTIONS] CONTAINER [CONTAINER...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let signal = self.signal.as_deref().filter(|signal| !signal.is_empty());
        for_each(&self.words, |name| {
            engine.kill(name, signal.unwrap_or("KILL"))?;
            Ok(writeln!(ctx.out, "{name}")?)
        })
    }
}
