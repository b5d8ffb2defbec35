//! `docker create`, and the half of `docker run` that it shares.

use super::flags::CreateFlags;
use super::request::{self, Surroundings};
use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use crate::docker::registry::transfer::{self, Shown};
use crate::exit;
use engine::clock::System;
use engine::id::ContainerId;
use engine::image::remote::PullRequest;
use engine::oci::digest::Digest;
use engine::oci::reference::Reference;
use engine::runtime::spec::CreateRequest;
use engine::{Engine, ErrorKind};

/// Arguments of `docker create`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    flags: CreateFlags,
}

impl Command for Args {
    const ABOUT: &'static str = "Create a new container";
    const USAGE: &'static str = "[OPTIONS] IMAGE [COMMAND] [ARG...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let plan = Plan::of(self.flags).map_err(|failure| match failure {
            // `create` prints errors that the daemon would report as they are; `run` does not.
            Failure::Engine(_) => failure,
            _ => with_help(failure, "create"),
        })?;
        let id = plan.create(ctx)?;
        Ok(writeln!(ctx.out, "{id}")?)
    }
}

/// A failure as `run` prints it, and as `create` prints it for a wrong flag. As in Docker, the exit code for a missing
/// command depends on the message.
pub(super) fn with_help(failure: Failure, command: &str) -> Failure {
    let code = match &failure {
        Failure::Engine(error) => match error.kind() {
            ErrorKind::CommandNotFound => exit::NOT_FOUND,
            ErrorKind::CannotExecute => exit::CANNOT_EXECUTE,
            _ => exit::ENGINE,
        },
        _ => exit::ENGINE,
    };
    failure.with_help(command, code)
}

/// A container to create.
pub(super) struct Plan {
    pub(super) request: CreateRequest,
    pull: Pull,
    platform: Option<String>,
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pull {
    Always,
    Missing,
    Never,
}

impl Plan {
    /// Parses the flags. Nothing is created yet.
    pub(super) fn of(flags: CreateFlags) -> CommandResult<Self> {
        let pull = match flags.pull.as_str() {
            "always" => Pull::Always,
            "missing" | "" => Pull::Missing,
            "never" => Pull::Never,
            other => {
                return Err(Failure::message(format!(
                    "invalid pull option: '{other}': must be one of \"always\", \"missing\" or \"never\""
                )));
            }
        };
        let quiet = flags.quiet;
        let platform = flags.platform.clone().filter(|asked| !asked.is_empty());
        let around = Surroundings {
            cwd: &std::env::current_dir()?,
            own: &|name| std::env::var(name).ok(),
            entropy: &System,
        };
        let request = request::request(flags, &around)?;
        Ok(Self {
            request,
            pull,
            platform,
            quiet,
        })
    }

    /// Creates the container; looks for the image, and prints the engine's warnings.
    pub(super) fn create(self, ctx: &mut Ctx) -> CommandResult<ContainerId> {
        let engine = ctx.engine()?;
        let image = self.request.image.clone();
        check_reference(&image)?;
        if self.pull == Pull::Always {
            pull(ctx, &image, self.platform.as_deref(), self.quiet)?;
        }
        let created = match engine.create(self.request.clone()) {
            Err(error)
                if is_missing_image(&engine, &error, &image) && self.pull == Pull::Missing =>
            {
                if !self.quiet {
                    match engine.image(&image) {
                        // The image is local, but damaged.
                        Ok(_) => writeln!(ctx.err, "{error}")?,
                        Err(_) => {
                            let name = familiar(&image);
                            writeln!(ctx.err, "Unable to find image '{name}' locally")?;
                        }
                    }
                }
                pull(ctx, &image, self.platform.as_deref(), self.quiet)?;
                engine.create(self.request)?
            }
            other => other?,
        };
        for warning in &created.warnings {
            writeln!(ctx.err, "WARNING: {warning}")?;
        }
        Ok(created.id)
    }
}

fn is_missing_image(engine: &Engine, error: &engine::Error, image: &str) -> bool {
    // An id is not a name, so no registry could have it.
    error.kind() == ErrorKind::NotFound
        && Digest::whole(image).is_none()
        && engine
            .whole_image(image)
            .is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

/// An invalid name is refused before the engine is called, unless it can be an id.
fn check_reference(image: &str) -> CommandResult {
    if Digest::whole(image).is_some() {
        return Ok(());
    }
    match Reference::parse(image) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::message(error.to_string())),
    }
}

fn familiar(image: &str) -> String {
    Reference::parse(image).map_or_else(|_| image.to_owned(), |name| name.or_latest().familiar())
}

/// Pulls `image`. Standard output is the program's, so the progress goes to standard error.
fn pull(ctx: &mut Ctx, image: &str, platform: Option<&str>, quiet: bool) -> CommandResult {
    let request = PullRequest {
        reference: image.to_owned(),
        all_tags: false,
        platform: platform.map(str::to_owned),
    };
    let shown = if quiet { Shown::Nowhere } else { Shown::Err };
    transfer::pull(ctx, &request, shown)?;
    Ok(())
}
