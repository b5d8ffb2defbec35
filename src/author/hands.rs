//! The hands of an author's trials: a workspace in which steps are done by the shell, with a `docker` of our choice first
//! on PATH.

use crate::failure::CommandResult;
use checker::SetupPlan;
use checker::author::observe::{Done, Failure};
use checker::exercise::Action;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A step that takes longer does not end.
const STEP_LIMIT: Duration = Duration::from_secs(30);

/// Where and with what steps are done.
pub(super) struct Hands {
    /// The files of the exercise.
    pub(super) workspace: PathBuf,
    /// The folder whose `docker` is used.
    pub(super) bin: PathBuf,
    /// What tells that `docker` where to work.
    pub(super) variables: Vec<(&'static str, OsString)>,
}

impl Hands {
    /// Makes the workspace and does the setup; `Some` is a step that failed.
    pub(super) fn set_up(&self, plan: &SetupPlan<'_>) -> CommandResult<Option<Failure>> {
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

    /// Does one step; `None` if it does not end.
    pub(super) fn act(&self, action: &Action) -> CommandResult<Option<Done>> {
        let ended = match action {
            Action::Write { path, text } => {
                self.write(path, text)?;
                Some((0, String::new()))
            }
            Action::Run(line) => self.in_shell(line)?,
            Action::Terminal { command, input } => self.on_terminal(command, input)?,
        };
        Ok(ended.map(|(code, output)| Done {
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
        let mut command = Command::new("sh");
        command
            .args(["-c", line])
            .env("PATH", path)
            .env("PWD", &self.workspace)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.workspace)
            // A group of its own: what the line leaves running ends with it.
            .process_group(0);
        Ok(command)
    }

    fn in_shell(&self, line: &str) -> CommandResult<Option<(i32, String)>> {
        // A file and not a pipe: a program that the line leaves running would keep a pipe open.
        let mut output = tempfile::tempfile()?;
        let mut child = self
            .shell(line)?
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output.try_clone()?)
            .spawn()?;
        let Some(status) = wait_for(&mut child)? else {
            return Ok(None);
        };
        output.seek(SeekFrom::Start(0))?;
        let mut bytes = Vec::new();
        output.read_to_end(&mut bytes)?;
        Ok(Some((
            code_of(status),
            String::from_utf8_lossy(&bytes).into_owned(),
        )))
    }

    /// Types `input` once the program has said something; ends with the program or the limit.
    fn on_terminal(&self, line: &str, input: &str) -> CommandResult<Option<(i32, String)>> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).map_err(io::Error::from)?;
        unlockpt(&master).map_err(io::Error::from)?;
        let slave = ioctl_tiocgptpeer(&master, flags).map_err(io::Error::from)?;
        let mut command = self.shell(line)?;
        command
            .stdin(slave.try_clone()?)
            .stdout(slave.try_clone()?)
            .stderr(slave);
        let mut child = command.spawn()?;
        drop(command);
        let mut terminal = File::from(master);
        let (begin, mut typed, mut output) = (Instant::now(), false, Vec::new());
        loop {
            let mut ready = [PollFd::new(&terminal, PollFlags::IN)];
            let tick = Timespec {
                tv_sec: 0,
                tv_nsec: 50_000_000,
            };
            let readable = poll(&mut ready, Some(&tick)).map_err(io::Error::from)? > 0;
            if readable {
                let mut buffer = [0; 4096];
                match terminal.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(count) => output.extend_from_slice(&buffer[..count]),
                    // The kernel's way to say that nobody has the other end open any more.
                    Err(error)
                        if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) =>
                    {
                        break;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            if !typed && (readable || begin.elapsed() > Duration::from_secs(3)) {
                terminal.write_all(input.as_bytes())?;
                typed = true;
            }
            if begin.elapsed() > STEP_LIMIT {
                kill(&child);
                child.wait()?;
                return Ok(None);
            }
        }
        let status = child.wait()?;
        Ok(Some((
            code_of(status),
            String::from_utf8_lossy(&output).into_owned(),
        )))
    }
}

/// Waits for the end of `child`; one that takes too long is killed with its group.
fn wait_for(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let begin = Instant::now();
    // Short naps at first: most commands take a few milliseconds.
    let mut nap = Duration::from_micros(500);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begin.elapsed() > STEP_LIMIT {
            kill(child);
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(nap);
        nap = (nap * 2).min(Duration::from_millis(10));
    }
}

fn kill(child: &Child) {
    if let Some(group) = Pid::from_raw(child.id() as i32) {
        // It may have ended by itself meanwhile.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

fn code_of(status: ExitStatus) -> i32 {
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
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
