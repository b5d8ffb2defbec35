//! `docker rename`.

use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::failure::{CommandResult, Failure};

/// Arguments of `docker rename`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
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
