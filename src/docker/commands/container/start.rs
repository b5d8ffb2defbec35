//! `docker start`.

use super::flags::{check_terminal, detach_keys};
use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use crate::docker::session::{self, Ended, Session};
use crate::exit;
use crate::failure;
use engine::network::{dead_end, outbound};
use engine::runtime::UNKNOWN_EXIT;
use engine::runtime::spec::{StartOptions, Streams};
use engine::store::containers::NetworkMode;
use engine::{Engine, ErrorKind};

/// Arguments of `docker start`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Attach STDOUT/STDERR and forward signals
    #[arg(short, long)]
    attach: bool,
    /// Override the key sequence for detaching a container
    #[arg(long, value_name = "string")]
    detach_keys: Option<String>,
    /// Attach container's STDIN
    #[arg(short, long)]
    interactive: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Start one or more stopped containers";
    const USAGE: &'static str = "[OPTIONS] CONTAINER [CONTAINER...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        if !self.attach && !self.interactive {
            return start_all(ctx, &self.words);
        }
        let [name] = self.words.as_slice() else {
            return Err(Failure::message(
                "you cannot start and attach multiple containers at once",
            ));
        };
        let engine = ctx.engine()?;
        let container = engine.container(name)?;
        let tty = container.config.process.tty;
        let network = &container.config.host.network;
        let streams = Streams {
            stdin: self.interactive && container.config.process.open_stdin,
            stdout: true,
            stderr: true,
        };
        check_terminal(streams.stdin, tty)?;
        let session = Session::prepare(session::Options {
            tty,
            stdin: streams.stdin,
            input_only: false,
            forward_signals: !tty,
            detach_keys: detach_keys(self.detach_keys),
        })?;
        let options = StartOptions {
            attach: Some(streams),
            size: if tty {
                crate::output::terminal_size()
            } else {
                None
            },
        };
        let id = container.config.id.as_str();
        match engine.start(id, options)?.session {
            Some(stream) => ended(session.run(stream)?, &engine, id, network),
            None => Ok(()),
        }
    }
}

fn start_all(ctx: &mut Ctx, names: &[String]) -> CommandResult {
    let engine = ctx.engine()?;
    let mut failed = Vec::new();
    for name in names {
        match engine.start(name, StartOptions::default()) {
            Ok(begun) => {
                writeln!(ctx.out, "{name}")?;
                session::tell_hint(begun.hint.as_deref());
            }
            Err(error) => {
                ctx.flush()?;
                failure::report(&Failure::from(error), true);
                failed.push(name.as_str());
            }
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::message(format!(
        "Error: failed to start containers: {}",
        failed.join(", ")
    )))
}

/// The result of a command whose session with the container `id` in `network` has ended.
pub(super) fn ended(
    ended: Ended,
    engine: &Engine,
    id: &str,
    network: &NetworkMode,
) -> CommandResult {
    match ended {
        Ended::Exit(0) | Ended::Detached => Ok(()),
        Ended::Exit(code) => Err(Failure::Code(exit::of_process(code))),
        Ended::Complained(code) => Err(complained(code, engine, network)),
        Ended::Failed(code, text) => Err(engine::runtime::start_error(code, text).into()),
        // The monitor ended without a result. Its record, if there is one, is authoritative.
        Ended::Lost => match engine.wait(id) {
            Ok(0) => Ok(()),
            Ok(code) => Err(Failure::Code(exit::of_process(code))),
            // The container was removed when it ended.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(Failure::Code(exit::of_process(UNKNOWN_EXIT)))
            }
            Err(error) => Err(error.into()),
        },
    }
}

/// The failure of a program that complained about the network: with a hint, if it had no egress.
pub(super) fn complained(code: i32, engine: &Engine, network: &NetworkMode) -> Failure {
    let code = exit::of_process(code);
    match network {
        NetworkMode::Bridge if outbound::find(engine.outbound).is_err() => {
            Failure::Helped(code, dead_end::HINT)
        }
        _ => Failure::Code(code),
    }
}
