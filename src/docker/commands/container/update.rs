//! `docker update` and `rename`.

use super::resources::ResourceFlags;
use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use crate::docker::values::restart_policy;
use crate::failure::for_each;
use engine::runtime::spec::UpdateRequest;

/// Arguments of `docker update`.
#[derive(Debug, clap::Args)]
pub(crate) struct Update {
    #[command(flatten)]
    resources: ResourceFlags,
    /// Restart policy to apply when a container exits
    #[arg(long, value_name = "string")]
    restart: Option<String>,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Update {
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
                .map(restart_policy)
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

/// Arguments of `docker rename`.
#[derive(clap::Args)]
pub(crate) struct Rename {
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Rename {
    const ABOUT: &'static str = "Rename a container";
    const USAGE: &'static str = "CONTAINER NEW_NAME";
    const WORDS: Words = Words::Exactly(2);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let [old, new] = self.words.as_slice() else {
            return Ok(());
        };
        if old.trim().is_empty() || new.trim().is_empty() {
            return Err(Failure::message(
                "Error: Neither old nor new names may be empty",
            ));
        }
        let engine = ctx.engine()?;
        engine
            .rename(old.trim_start_matches('/'), new.trim_start_matches('/'))
            .map_err(|error| {
                let told =
                    Failure::message(format!("Error: failed to rename container named {old}"));
                Failure::Several(vec![error.into(), told])
            })
    }
}
