//! `docker rmi`.

use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::failure::{CommandResult, Failure};
use engine::ErrorKind;
use engine::image::remove::{RemoveImageOptions, Removed};

/// Arguments of `docker rmi`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Force removal of the image
    #[arg(short, long)]
    force: bool,
    /// Do not delete untagged parents
    #[arg(long)]
    no_prune: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
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
            // With `-f`, what is not there is no failure, only worth saying.
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
