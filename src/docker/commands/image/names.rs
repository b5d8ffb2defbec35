//! `docker tag` and `rmi`: adding and removing names of images.

use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use engine::ErrorKind;
use engine::image::remove::{RemoveImageOptions, Removed};
use engine::oci::digest::Digest;
use engine::oci::reference::Reference;

/// Arguments of `docker tag`.
#[derive(Debug, clap::Args)]
pub(crate) struct Tag {
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Tag {
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

/// Arguments of `docker rmi`.
#[derive(Debug, clap::Args)]
pub(crate) struct Rm {
    /// Force removal of the image
    #[arg(short, long)]
    force: bool,
    /// Do not delete untagged parents
    #[arg(long)]
    no_prune: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Rm {
    const ABOUT: &'static str = "Remove one or more images";
    const USAGE: &'static str = "[OPTIONS] IMAGE [IMAGE...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let options = RemoveImageOptions {
            force: self.force,
            no_prune: self.no_prune,
        };
        let (mut failures, mut is_fatal) = (Vec::new(), false);
        for name in &self.words {
            match engine.remove_image(name, options) {
                Ok(removed) => {
                    for one in &removed {
                        writeln!(ctx.out, "{}", line(one))?;
                    }
                }
                Err(error) => {
                    is_fatal |= error.kind() != ErrorKind::NotFound;
                    failures.push(Failure::from(error));
                }
            }
        }
        let failure = Failure::Several(failures);
        match failure.text() {
            None => Ok(()),
            // With `-f`, a missing image is not a failure, only a message.
            Some(text) if self.force && !is_fatal => {
                ctx.flush()?;
                Ok(writeln!(ctx.err, "{text}")?)
            }
            Some(_) => Err(failure),
        }
    }
}

/// `Untagged: busybox:latest`, `Deleted: sha256:…`.
fn line(removed: &Removed) -> String {
    match removed {
        Removed::Untagged { name, .. } => format!("Untagged: {name}"),
        Removed::Deleted(id) => format!("Deleted: {id}"),
    }
}
