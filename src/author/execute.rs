//! Trials in sandboxes to throw away: the real binary, the real engine, no learner's state touched.

use crate::env::{self, Env};
use crate::failure::{CommandResult, Failure as Failed};
use crate::learn::workbench::{drop_sandbox, open_engine, remove};
use crate::shell::link_commands;
use checker::author::observe::{self, Done, Failure, Look, NEGATIVE_WAIT, Observation, hurried};
use checker::author::trial::Trial;
use checker::digest::state_digest;
use checker::exercise::{Action, Exercise};
use checker::world::Snapshot;
use checker::world::engine::{EngineSource, EngineWorld};
use checker::{Attempt, Report, evaluate, wait};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A step that takes longer does not end.
const STEP_LIMIT: Duration = Duration::from_secs(30);
/// How long a passing state must go on passing, beside `stable`.
const SLOW: Duration = Duration::from_millis(120);

/// What all trials share: the links to our binary, and the starter images. Returns the images' references.
pub(super) fn prepare_home(env: &Env) -> CommandResult<Vec<String>> {
    link_commands(&env.home)?;
    let bench = Bench::new(env, usize::MAX);
    let engine = open_engine(env, &bench.sandbox, "author")?;
    engine.ensure_starter_images()?;
    let images = engine.images()?;
    bench.discard()?;
    let references = images.iter().flat_map(|image| &image.references);
    Ok(references.map(|reference| reference.familiar()).collect())
}

/// A sandbox and a workspace to throw away.
pub(super) struct Bench<'e> {
    env: &'e Env,
    sandbox: String,
    workspace: PathBuf,
}

impl<'e> Bench<'e> {
    /// The one with this number.
    pub(super) fn new(env: &'e Env, number: usize) -> Self {
        let sandbox = format!("author-{}-{number}", std::process::id());
        Self {
            env,
            workspace: env.home.workspace(&sandbox),
            sandbox,
        }
    }

    /// Does the exercise's setup; `Err` inside is a setup that failed.
    pub(super) fn set_up(&self, exercise: &Exercise) -> CommandResult<Result<Snapshot, Failure>> {
        fs::create_dir_all(&self.workspace)?;
        let plan = checker::setup(exercise);
        if let Some(folder) = &plan.folder {
            copy(folder, &self.workspace)?;
        }
        for (path, text) in plan.files {
            self.write(path, text)?;
        }
        let engine = open_engine(self.env, &self.sandbox, "setup")?;
        engine.ensure_starter_images()?;
        for (index, step) in plan.steps.iter().enumerate() {
            match self.act(&step.action)? {
                Some(done) if done.code == 0 => {}
                Some(done) => return Ok(Err(Failure::Setup(index, done.code, done.output))),
                None => {
                    let said = "it does not end".to_owned();
                    return Ok(Err(Failure::Setup(index, 124, said)));
                }
            }
        }
        let world = EngineWorld::new(engine, &self.workspace, Snapshot::default());
        Ok(world
            .snapshot()
            .map_err(|blind| Failure::Machine(blind.because)))
    }

    /// What the checker sees.
    pub(super) fn world(&self, setup: Snapshot) -> CommandResult<EngineWorld> {
        let engine = open_engine(self.env, &self.sandbox, "check")?;
        Ok(EngineWorld::new(engine, &self.workspace, setup))
    }

    /// Throws all of it away.
    pub(super) fn discard(&self) -> CommandResult {
        drop_sandbox(self.env, &self.sandbox)?;
        remove(&self.workspace)
    }

    fn write(&self, path: &str, text: &str) -> io::Result<()> {
        let path = self.workspace.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)
    }

    fn digest(&self) -> CommandResult<String> {
        let sandbox = self.env.home.sandbox(&self.sandbox)?;
        Ok(state_digest(&[sandbox.root(), &self.workspace])?)
    }

    /// Does one step; `None` if it does not end.
    fn act(&self, action: &Action) -> CommandResult<Option<Done>> {
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
        let bin = self.env.home.root().join("bin");
        let others =
            std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
        let path = std::iter::once(bin).chain(std::env::split_paths(&others));
        let path = std::env::join_paths(path).map_err(io::Error::other)?;
        let mut command = Command::new("sh");
        command
            .args(["-c", line])
            .env("PATH", path)
            .env("PWD", &self.workspace)
            .env(env::HOME, self.env.home.root())
            .env(env::SANDBOX, &self.sandbox)
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

fn copy(from: &std::path::Path, to: &std::path::Path) -> io::Result<()> {
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

/// Carries out `trial` number `number`. What goes wrong is part of what was seen.
pub(super) fn try_out(env: &Env, exercise: &Exercise, trial: Trial, number: usize) -> Observation {
    let bench = Bench::new(env, number);
    let mut seen = Observation {
        trial,
        done: Vec::new(),
        looks: Vec::new(),
        failure: None,
    };
    let machine =
        |failed: Failed| Failure::Machine(failed.text().unwrap_or_else(|| "unknown".to_owned()));
    match carry_out(&bench, exercise, &mut seen) {
        Ok(failure) => seen.failure = failure,
        Err(failed) => seen.failure = Some(machine(failed)),
    }
    if let Err(failed) = bench.discard()
        && seen.failure.is_none()
    {
        seen.failure = Some(machine(failed));
    }
    seen
}

fn carry_out(
    bench: &Bench<'_>,
    exercise: &Exercise,
    seen: &mut Observation,
) -> CommandResult<Option<Failure>> {
    let setup = match bench.set_up(exercise)? {
        Ok(setup) => setup,
        Err(failure) => return Ok(Some(failure)),
    };
    let trial = seen.trial.clone();
    let must_fail = trial.kind.must_fail();
    let exercise = if must_fail {
        hurried(exercise, NEGATIVE_WAIT)
    } else {
        exercise.clone()
    };
    let attempt = Attempt {
        number: 1,
        answers: trial.answers.clone(),
    };
    for (index, step) in trial.steps.iter().enumerate() {
        if trial.look_between {
            let judged = |world: &EngineWorld| evaluate(&exercise, world, &attempt);
            seen.looks
                .push(look(bench, &exercise, &setup, &trial, index, &judged)?);
        }
        match bench.act(&step.action)? {
            Some(done) => seen.done.push(done),
            None => return Ok(Some(Failure::Stuck(index))),
        }
    }
    let mut source = EngineSource::new(bench.world(setup.clone())?);
    let settled = wait::settle(&exercise, &attempt, &mut source);
    let judged = |_: &EngineWorld| settled.clone();
    let mut last = look(bench, &exercise, &setup, &trial, trial.steps.len(), &judged)?;
    if !must_fail && settled.is_pass() {
        std::thread::sleep(SLOW);
        last.repeats &= evaluate(&exercise, &bench.world(setup)?, &attempt).is_pass();
    }
    seen.looks.push(last);
    Ok(None)
}

/// Looks, and compares the state before and after. A container that prints meanwhile changes it too: then once more.
fn look(
    bench: &Bench<'_>,
    exercise: &Exercise,
    setup: &Snapshot,
    trial: &Trial,
    after: usize,
    judged: &dyn Fn(&EngineWorld) -> Report,
) -> CommandResult<Look> {
    let world = bench.world(setup.clone())?;
    let mut tries = 3;
    loop {
        let before = bench.digest()?;
        let report = judged(&world);
        let mut look = observe::look(exercise, &world, trial, after, report, true);
        look.untouched = bench.digest()? == before;
        tries -= 1;
        if look.untouched || tries == 0 {
            return Ok(look);
        }
    }
}
