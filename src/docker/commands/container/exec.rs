//! `docker exec`.

use super::flags::{check_terminal, detach_keys};
use super::start::complained;
use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use crate::docker::session::{self, Ended, Session};
use crate::docker::values::{files, pairs};
use crate::exit;
use engine::ErrorKind;
use engine::runtime::spec::{ProcessRequest, Streams};

/// Arguments of `docker exec`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Detached mode: run command in the background
    #[arg(short, long)]
    detach: bool,
    /// Override the key sequence for detaching a container
    #[arg(long, value_name = "string")]
    detach_keys: Option<String>,
    /// Set environment variables
    #[arg(short, long, value_name = "list", value_parser = pairs::env)]
    env: Vec<String>,
    /// Read in a file of environment variables
    #[arg(long, value_name = "list")]
    env_file: Vec<String>,
    /// Keep STDIN open even if not attached
    #[arg(short, long)]
    interactive: bool,
    /// Give extended privileges to the command
    #[arg(long)]
    privileged: bool,
    /// Allocate a pseudo-TTY
    #[arg(short, long)]
    tty: bool,
    /// Username or UID (format: "<name|uid>[:<group|gid>]")
    #[arg(short, long, value_name = "string")]
    user: Option<String>,
    /// Working directory inside the container
    #[arg(short, long, value_name = "string")]
    workdir: Option<String>,
    #[arg(trailing_var_arg = true, hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Execute a command in a running container";
    const USAGE: &'static str = "[OPTIONS] CONTAINER COMMAND [ARG...]";
    const WORDS: Words = Words::AtLeast(2);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let env = files::variables(&self.env_file, &self.env, &|name| std::env::var(name).ok())?;
        let engine = ctx.engine()?;
        let name = &self.words[0];
        // A missing container is reported before a missing terminal.
        let container = engine.container(name)?;
        let streams = Streams {
            stdin: self.interactive && !self.detach,
            stdout: !self.detach,
            stderr: !self.detach,
        };
        check_terminal(streams.stdin, self.tty)?;
        let request = ProcessRequest {
            cmd: self.words[1..].to_vec(),
            entrypoint: None,
            env,
            working_dir: self.workdir.filter(|path| !path.is_empty()),
            user: self.user.filter(|user| !user.is_empty()),
            tty: self.tty,
            open_stdin: streams.stdin,
            attach: streams,
            privileged: self.privileged,
        };
        let session = Session::prepare(session::Options {
            tty: self.tty,
            stdin: streams.stdin,
            input_only: false,
            // Docker's `exec` forwards no signals.
            forward_signals: false,
            detach_keys: detach_keys(self.detach_keys),
        })?;
        let size = if self.tty {
            crate::output::terminal_size()
        } else {
            None
        };
        let id = container.config.id.as_str();
        let stream = engine.exec(name, request, self.detach, size)?;
        match session.run(stream)? {
            Ended::Exit(0) => Ok(()),
            Ended::Exit(code) => Err(Failure::Code(exit::of_process(code))),
            Ended::Complained(code) => {
                Err(complained(code, &engine, &container.config.host.network))
            }
            Ended::Failed(code, text) => Err(refused(engine::runtime::start_error(code, text), id)),
            Ended::Detached => Err(Failure::message("read escape sequence")),
            Ended::Lost if self.detach => Ok(()),
            Ended::Lost => Err(Failure::message(
                "the container went away before the command ended",
            )),
        }
    }
}

/// Why the command was not started. The error for a stopped container comes from the daemon; any other is about the
/// command: 127 if it does not exist, else 126. Source: moby `daemon/exec.go`, `ContainerExecStart`, since 28.0.
fn refused(error: engine::Error, id: &str) -> Failure {
    if error.message() == format!("container {id} is not running") {
        return error.into();
    }
    let code = match error.kind() {
        ErrorKind::CommandNotFound => exit::NOT_FOUND,
        _ => exit::CANNOT_EXECUTE,
    };
    Failure::Message(error.to_string(), code)
}
