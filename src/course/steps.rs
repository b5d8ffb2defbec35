//! What an exercise's author wrote down to be done: setups and solutions, run by the real binary.

use crate::course::scripted::{self, Ended};
use crate::course::shell::link_commands;
use crate::env::{self, Env};
use crate::failure::{CommandResult, Failure};
use checker::exercise::Action;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

/// Does `action` in `sandbox` and `workspace`; returns the exit code and everything that was printed.
pub(crate) fn run(
    env: &Env,
    sandbox: &str,
    workspace: &Path,
    action: &Action,
) -> CommandResult<(i32, String)> {
    let ended = match action {
        Action::Run(line) => scripted::run(shell(env, sandbox, workspace, line)?, None)?,
        Action::Write { path, text } => {
            let path = workspace.join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, text)?;
            return Ok((0, String::new()));
        }
        Action::Terminal { command, input } => {
            scripted::run_typing(shell(env, sandbox, workspace, command)?, input, None)?
        }
    };
    // Without a limit each comes to its end.
    let Ended { code, output } =
        ended.ok_or_else(|| Failure::message("a step of the exercise did not end"))?;
    Ok((code, output))
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
        .current_dir(workspace);
    Ok(command)
}
