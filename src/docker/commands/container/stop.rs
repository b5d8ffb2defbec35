//! `docker stop`.

use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::docker::values;
use crate::failure::{CommandResult, for_each};
use engine::runtime::spec::StopOptions;

/// How a container is asked to end, and how long it may take.
#[derive(clap::Args)]
pub(super) struct Grace {
    /// Signal to send to the container
    #[arg(short, long, value_name = "string")]
    signal: Option<String>,
    /// Seconds to wait before killing the container
    #[arg(short, long, value_name = "int", value_parser = values::int)]
    timeout: Option<i64>,
    /// The old name of `--timeout`
    #[arg(long, hide = true, value_name = "int", value_parser = values::int)]
    time: Option<i64>,
}

impl Grace {
    /// For the engine. The old flag is told, as Docker does.
    pub(super) fn options(self, ctx: &mut Ctx) -> CommandResult<StopOptions> {
        if self.time.is_some() {
            let old = "Flag --time has been deprecated, use --timeout instead";
            writeln!(ctx.err, "{old}")?;
        }
        Ok(StopOptions {
            signal: self.signal.filter(|signal| !signal.is_empty()),
            timeout: self.timeout.or(self.time),
        })
    }
}

/// Arguments of `docker stop`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    grace: Grace,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Stop one or more running containers";
    const USAGE: &'static str = "[OPTIONS] CONTAINER [CONTAINER...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let options = self.grace.options(ctx)?;
        let engine = ctx.engine()?;
        for_each(&self.words, |name| {
            engine.stop(name, &options)?;
            writeln!(ctx.out, "{name}")?;
            Ok(ctx.flush()?)
        })
    }
}
