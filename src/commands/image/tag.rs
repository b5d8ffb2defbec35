//! `docker tag`.

use crate::cli::Words;
use crate::commands::Command;
use crate::ctx::Ctx;
use crate::failure::{CommandResult, Failure};
use engine::oci::reference::Reference;

/// Arguments of `docker tag`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE";
    const USAGE: &'static str = "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]";
    const WORDS: Words = Words::Exactly(2);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let (source, target) = (&self.words[0], &self.words[1]);
        if let Err(error) = Reference::parse(target) {
            return Err(Failure::message(format!(
                "Error parsing reference: \"{target}\" is not a valid repository/tag: {error}"
            )));
        }
        Ok(ctx.engine()?.tag(source, target)?)
    }
}
