//! What an exercise's author wrote down to be done: setups and solutions, run by the real binary.

use crate::env::{self, Env};
use crate::failure::CommandResult;
use crate::shell::link_commands;
use checker::exercise::Action;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

/// Does `action` in `sandbox` and `workspace`; returns the exit code and everything that was printed.
pub(crate) fn run(
    env: &Env,
    sandbox: &str,
    workspace: &Path,
    action: &Action,
) -> CommandResult<(i32, String)> {
    match action {
        Action::Run(line) => in_shell(env, sandbox, workspace, line),
        Action::Write { path, text } => {
            let path = workspace.join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, text)?;
            Ok((0, String::new()))
        }
        Action::Terminal { command, input } => on_terminal(env, sandbox, workspace, command, input),
    }
}

fn shell(env: &Env, sandbox: &str, workspace: &Path, line: &str) -> io::Result<Command> {
    let bin = link_commands(&env.home)?;
    let others = std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    let path = std::iter::once(bin).chain(std::env::split_paths(&others));
    let path = std::env::join_paths(path).map_err(io::Error::other)?;
    let mut command = Command::new("sh");
    command
        .args(["-c", line])
        .env("PATH", path)
        .env("PWD", workspace)
        .env(env::HOME, env.home.root())
        .env(env::SANDBOX, sandbox)
        .env(env::BUILDKIT, "1")
        .current_dir(workspace);
    Ok(command)
}

/// Runs `line` with standard output and standard error in one.
fn in_shell(
    env: &Env,
    sandbox: &str,
    workspace: &Path,
    line: &str,
) -> CommandResult<(i32, String)> {
    // A file and not a pipe: a program that the line leaves running would keep a pipe open.
    let mut output = tempfile::tempfile()?;
    let status = shell(env, sandbox, workspace, line)?
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?)
        .status()?;
    output.seek(SeekFrom::Start(0))?;
    let mut bytes = Vec::new();
    output.read_to_end(&mut bytes)?;
    Ok((
        code_of(status),
        String::from_utf8_lossy(&bytes).into_owned(),
    ))
}

/// How long a program on a terminal has to show something before it is typed at all the same.
const FIRST_OUTPUT: Timespec = Timespec {
    tv_sec: 5,
    tv_nsec: 0,
};

/// Runs `line` on a terminal and types `input` there, once the program has said something: what is typed while a
/// program still sets up its terminal can be lost.
fn on_terminal(
    env: &Env,
    sandbox: &str,
    workspace: &Path,
    line: &str,
    input: &str,
) -> CommandResult<(i32, String)> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags).map_err(io::Error::from)?;
    unlockpt(&master).map_err(io::Error::from)?;
    let slave = ioctl_tiocgptpeer(&master, flags).map_err(io::Error::from)?;
    let mut command = shell(env, sandbox, workspace, line)?;
    command
        .stdin(slave.try_clone()?)
        .stdout(slave.try_clone()?)
        .stderr(slave);
    let mut child = command.spawn()?;
    drop(command);
    let mut terminal = File::from(master);
    let mut ready = [PollFd::new(&terminal, PollFlags::IN)];
    // Whatever comes of waiting, typing comes next.
    let _ = rustix::event::poll(&mut ready, Some(&FIRST_OUTPUT));
    terminal.write_all(input.as_bytes())?;
    let mut output = Vec::new();
    match terminal.read_to_end(&mut output) {
        // The kernel's way to say that nobody has the other end open any more.
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {}
        other => {
            other?;
        }
    }
    let status = child.wait()?;
    Ok((
        code_of(status),
        String::from_utf8_lossy(&output).into_owned(),
    ))
}

fn code_of(status: ExitStatus) -> i32 {
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}
