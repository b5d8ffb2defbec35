//! `docker stop`, `restart`, `kill`, `pause`, `unpause` and `wait`: one method of the engine for each name.

use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use crate::docker::values;
use crate::failure::for_each;
use engine::ErrorKind;
use engine::runtime::spec::{RemoveOptions, StopOptions};

/// How a container is asked to end, and how long it may take.
#[derive(clap::Args)]
struct Grace {
    /// Signal to send to the container
    #[arg(short, long, value_name = "string")]
    signal: Option<String>,
    /// Seconds to wait before killing the container
    #[arg(short, long, value_name = "int", value_parser = values::int)]
    timeout: Option<i64>,
    /// The old name of `--timeout`
    #[arg(long, hide = true, value_name = "int", value_parser = values::int)]
    time: Option<i64>,
}

impl Grace {
    /// The options for the engine. The old flag prints a warning, as in Docker.
    fn options(self, ctx: &mut Ctx) -> CommandResult<StopOptions> {
        if self.time.is_some() {
            let old = "Flag --time has been deprecated, use --timeout instead";
            writeln!(ctx.err, "{old}")?;
        }
        Ok(StopOptions {
            signal: self.signal.filter(|signal| !signal.is_empty()),
            timeout: self.timeout.or(self.time),
        })
    }
}

/// Arguments of `docker stop`.
#[derive(clap::Args)]
pub(crate) struct Stop {
    #[command(flatten)]
    grace: Grace,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Stop {
    const ABOUT: &'static str = "Stop one or more running containers";
    const USAGE: &'static str = "[OPTIONS] CONTAINER [CONTAINER...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let options = self.grace.options(ctx)?;
        let engine = ctx.engine()?;
        for_each(&self.words, |name| {
            engine.stop(name, &options)?;
            writeln!(ctx.out, "{name}")?;
            ctx.flush()?;
            // By default the grace is long enough to wonder about.
            if options.timeout.is_none() && ctx.err_is_terminal() && was_killed(&engine, name) {
                writeln!(
                    ctx.err,
                    "hint: `{name}` did not end when it was asked to (signal TERM), and was killed after its grace period"
                )?;
            }
            Ok(ctx.flush()?)
        })
    }
}

/// Whether SIGKILL ended the container.
fn was_killed(engine: &engine::Engine, name: &str) -> bool {
    let code = engine.container(name).map(|found| found.state.exit_code);
    code.is_ok_and(|code| code == i32::from(crate::exit::of_signal(9)))
}

/// Arguments of `docker restart`.
#[derive(clap::Args)]
pub(crate) struct Restart {
    #[command(flatten)]
    grace: Grace,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Restart {
    const ABOUT: &'static str = "Restart one or more containers";
    const USAGE: &'static str = "[OPTIONS] CONTAINER [CONTAINER...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let options = self.grace.options(ctx)?;
        let engine = ctx.engine()?;
        for_each(&self.words, |name| {
            engine.restart(name, &options)?;
            writeln!(ctx.out, "{name}")?;
            Ok(ctx.flush()?)
        })
    }
}

/// Arguments of `docker kill`.
#[derive(clap::Args)]
pub(crate) struct Kill {
    /// Signal to send to the container
    #[arg(short, long, value_name = "string")]
    signal: Option<String>,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Kill {
    const ABOUT: &'static str = "Kill one or more running containers";
    const USAGE: &'static str = "[OPTIONS] CONTAINER [CONTAINER...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let signal = self.signal.as_deref().filter(|signal| !signal.is_empty());
        for_each(&self.words, |name| {
            engine.kill(name, signal.unwrap_or("KILL"))?;
            Ok(writeln!(ctx.out, "{name}")?)
        })
    }
}

/// Arguments of `docker pause`.
#[derive(clap::Args)]
pub(crate) struct Pause {
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Pause {
    const ABOUT: &'static str = "Pause all processes within one or more containers";
    const USAGE: &'static str = "CONTAINER [CONTAINER...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        for_each(&self.words, |name| {
            engine.pause(name)?;
            Ok(writeln!(ctx.out, "{name}")?)
        })
    }
}

/// Arguments of `docker unpause`.
#[derive(clap::Args)]
pub(crate) struct Unpause {
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Unpause {
    const ABOUT: &'static str = "Unpause all processes within one or more containers";
    const USAGE: &'static str = "CONTAINER [CONTAINER...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        for_each(&self.words, |name| {
            engine.unpause(name)?;
            Ok(writeln!(ctx.out, "{name}")?)
        })
    }
}

/// Arguments of `docker wait`.
#[derive(clap::Args)]
pub(crate) struct Wait {
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Wait {
    const ABOUT: &'static str =
        "Block until one or more containers stop, then print their exit codes";
    const USAGE: &'static str = "CONTAINER [CONTAINER...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        for_each(&self.words, |name| {
            let code = engine.wait(name)?;
            writeln!(ctx.out, "{code}")?;
            Ok(ctx.flush()?)
        })
    }
}

/// Arguments of `docker rm`.
#[derive(clap::Args)]
pub(crate) struct Rm {
    /// Force the removal of a running container (uses SIGKILL)
    #[arg(short, long)]
    force: bool,
    /// Remove anonymous volumes associated with the container
    #[arg(short, long)]
    volumes: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Rm {
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
