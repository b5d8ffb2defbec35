//! `docker update`.

use crate::cli::Words;
use crate::commands::Command;
use crate::ctx::Ctx;
use crate::failure::{CommandResult, Failure, for_each};
use crate::values::{self, restart};
use engine::runtime::spec::UpdateRequest;

/// Arguments of `docker update`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Number of CPUs
    #[arg(long, value_name = "decimal", value_parser = values::decimal_cpus)]
    cpus: Option<u64>,
    /// Memory limit
    #[arg(short, long, value_name = "bytes", value_parser = values::bytes)]
    memory: Option<u64>,
    /// Swap limit equal to memory plus swap: -1 to enable unlimited swap
    #[arg(long, value_name = "bytes", value_parser = values::memory_swap)]
    memory_swap: Option<i64>,
    /// Tune container pids limit (set -1 for unlimited)
    #[arg(long, value_name = "int", value_parser = values::int)]
    pids_limit: Option<i64>,
    /// Restart policy to apply when a container exits
    #[arg(long, value_name = "string")]
    restart: Option<String>,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Update configuration of one or more containers";
    const USAGE: &'static str = "[OPTIONS] CONTAINER [CONTAINER...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let request = UpdateRequest {
            memory: self.memory,
            memory_swap: self.memory_swap,
            nano_cpus: self.cpus,
            pids_limit: self.pids_limit.map(|limit| limit.max(0)),
            restart: self
                .restart
                .as_deref()
                .map(restart::policy)
                .transpose()
                .map_err(Failure::message)?,
        };
        let is_empty = request.memory.is_none()
            && request.memory_swap.is_none()
            && request.nano_cpus.is_none()
            && request.pids_limit.is_none()
            && request.restart.is_none();
        if is_empty {
            return Err(Failure::message(
                "you must provide one or more flags when using this command",
            ));
        }
        let engine = ctx.engine()?;
        for_each(&self.words, |name| {
            engine.update(name, &request)?;
            Ok(writeln!(ctx.out, "{name}")?)
        })
    }
}
