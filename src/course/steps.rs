//! The steps that an exercise's author wrote: setups, solutions and attempts, run by the shell in a workspace, with a
//! chosen `docker` first on PATH.

use crate::course::scripted::{self, Ended};
use crate::env::{self, Env};
use crate::failure::CommandResult;
use checker::SetupPlan;
use checker::author::observe::{Done, Failure};
use checker::exercise::Action;
use engine::paths::Home;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A step that takes longer counts as endless, even on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// Makes the links `docker` and `docklings` to this program in a separate folder below home, and returns that folder.
/// Links that point to another build are replaced.
pub(crate) fn link_commands(home: &Home) -> io::Result<PathBuf> {
    let bin = home.root().join("bin");
    fs::create_dir_all(&bin)?;
    let program = std::env::current_exe()?;
    for name in ["docker", "docklings"] {
        let link = bin.join(name);
        if fs::read_link(&link).is_ok_and(|target| target == program) {
            continue;
        }
        // A rename replaces an existing link atomically, so a second shell never finds nothing.
        let fresh = bin.join(format!(".{name}-{}", std::process::id()));
        let _ = fs::remove_file(&fresh);
        std::os::unix::fs::symlink(&program, &fresh)?;
        fs::rename(&fresh, &link)?;
    }
    Ok(bin)
}

/// The environment of steps.
pub(crate) struct Steps {
    /// The files of the exercise.
    pub(crate) workspace: PathBuf,
    /// The folder with the `docker` to use.
    pub(crate) bin: PathBuf,
    /// The variables that select where that `docker` works.
    pub(crate) variables: Vec<(&'static str, OsString)>,
}

impl Steps {
    /// Steps that use this program, in `sandbox` and `workspace`.
    pub(crate) fn new(env: &Env, sandbox: &str, workspace: &Path) -> io::Result<Self> {
        Ok(Self {
            workspace: workspace.to_owned(),
            bin: link_commands(&env.home)?,
            variables: vec![
                (env::HOME, env.home.root().into()),
                (env::SANDBOX, sandbox.into()),
            ],
        })
    }

    /// Creates the workspace and runs the setup; `Some` is a failed step.
    pub(crate) fn set_up(&self, plan: &SetupPlan<'_>) -> CommandResult<Option<Failure>> {
        fs::create_dir_all(&self.workspace)?;
        if let Some(folder) = &plan.folder {
            copy(folder, &self.workspace)?;
        }
        for (path, text) in &plan.files {
            self.write(path, text)?;
        }
        for (index, step) in plan.steps.iter().enumerate() {
            match self.act(&step.action)? {
                Some(done) if done.code == 0 => {}
                Some(done) => return Ok(Some(Failure::Setup(index, done.code, done.output))),
                None => {
                    let said = "it does not end".to_owned();
                    return Ok(Some(Failure::Setup(index, 124, said)));
                }
            }
        }
        Ok(None)
    }

    fn write(&self, path: &str, text: &str) -> io::Result<()> {
        let path = self.workspace.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)
    }

    /// Runs one step; `None` if it does not end in time.
    pub(crate) fn act(&self, action: &Action) -> CommandResult<Option<Done>> {
        self.act_within(action, Some(LIMIT))
    }

    /// Runs one step to its end.
    pub(crate) fn act_to_the_end(&self, action: &Action) -> CommandResult<Done> {
        let done = self.act_within(action, None)?;
        Ok(done.expect("there is no limit"))
    }

    fn act_within(&self, action: &Action, limit: Option<Duration>) -> CommandResult<Option<Done>> {
        let ended = match action {
            Action::Write { path, text } => {
                self.write(path, text)?;
                Some(Ended {
                    code: 0,
                    output: String::new(),
                })
            }
            Action::Run(line) => scripted::run(self.shell(line)?, limit)?,
            Action::Terminal { command, input } => {
                scripted::run_typing(self.shell(command)?, input, limit)?
            }
        };
        Ok(ended.map(|Ended { code, output }| Done {
            command: action.describe(),
            code,
            output,
        }))
    }

    fn shell(&self, line: &str) -> io::Result<Command> {
        let others =
            std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
        let path = std::iter::once(self.bin.clone()).chain(std::env::split_paths(&others));
        let path = std::env::join_paths(path).map_err(io::Error::other)?;
        // Looked up in another PATH than ours, it would be started by fork, which copies the tables of our memory.
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", line])
            .env("PATH", path)
            .env("PWD", &self.workspace)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.workspace);
        Ok(command)
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&target)?;
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
