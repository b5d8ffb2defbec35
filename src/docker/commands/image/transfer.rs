//! `docker pull` and `push`.

use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use crate::docker::registry::transfer::{self, Shown};
use crate::docker::values;
use crate::exit;
use clap::ArgAction;
use engine::image::remote::{PullRequest, PushRequest};
use engine::oci::reference::{DEFAULT_TAG, Reference};

/// Arguments of `docker pull`.
#[derive(Debug, clap::Args)]
pub(crate) struct Pull {
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

impl Command for Pull {
    const ABOUT: &'static str = "Download an image from a registry";
    const USAGE: &'static str = "[OPTIONS] NAME[:TAG|@DIGEST]";
    const WORDS: Words = Words::Exactly(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        content_trust(self.disable_content_trust)?;
        let name = read_name(ctx, &self.words[0], self.all_tags, self.quiet)?;
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

/// Arguments of `docker push`.
#[derive(Debug, clap::Args)]
pub(crate) struct Push {
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

impl Command for Push {
    const ABOUT: &'static str = "Upload an image to a registry";
    const USAGE: &'static str = "[OPTIONS] NAME[:TAG]";
    const WORDS: Words = Words::Exactly(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        content_trust(self.disable_content_trust)?;
        let name = read_name(ctx, &self.words[0], self.all_tags, self.quiet)?;
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

/// Parses the name `text`. Without a tag it means `latest`, which is reported unless `quiet`; or with `all`, every tag.
fn read_name(ctx: &mut Ctx, text: &str, all: bool, quiet: bool) -> CommandResult<Reference> {
    let name = Reference::parse(text).map_err(|error| Failure::message(error.to_string()))?;
    let is_bare = name.tag().is_none() && name.digest().is_none();
    if all {
        return match is_bare {
            true => Ok(name),
            false => Err(Failure::message("tag can't be used with --all-tags/-a")),
        };
    }
    if is_bare && !quiet {
        writeln!(ctx.out, "Using default tag: {DEFAULT_TAG}")?;
    }
    Ok(name.or_latest())
}

/// `--disable-content-trust=false` requests signatures, which we do not support.
fn content_trust(disabled: bool) -> CommandResult {
    match disabled {
        true => Ok(()),
        false => Err(Failure::refused(
            "--disable-content-trust=false",
            exit::ENGINE,
        )),
    }
}
