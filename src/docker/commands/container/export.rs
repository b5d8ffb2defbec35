//! `docker export`.

use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::docker::commands::output::save;
use crate::failure::CommandResult;

/// Arguments of `docker export`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write to a file, instead of STDOUT
    #[arg(short, long, value_name = "string")]
    output: Option<String>,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
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
