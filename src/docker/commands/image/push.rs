//! `docker push`.

use super::remote_name::{self, content_trust};
use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::docker::registry::transfer::{self, Shown};
use crate::docker::values;
use crate::failure::{CommandResult, Failure};
use clap::ArgAction;
use engine::image::remote::PushRequest;

/// Arguments of `docker push`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Push all tags of an image to the repository
    #[arg(short, long)]
    all_tags: bool,
    /// Skip image signing
    #[arg(long, default_value = "true", action = ArgAction::Set)]
    disable_content_trust: bool,
    #[arg(long, value_name = "string", value_parser = values::own_platform, help = PLATFORM_HELP)]
    platform: Option<String>,
    /// Suppress verbose output
    #[arg(short, long)]
    quiet: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

const PLATFORM_HELP: &str = "Push a platform-specific manifest as a single-platform image to the registry.
Image index won't be pushed, meaning that other manifests, including attestations won't be preserved.
'os[/arch[/variant]]': Explicit platform (eg. linux/amd64)";

impl Command for Args {
    const ABOUT: &'static str = "Upload an image to a registry";
    const USAGE: &'static str = "[OPTIONS] NAME[:TAG]";
    const WORDS: Words = Words::Exactly(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        content_trust(self.disable_content_trust)?;
        let name = remote_name::read(ctx, &self.words[0], self.all_tags, self.quiet)?;
        if name.digest().is_some() {
            return Err(Failure::message("cannot push a digest reference"));
        }
        let request = PushRequest {
            reference: name.to_string(),
            all_tags: self.all_tags,
        };
        let shown = if self.quiet {
            Shown::Nowhere
        } else {
            Shown::Out
        };
        transfer::push(ctx, &request, shown)?;
        if self.quiet {
            writeln!(ctx.out, "{name}")?;
        }
        Ok(())
    }
}
