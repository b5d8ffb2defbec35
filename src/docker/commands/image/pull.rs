//! `docker pull`.

use super::remote_name::{self, content_trust};
use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::docker::registry::transfer::{self, Shown};
use crate::failure::CommandResult;
use clap::ArgAction;
use engine::image::remote::PullRequest;

/// Arguments of `docker pull`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Download all tagged images in the repository
    #[arg(short, long)]
    all_tags: bool,
    /// Skip image verification
    #[arg(long, default_value = "true", action = ArgAction::Set)]
    disable_content_trust: bool,
    /// Set platform if server is multi-platform capable
    #[arg(long, value_name = "string")]
    platform: Option<String>,
    /// Suppress verbose output
    #[arg(short, long)]
    quiet: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Download an image from a registry";
    const USAGE: &'static str = "[OPTIONS] NAME[:TAG|@DIGEST]";
    const WORDS: Words = Words::Exactly(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        content_trust(self.disable_content_trust)?;
        let name = remote_name::read(ctx, &self.words[0], self.all_tags, self.quiet)?;
        let request = PullRequest {
            reference: name.to_string(),
            all_tags: self.all_tags,
            platform: self.platform.filter(|platform| !platform.is_empty()),
        };
        let shown = if self.quiet {
            Shown::Nowhere
        } else {
            Shown::Out
        };
        transfer::pull(ctx, &request, shown)?;
        Ok(writeln!(ctx.out, "{name}")?)
    }
}
