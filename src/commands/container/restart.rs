//! `docker restart`.

use super::stop::TIME_IS_OLD;
use crate::cli::Words;
use crate::commands::Command;
use crate::ctx::Ctx;
use crate::failure::{CommandResult, for_each};
use crate::values;
use engine::runtime::spec::StopOptions;

/// Arguments of `docker restart`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Signal to send to the container
    #[arg(short, long, value_name = "string")]
    signal: Option<String>,
    /// Seconds to wait before killing the container
    #[arg(short, long, value_name = "int", value_parser = values::int)]
    timeout: Option<i64>,
    /// The old name of `--timeout`
    #[arg(long, hide = true, value_name = "int", value_parser = values::int)]
    time: Option<i64>,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Restart one or more containers";
    const USAGE: &'static str = "[OPTIONS] CONTAINER [CONTAINER...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        if self.time.is_some() {
            writeln!(ctx.err, "{TIME_IS_OLD}")?;
        }
        let engine = ctx.engine()?;
        let options = StopOptions {
            signal: self.signal.filter(|signal| !signal.is_empty()),
            timeout: self.timeout.or(self.time),
        };
        for_each(&self.words, |name| {
            engine.restart(name, &options)?;
            writeln!(ctx.out, "{name}")?;
            Ok(ctx.flush()?)
        })
    }
}
