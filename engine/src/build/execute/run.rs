//! RUN: a command in the stage's root; its changes are the next layer.

use super::copy::{new_folder, new_upper, publish};
use super::look::Prepared;
use super::progress::Vertex;
use super::{Builder, Going};
use crate::build::context::Temporary;
use crate::build::instruction::run::SCRIPT;
use crate::build::work::{RunNetwork, RunWork};
use crate::error::{Error, ErrorKind, IoContext, Result};
use crate::go;
use crate::image::layer;
use crate::network::{dead_end, outbound};
use crate::paths::create_private_dir;
use crate::runtime::step::{Event, StepRequest, run_step};
use crate::runtime::unrunnable::{self, HEAD};
use crate::store::containers::{NetworkMode, ProcessConfig};
use crate::tree::view::{Found, Last, Node, View};
use std::collections::VecDeque;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The host name that a step sees; BuildKit's.
const HOSTNAME: &str = "buildkitsandbox";
/// How many of a failed command's last lines are repeated in the error.
const LAST_LINES: usize = 20;
/// The longest part of a line that is kept, in bytes.
const LONGEST_LINE: usize = 4096;

impl Builder<'_> {
    /// Runs the command; `title` is the step's, for the error.
    pub(super) fn do_run(
        &mut self,
        work: &RunWork,
        going: &mut Going,
        vertex: Vertex,
        title: &str,
        binds: &[Prepared<'_>],
    ) -> Result<()> {
        let engine = self.engine;
        let temporary = Temporary::new(&engine.home, "run-")?;
        let upper = new_upper(&temporary)?;
        for name in ["work", "rootfs"] {
            new_folder(&temporary.path().join(name))?;
        }
        let mut lowers = layer::diffs(&engine.home, &going.built.chain);
        if let Some(script) = &work.script {
            lowers.insert(0, script_layer(temporary.path(), script)?);
        }
        let mounted = self.mounts(&work.mounts, binds, temporary.path(), &mut lowers)?;
        let network = match work.network {
            None | Some(RunNetwork::Default) => self.network.clone(),
            Some(RunNetwork::None) => NetworkMode::None,
            Some(RunNetwork::Host) => NetworkMode::Host,
        };
        let way = match network {
            NetworkMode::Bridge => outbound::find(engine.outbound).ok(),
            NetworkMode::None | NetworkMode::Host => None,
        };
        let scratch = temporary.path().join("etc");
        create_private_dir(&scratch)?;
        let mut layers = lowers.clone();
        layers.push(upper.clone());
        let request = StepRequest {
            lowers,
            upper: upper.clone(),
            work: temporary.path().join("work"),
            rootfs: temporary.path().join("rootfs"),
            process: ProcessConfig {
                cmd: work.argv.clone(),
                env: [work.env.clone(), work.proxies.clone(), mounted.env.clone()].concat(),
                working_dir: work.working_dir.clone(),
                user: work.user.clone(),
                ..ProcessConfig::default()
            },
            hostname: HOSTNAME.to_owned(),
            network,
            way,
            scratch,
            extra_hosts: self.extra_hosts.clone(),
            mounts: mounted.mounts.clone(),
        };
        let mut tail = Tail::default();
        let mut patience = Patience::default();
        let end = run_step(&engine.home, &request, &mut |event| {
            match event {
                Event::Output(bytes) => {
                    self.teller.output(vertex, bytes);
                    tail.add(bytes);
                }
                Event::WantsOut => patience.begin(),
                Event::Tick => self.teller.tick(),
            }
            if patience.is_over() {
                self.teller.note(vertex, dead_end::HINT);
            }
        })
        .map_err(|error| not_started(work, &error))?;
        match end.code {
            0 => publish(engine, going, &upper),
            code => {
                let error = Error::invalid(format!(
                    "process {} did not complete successfully: exit code: {code}{}",
                    go::quote(&work.argv.join(" ")),
                    tail.told(title)
                ));
                let hint = end
                    .hint
                    .or_else(|| cut_off(&request, &tail).map(str::to_owned))
                    .or_else(|| blamed(code, &tail, &work.env, &layers))
                    .or_else(|| meaning(code).map(str::to_owned));
                Err(match hint {
                    Some(hint) => error.with_hint(hint),
                    None => error,
                })
            }
        }
    }
}

/// What is wrong with the program that a shell could not execute, if its last output names an existing one.
fn blamed(code: i32, tail: &Tail, env: &[String], layers: &[PathBuf]) -> Option<String> {
    const REFUSALS: [&str; 5] = [
        "not found",
        "no such file",
        "interpreter",
        "exec format error",
        "cannot execute",
    ];
    let line = String::from_utf8_lossy(tail.lines.back()?).into_owned();
    let lower = line.to_lowercase();
    if !matches!(code, 126 | 127) || !REFUSALS.iter().any(|words| lower.contains(words)) {
        return None;
    }
    let view = View::open(layers).ok()?;
    let file = |path: &str| match view.find(Path::new(path), Last::Follow) {
        Ok(Some(Found {
            node: Node::File(file),
            ..
        })) => Some(file),
        _ => None,
    };
    let path = env.iter().rev().find_map(|pair| pair.strip_prefix("PATH="));
    let words = line.split([' ', ':', '\'', '"', '\t', '\r', '^']);
    words.filter(|word| !word.is_empty()).find_map(|word| {
        let on_path = || {
            let mut folders = path.unwrap_or_default().split(':');
            folders.find_map(|folder| file(&format!("{folder}/{word}")))
        };
        let found = if word.contains('/') {
            file(word)
        } else {
            on_path()
        };
        let mut head = Vec::new();
        let program = fs::File::from(found?.open().ok()?);
        program.take(HEAD as u64).read_to_end(&mut head).ok()?;
        unrunnable::why(word, &head, &|path| file(path).is_some())
    })
}

/// How long a step without egress may continue after a DNS query before the missing egress is reported: it may be able
/// to work without.
const PATIENCE: Duration = Duration::from_secs(3);

/// Waits once for [`PATIENCE`].
#[derive(Default)]
struct Patience {
    since: Option<Instant>,
    said: bool,
}

impl Patience {
    fn begin(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    /// Whether the wait has just ended.
    fn is_over(&mut self) -> bool {
        let is_over = !self.said && self.since.is_some_and(|since| since.elapsed() > PATIENCE);
        self.said |= is_over;
        is_over
    }
}

/// Why a step without egress may have failed, if it tried to use the network.
fn cut_off(request: &StepRequest, tail: &Tail) -> Option<&'static str> {
    let hint = match request.network {
        NetworkMode::Bridge if request.way.is_none() => dead_end::HINT,
        NetworkMode::None => "the step has the network `none`, which leads nowhere",
        NetworkMode::Bridge | NetworkMode::Host => return None,
    };
    let mut lines = tail.lines.iter();
    lines
        .any(|line| dead_end::is_complaint(line))
        .then_some(hint)
}

/// The meaning of an exit code that does not come from the program itself.
fn meaning(code: i32) -> Option<&'static str> {
    Some(match code {
        126 => "exit code 126: the command was found, and is no program that may be executed",
        127 => "exit code 127: the shell found no command of that name in the image",
        137 => "exit code 137: it was killed (128 + signal 9), often because memory ran out",
        _ => return None,
    })
}

/// A layer below all others that holds the script. It is in no image.
fn script_layer(folder: &Path, script: &str) -> Result<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let root = folder.join("script");
    new_folder(&root)?;
    let path = root.join(SCRIPT.trim_start_matches('/'));
    let mut parent = root.clone();
    for part in path
        .strip_prefix(&root)
        .unwrap_or(&path)
        .parent()
        .into_iter()
        .flatten()
    {
        parent.push(part);
        new_folder(&parent)?;
    }
    fs::write(&path, script).on("write", &path)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
        .on("change the mode of", &path)?;
    Ok(root)
}

/// The command could not be executed at all. The usual cause is a missing shell in an image FROM scratch.
fn not_started(work: &RunWork, error: &Error) -> Error {
    let message = format!(
        "process {} did not complete successfully: {error}",
        go::quote(&work.argv.join(" "))
    );
    match error.kind() {
        ErrorKind::CommandNotFound | ErrorKind::CannotExecute => {
            let program = work.argv.first().map(String::as_str).unwrap_or_default();
            Error::invalid(message).with_hint(format!(
                "the image has no program `{program}` that can be executed"
            ))
        }
        kind => match error.hint() {
            Some(hint) => Error::new(kind, message).with_hint(hint),
            None => Error::new(kind, message),
        },
    }
}

/// The last lines that a command wrote.
#[derive(Default)]
struct Tail {
    lines: VecDeque<Vec<u8>>,
    open: bool,
}

impl Tail {
    fn add(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            if !self.open {
                self.lines.push_back(Vec::new());
            }
            if let Some(line) = self.lines.back_mut() {
                let room = LONGEST_LINE.saturating_sub(line.len());
                line.extend_from_slice(&part[..part.len().min(room)]);
            }
            self.open = !part.ends_with(b"\n");
            while self.lines.len() > LAST_LINES {
                self.lines.pop_front();
            }
        }
    }

    /// The lines in BuildKit's frame; empty if there are none.
    fn told(&self, title: &str) -> String {
        if self.lines.is_empty() {
            return String::new();
        }
        let mut text = format!("\n------\n > {title}:\n");
        for line in &self.lines {
            let line = String::from_utf8_lossy(line);
            text.push_str(line.trim_end_matches(['\r', '\n']));
            text.push('\n');
        }
        text.push_str("------");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_however_they_are_cut() {
        let mut tail = Tail::default();
        for number in 0..30 {
            tail.add(format!("line {number}").as_bytes());
            tail.add(b" end\n");
        }
        tail.add(b"no newline");
        let told = tail.told("[2/2] RUN x");
        assert!(
            told.starts_with("\n------\n > [2/2] RUN x:\nline 11 end\n"),
            "{told}"
        );
        assert!(told.ends_with("line 29 end\nno newline\n------"), "{told}");
        assert_eq!(Tail::default().told("x"), "");
    }
}
