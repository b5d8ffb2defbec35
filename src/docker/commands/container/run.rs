//! `docker run`: `create`, `start` and `attach` in one.

use super::create::{Plan, with_help};
use super::flags::{CreateFlags, SessionFlags, check_terminal, detach_keys};
use super::start::ended;
use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use crate::docker::session::{self, Session};
use engine::runtime::spec::{StartOptions, Streams};

/// Arguments of `docker run`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run container in background and print container ID
    #[arg(short, long)]
    detach: bool,
    #[command(flatten)]
    session: SessionFlags,
    #[command(flatten)]
    flags: CreateFlags,
}

impl Command for Args {
    const ABOUT: &'static str = "Create and run a new container from an image";
    const USAGE: &'static str = "[OPTIONS] IMAGE [COMMAND] [ARG...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let is_attached = !self.flags.attach.is_empty();
        let mut plan = Plan::of(self.flags).map_err(|failure| with_help(failure, "run"))?;
        if self.detach {
            if is_attached {
                return Err(Failure::message(
                    "conflicting options: cannot specify both --attach and --detach",
                ));
            }
            plan.request.process.attach = Streams::default();
        }
        let (streams, tty) = (plan.request.process.attach, plan.request.process.tty);
        let network = plan.request.host.network.clone();
        check_terminal(streams.stdin, tty)?;
        let id = plan
            .create(ctx)
            .map_err(|failure| with_help(failure, "run"))?;
        let engine = ctx.engine()?;
        let shows_output = streams.stdout || streams.stderr;
        if !shows_output {
            writeln!(ctx.out, "{id}")?;
            ctx.flush()?;
        }
        let attach = (streams.stdin || shows_output).then_some(streams);
        let session = attach
            .map(|streams| {
                Session::prepare(session::Options {
                    tty,
                    stdin: streams.stdin,
                    input_only: !shows_output,
                    forward_signals: self.session.sig_proxy,
                    detach_keys: detach_keys(self.session.detach_keys),
                })
            })
            .transpose()?;
        let options = StartOptions {
            attach,
            size: if tty {
                crate::output::terminal_size()
            } else {
                None
            },
        };
        let begun = engine
            .start(id.as_str(), options)
            .map_err(|error| with_help(error.into(), "run"))?;
        session::tell_hint(begun.hint.as_deref());
        let (Some(session), Some(stream)) = (session, begun.session) else {
            return Ok(());
        };
        ended(session.run(stream)?, &engine, id.as_str(), &network).map_err(|failure| match failure
        {
            Failure::Engine(_) => with_help(failure, "run"),
            other => other,
        })
    }
}
