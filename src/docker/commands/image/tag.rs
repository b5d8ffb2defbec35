//! `docker tag`.

use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::failure::{CommandResult, Failure};
use engine::oci::digest::Digest;
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
        let bad = |name: &str, error| {
            Failure::message(format!(
                "Error parsing reference: \"{name}\" is not a valid repository/tag: {error}"
            ))
        };
        if Digest::whole(source).is_none() {
            Reference::parse(source).map_err(|error| bad(source, error))?;
        }
        Reference::parse(target).map_err(|error| bad(target, error))?;
        Ok(ctx.engine()?.tag(source, target)?)
    }
}
