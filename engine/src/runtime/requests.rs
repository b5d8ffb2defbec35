//! Requests of commands to a running monitor: one line of JSON, then frames.

use super::protocol::Frame;
use super::spec::{Container, ProcessRequest, Streams};
use super::{Failure, holder, observe};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::id::ContainerId;
use crate::store::containers::ProcessConfig;
use crate::sys::{failed, socket};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// The request that a session begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Request {
    /// Frames of the container's streams.
    Attach {
        /// The streams.
        streams: Streams,
        /// The client's terminal.
        size: Option<(u16, u16)>,
        /// The requesting command.
        via: String,
    },
    /// Runs another process.
    Exec(ExecRequest),
    /// Requests an `Exit` frame when the container ends.
    Wait,
    /// Ends the container; `Started` at once, and an `Exit` frame when it has ended.
    Stop {
        /// Signal number.
        signal: i32,
        /// Seconds until SIGKILL; negative waits for ever.
        timeout: i64,
        /// It is restarted at once, so it is kept even with `--rm`.
        again: bool,
        /// The requesting command.
        via: String,
    },
    /// Sends a signal; answered by `Started`.
    Kill {
        /// Its number.
        signal: i32,
        /// The requesting command.
        via: String,
    },
    /// Freezes or thaws; answered by `Started`.
    Freeze {
        /// Whether to freeze.
        frozen: bool,
        /// The requesting command.
        via: String,
    },
    /// Reads the configuration again after `update`; answered by `Started`.
    Reload,
    /// Serves a file operation inside the root; from then on the stream no longer consists of frames.
    Files(super::copy::Operation),
}

/// `docker exec`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ExecRequest {
    pub(super) cmd: Vec<String>,
    pub(super) env: Vec<String>,
    pub(super) working_dir: Option<String>,
    pub(super) user: Option<String>,
    pub(super) tty: bool,
    pub(super) open_stdin: bool,
    pub(super) privileged: bool,
    pub(super) streams: Streams,
    pub(super) detach: bool,
    pub(super) size: Option<(u16, u16)>,
    pub(super) via: String,
}

impl ExecRequest {
    pub(super) fn new(
        engine: &Engine,
        asked: ProcessRequest,
        detach: bool,
        size: Option<(u16, u16)>,
    ) -> Self {
        Self {
            cmd: asked.cmd,
            env: asked.env,
            working_dir: asked.working_dir,
            user: asked.user,
            tty: asked.tty,
            open_stdin: asked.open_stdin,
            privileged: asked.privileged,
            streams: asked.attach,
            detach,
            size,
            via: engine.via.clone(),
        }
    }

    /// The process, with defaults from the container's own.
    pub(super) fn process(&self, container: &ProcessConfig) -> ProcessConfig {
        let mut env = container.env.clone();
        for variable in &self.env {
            super::plan::set_variable(&mut env, variable);
            if !variable.contains('=') {
                // It also removes the engine's own variable.
                env.push(variable.clone());
            }
        }
        ProcessConfig {
            entrypoint: Vec::new(),
            cmd: self.cmd.clone(),
            env,
            working_dir: self
                .working_dir
                .clone()
                .unwrap_or_else(|| container.working_dir.clone()),
            user: self.user.clone().unwrap_or_else(|| container.user.clone()),
            tty: self.tty,
            open_stdin: self.open_stdin,
            ..ProcessConfig::default()
        }
    }
}

/// The pause between attempts to connect to a socket that may appear at any moment.
const PAUSE: Duration = Duration::from_millis(5);
/// After this time without listening or accepting a request, a monitor is woken.
const UNTIL_WOKEN: Duration = Duration::from_millis(300);
/// After this time without an answer, a mere observer considers a monitor hung.
const UNTIL_DOUBTED: Duration = Duration::from_secs(2);
/// After this time without an answer, a monitor is given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connects to the monitor of `id` and sends `request`.
pub(super) fn send(engine: &Engine, id: &ContainerId, request: &Request) -> Result<UnixStream> {
    let path = engine.sandbox.container(id).socket();
    let mut stream = connect(&path, engine, id)?;
    let mut line = serde_json::to_vec(request)
        .map_err(|error| Error::internal("the request cannot be written").with_source(error))?;
    line.push(b'\n');
    stream.write_all(&line).map_err(|_| not_running(id))?;
    Ok(stream)
}

/// Sends a request that ends or signals the container. `None`: the monitor does not answer, even when woken. Otherwise
/// its answer has arrived and can be read.
pub(super) fn urge(
    engine: &Engine,
    id: &ContainerId,
    request: &Request,
) -> Result<Option<UnixStream>> {
    let stream = match send(engine, id, request) {
        Err(error) if error.kind() == ErrorKind::Machine => return Ok(None),
        other => other?,
    };
    if !socket::is_readable_within(&stream, UNTIL_WOKEN) {
        holder::wake(engine, id);
        if !socket::is_readable_within(&stream, PATIENCE) {
            return Ok(None);
        }
    }
    Ok(Some(stream))
}

/// Whether the monitor of `id` accepts requests, as far as this can be seen at once, without waking it.
pub(super) fn is_taken(engine: &Engine, id: &ContainerId) -> bool {
    let asked = connect_once(&engine.sandbox.container(id).socket()).and_then(|mut stream| {
        let line = serde_json::to_vec(&Request::Reload).unwrap_or_default();
        let sent = stream.write_all(&[&line[..], b"\n"].concat());
        sent.map(|()| stream)
            .map_err(|error| failed("write", "a request", error))
    });
    asked.is_ok_and(|stream| socket::is_readable_within(&stream, UNTIL_DOUBTED))
}

/// A monitor that has just started may not listen yet, and one that has just ended no longer does. A live monitor's
/// socket may be missing: it creates a new one when woken.
fn connect(path: &Path, engine: &Engine, id: &ContainerId) -> Result<UnixStream> {
    let begun = Instant::now();
    let mut woken = false;
    while begun.elapsed() < PATIENCE {
        if let Ok(stream) = connect_once(path) {
            return Ok(stream);
        }
        let alive =
            observe::by_id(engine, id)?.is_some_and(|container| container.status.has_monitor());
        if !alive {
            return Err(not_running(id));
        }
        if !woken && begun.elapsed() > UNTIL_WOKEN {
            holder::wake(engine, id);
            woken = true;
        }
        std::thread::sleep(PAUSE);
    }
    Err(
        Error::machine(format!("the monitor of container {id} does not answer"))
            .with_hint("docker stop, docker kill and docker rm -f still end it"),
    )
}

fn not_running(id: &ContainerId) -> Error {
    Error::conflict(format!("container {id} is not running"))
}

fn connect_once(path: &Path) -> Result<UnixStream> {
    socket::connect(path).map_err(|error| failed("connect", path.display(), error))
}

/// Waits for `Started`. Returns the hint for a program that the kernel refused.
pub(super) fn expect_started(stream: &UnixStream) -> Result<Option<String>> {
    let mut hint = None;
    loop {
        match answer(stream)? {
            Some(Frame::Hint(text)) => hint = Some(text),
            Some(Frame::Started) => return Ok(hint),
            Some(Frame::Failed(code, text)) => return Err(start_error(code, text)),
            _ => return Err(Error::internal("the monitor ended without an answer")),
        }
    }
}

/// Waits for the monitor's answer. A monitor that ended without one ended with its container, which is the answer.
pub(super) fn answered(engine: &Engine, container: &Container, stream: &UnixStream) -> Result<()> {
    let error = match expect_started(stream) {
        Err(error) if error.kind() == ErrorKind::Internal => error,
        other => return other.map(drop),
    };
    let id = &container.config.id;
    match observe::by_id(engine, id)? {
        Some(found) if found.status.has_monitor() => Err(error),
        Some(_) => Err(Error::conflict(format!("container {id} is not running"))),
        None => Err(Error::not_found(format!(
            "No such container: {}",
            container.config.name
        ))),
    }
}

/// The monitor's next frame; `None` if it ended, perhaps before it read our request: its record shows what happened.
fn answer(stream: &UnixStream) -> Result<Option<Frame>> {
    match Frame::read_from(stream) {
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => Ok(None),
        other => other.map_err(|error| failed("read", "the monitor's answer", error)),
    }
}

/// A `Failed` frame as the error that Docker's daemon would give.
pub fn start_error(code: i32, text: String) -> Error {
    Failure { code, text }.into_error()
}

/// Waits for `Exit` and returns its code; `None` if the monitor was killed.
pub(super) fn expect_exit(stream: &UnixStream) -> Result<Option<i32>> {
    loop {
        if let Some(end) = next_of_end(stream)? {
            return Ok(end);
        }
    }
}

/// Waits for the end until `deadline`; returns `false` if it does not come.
pub(super) fn ends_by(stream: &UnixStream, deadline: Option<Instant>) -> Result<bool> {
    loop {
        if let Some(deadline) = deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            if !socket::is_readable_within(stream, left) {
                return Ok(false);
            }
        }
        if next_of_end(stream)?.is_some() {
            return Ok(true);
        }
    }
}

/// Reads a frame: `Some` is the end, with the exit code if it was observed.
fn next_of_end(stream: &UnixStream) -> Result<Option<Option<i32>>> {
    match answer(stream)? {
        Some(Frame::Exit(code)) => Ok(Some(Some(code))),
        Some(Frame::Failed(code, text)) => Err(start_error(code, text)),
        Some(_) => Ok(None),
        None => Ok(Some(None)),
    }
}
