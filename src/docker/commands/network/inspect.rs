//! `docker network inspect`.

use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::docker::commands::inspect::{self, FORMAT_HELP};
use crate::failure::CommandResult;

/// Arguments of `docker network inspect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(short, long, value_name = "string", help = FORMAT_HELP)]
    format: Option<String>,
    /// Verbose output for diagnostics
    #[arg(short, long)]
    verbose: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Display detailed information on one or more networks";
    const USAGE: &'static str = "[OPTIONS] NETWORK [NETWORK...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        // There is nothing more to say: `--verbose` is for networks of several machines.
        inspect::show(ctx, self.format.as_deref(), &self.words, inspect::network)
    }
}
