//! Runs one of the learner's lines: `sh -c`, or `bash -c` for a learner whose shell is bash, with our `docker` first on
//! PATH, from where the last line left off.

use super::carry::Carry;
use super::job::{End, Terminal};
use crate::course::scripted;
use crate::course::steps::link_commands;
use crate::env;
use engine::paths::Home;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs lines in turn.
pub(crate) struct Lines {
    carry: Carry,
    /// The learner's own shell if it is bash, else `sh`.
    shell: OsString,
    /// A memory file to which a line's shell writes its state, so that a killed shell leaves no file behind.
    account: File,
    home: Home,
    /// Variables that are too long for the next line.
    forgotten: Vec<String>,
}

impl Lines {
    /// Starts in `folder`, with this process's environment and the links of [`link_commands`] first on PATH.
    pub(crate) fn new(home: &Home, folder: PathBuf) -> io::Result<Self> {
        let bin = link_commands(home)?;
        let mut carry = Carry::new(folder, std::env::vars_os());
        let path = carry.environment.remove(&OsString::from("PATH"));
        let others = path.unwrap_or_else(|| OsString::from("/usr/local/bin:/usr/bin:/bin"));
        let folders = std::iter::once(bin.clone())
            .chain(std::env::split_paths(&others).filter(|folder| *folder != bin));
        let joined = std::env::join_paths(folders).unwrap_or(others);
        carry.environment.insert("PATH".into(), joined);
        let account = rustix::fs::memfd_create("line", rustix::fs::MemfdFlags::CLOEXEC)?;
        let own = std::env::var_os("SHELL").filter(|shell| is_bash(Path::new(shell)));
        carry.is_bash = own.is_some();
        Ok(Self {
            carry,
            shell: own.unwrap_or_else(|| "sh".into()),
            account: account.into(),
            home: home.clone(),
            forgotten: Vec::new(),
        })
    }

    /// The folder in which the next line starts.
    pub(crate) fn folder(&self) -> &Path {
        &self.carry.folder
    }

    /// The folders in which `sh` looks for programs.
    pub(crate) fn path(&self) -> Option<&OsString> {
        self.carry.environment.get(&OsString::from("PATH"))
    }

    /// An exported variable.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        let value = self.carry.environment.get(&OsString::from(name))?;
        value.to_str().map(str::to_owned)
    }

    /// Changes to `folder` on behalf of the course.
    pub(crate) fn go_to(&mut self, folder: PathBuf) {
        self.carry.folder = folder;
    }

    /// Runs `line` in the sandbox `sandbox`, and keeps its state for the next line. Error: there is no `sh`, or the
    /// line is too long.
    pub(crate) fn run(
        &mut self,
        terminal: &Terminal,
        sandbox: &str,
        line: &str,
    ) -> io::Result<End> {
        let end = terminal.run(self.command(sandbox, line)?)?;
        self.finish(end);
        Ok(end)
    }

    /// As [`Lines::run`], without the terminal; returns the exit code and the output.
    pub(crate) fn run_quietly(&mut self, sandbox: &str, line: &str) -> io::Result<(i32, String)> {
        let ended = scripted::run(self.command(sandbox, line)?, None)?.expect("there is no limit");
        self.finish(End::Exited(ended.code));
        Ok((ended.code, ended.output))
    }

    /// For a stopped line, once it has ended.
    pub(crate) fn finish(&mut self, end: End) {
        self.carry.code = end.code();
        if !matches!(end, End::Stopped(_)) {
            let account = fs::read(self.account()).unwrap_or_default();
            self.forgotten = self.carry.take_over(&String::from_utf8_lossy(&account));
        }
    }

    /// The last line's variables that are too long for the next one.
    pub(crate) fn take_forgotten(&mut self) -> Vec<String> {
        std::mem::take(&mut self.forgotten)
    }

    /// The path of the memory file, for the line's shell.
    fn account(&self) -> PathBuf {
        format!(
            "/proc/{}/fd/{}",
            std::process::id(),
            self.account.as_raw_fd()
        )
        .into()
    }

    fn command(&mut self, sandbox: &str, line: &str) -> io::Result<Command> {
        if !self.carry.folder.is_dir() {
            // Another command removed it, such as `reset` in another terminal.
            fs::create_dir_all(&self.carry.folder)?;
        }
        self.account.set_len(0)?;
        let mut command = Command::new(&self.shell);
        command
            // Its messages begin with this name.
            .arg0(if self.carry.is_bash { "bash" } else { "sh" })
            .args(["-c", &self.carry.script(line, &self.account())])
            .env_clear()
            .envs(&self.carry.environment)
            .env("PWD", &self.carry.folder)
            .env(env::HOME, self.home.root())
            .env(env::SANDBOX, sandbox)
            .env(env::INSIDE, "1")
            .current_dir(&self.carry.folder);
        Ok(command)
    }
}

fn is_bash(shell: &Path) -> bool {
    shell.file_name().is_some_and(|name| name == "bash") && shell.is_file()
}
