//! `docker update`.

use super::resources::ResourceFlags;
use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::docker::values::restart;
use crate::failure::{CommandResult, Failure, for_each};
use engine::runtime::spec::UpdateRequest;

/// Arguments of `docker update`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    resources: ResourceFlags,
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
        if self.resources.is_empty() && self.restart.is_none() {
            return Err(Failure::message(
                "you must provide one or more flags when using this command",
            ));
        }
        let request = UpdateRequest {
            restart: self
                .restart
                .as_deref()
                .map(restart::policy)
                .transpose()
                .map_err(Failure::message)?,
            ..self.resources.update()
        };
        let engine = ctx.engine()?;
        for_each(&self.words, |name| {
            engine.update(name, &request)?;
            Ok(writeln!(ctx.out, "{name}")?)
        })
    }
}
