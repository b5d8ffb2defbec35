//! `docker attach`.

use super::flags::{SessionFlags, check_terminal, detach_keys};
use super::start::ended;
use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use crate::docker::session::{self, Ended, Session};
use engine::runtime::spec::{Status, Streams};

/// Arguments of `docker attach`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Do not attach STDIN
    #[arg(long)]
    no_stdin: bool,
    #[command(flatten)]
    session: SessionFlags,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str =
        "Attach local standard input, output, and error streams to a running container";
    const USAGE: &'static str = "[OPTIONS] CONTAINER";
    const WORDS: Words = Words::Exactly(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let container = engine.container(&self.words[0])?;
        let refusal = match container.status {
            Status::Running => None,
            Status::Paused => Some("You cannot attach to a paused container, unpause it first"),
            Status::Restarting => {
                Some("You cannot attach to a restarting container, wait until it is running")
            }
            Status::Created | Status::Exited | Status::Dead => {
                Some("You cannot attach to a stopped container, start it first")
            }
        };
        if let Some(refusal) = refusal {
            return Err(Failure::message(refusal));
        }
        let tty = container.config.process.tty;
        check_terminal(!self.no_stdin, tty)?;
        let streams = Streams {
            stdin: !self.no_stdin && container.config.process.open_stdin,
            stdout: true,
            stderr: true,
        };
        let session = Session::prepare(session::Options {
            tty,
            stdin: streams.stdin,
            input_only: false,
            forward_signals: self.session.sig_proxy && !tty,
            detach_keys: detach_keys(self.session.detach_keys),
        })?;
        let size = if tty {
            crate::output::terminal_size()
        } else {
            None
        };
        let id = container.config.id.as_str();
        let stream = engine.attach(id, streams, size)?;
        match session.run(stream)? {
            Ended::Detached => Err(Failure::message("read escape sequence")),
            end => ended(end, &engine, id, &container.config.host.network),
        }
    }
}
