//! `docker rm`.

use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use crate::failure::for_each;
use engine::ErrorKind;
use engine::runtime::spec::RemoveOptions;

/// Arguments of `docker rm`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Force the removal of a running container (uses SIGKILL)
    #[arg(short, long)]
    force: bool,
    /// Remove anonymous volumes associated with the container
    #[arg(short, long)]
    volumes: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Remove one or more containers";
    const USAGE: &'static str = "[OPTIONS] CONTAINER [CONTAINER...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let options = RemoveOptions {
            force: self.force,
            volumes: self.volumes,
        };
        for_each(&self.words, |name| {
            let trimmed = name.trim_matches('/');
            if trimmed.is_empty() {
                return Err(Failure::message("Container name cannot be empty"));
            }
            match engine.remove(trimmed, options) {
                Ok(()) => Ok(writeln!(ctx.out, "{name}")?),
                // For Docker, `rm -f` of a missing container is not a failure, only a message.
                Err(error) if self.force && error.kind() == ErrorKind::NotFound => {
                    ctx.flush()?;
                    Ok(writeln!(ctx.err, "Error response from daemon: {error}")?)
                }
                Err(error) => Err(error.into()),
            }
        })
    }
}
