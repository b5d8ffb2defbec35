//! The monitor: the process that accompanies a container while it runs.
//!
//! **What Docker does.** containerd starts a shim per container, so that the daemon can be restarted.
//! **What we do.** The monitor does everything: it starts the init, owns its streams, writes the log, serves attach,
//! exec and stop over a socket, publishes ports, applies the restart policy, and records the end.
//! **Try it.** `ps -ef | grep docklings-monitor`
//! **Lesson.** `how-it-ends`
//!
//! One thread, one `poll(2)` loop, every descriptor non-blocking: no client can block it.

mod client;
mod events;
mod group;
mod health;
mod life;
mod network;
mod process;
mod serve;

use super::logs::driver::Rotation;
use super::logs::writer::LogWriter;
use super::start::{JOB_FD, Job, LOCK_FD, SESSION_FD};
use super::{Failure, protocol::Frame};
use crate::cgroup::Cgroup;
use crate::clock::System;
use crate::engine::{Engine, Settings};
use crate::error::{Error, IoContext, Result};
use crate::id::ContainerId;
use crate::network::egress::Outbound;
use crate::network::outbound::Way;
use crate::network::ports::Publisher;
use crate::paths::{Home, create_private_dir};
use crate::store::containers::{ContainerConfig, LogDriver, RecordedState};
use crate::store::records;
use crate::sys;
use crate::sys::signal::Signals;
use client::Client;
use process::Process;
use std::fs::File;
use std::net::UdpSocket;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::time::Instant;

/// The monitor's state.
pub(super) struct Monitor {
    engine: Engine,
    config: ContainerConfig,
    state: RecordedState,
    lock: File,
    log: LogWriter,
    listener: Option<UnixListener>,
    /// SIGTERM ends the container, SIGCONT makes the monitor check its socket.
    signals: Signals,
    clients: Vec<Client>,
    /// The init, if it runs, and processes of `exec`.
    processes: Vec<Process>,
    next_key: u32,
    cgroup: Option<Cgroup>,
    /// Keeps the container's mounts, whose teardown takes time, until clients have been notified of its end.
    mounts: Option<OwnedFd>,
    publisher: Option<Publisher>,
    /// The container's egress, or why it has none.
    way: Result<Way, String>,
    /// Whether the container resolves names at [`Way::names`].
    forward_names: bool,
    outbound: Option<Outbound>,
    /// The name server's socket, if the container has no egress.
    names: Option<UdpSocket>,
    /// When to send SIGKILL to a container that was asked to stop.
    kill_at: Option<Instant>,
    /// The container is being restarted, so it is not removed at its end.
    started_again: bool,
    /// The monitor was asked to end, with its session or machine.
    leaving: bool,
    /// When the restart policy starts the container again.
    restart_at: Option<Instant>,
    /// When to release the memory last used by the start or by a client.
    forget_at: Option<Instant>,
    /// When to sync the container's records, so that it survives a power cut.
    keep_at: Option<Instant>,
    /// The next restart delay.
    backoff: std::time::Duration,
    health: Option<health::Checker>,
    size: Option<(u16, u16)>,
}

/// The hidden stage `docklings __monitor CONTAINER`; the argument only informs readers of `ps`. Returns the exit code.
pub(super) fn main() -> i32 {
    let session = match sys::process::inherited(SESSION_FD) {
        Ok(fd) => UnixStream::from(fd),
        Err(_) => return 125,
    };
    match open() {
        Ok((mut monitor, job)) => monitor.live(session, &job),
        Err(error) => {
            let _ = Frame::Failed(125, Failure::from(error).text).write_to(&session);
            125
        }
    }
}

fn open() -> Result<(Monitor, Job)> {
    use nix::sys::signal::Signal;
    let job = File::from(sys::process::inherited(JOB_FD)?);
    let job: Job = serde_json::from_reader(std::io::BufReader::new(job))
        .map_err(|error| Error::internal("the monitor's job cannot be read").with_source(error))?;
    let lock = File::from(sys::process::inherited(LOCK_FD)?);
    for signal in [
        Signal::SIGHUP,
        Signal::SIGINT,
        Signal::SIGQUIT,
        Signal::SIGPIPE,
    ] {
        sys::process::ignore_signal(signal)?;
    }
    let signals = Signals::take(&[Signal::SIGTERM, Signal::SIGCONT])?;
    sys::process::set_name("docklings-mon")?;
    sys::process::become_subreaper()?;
    let engine = Engine::open(Settings {
        home: Home::new(&job.root, &job.runtime),
        sandbox: job.sandbox.clone(),
        binary: job.binary.clone(),
        via: job.via.clone(),
        outbound: job.outbound,
        clock: Arc::new(System),
        entropy: Arc::new(System),
    })?;
    let (config, state) = records::read(&engine.sandbox, &job.container)?
        .ok_or_else(|| Error::not_found(format!("No such container: {}", job.container)))?;
    let place = engine.sandbox.container(&config.id);
    let way = network::find(&config, job.outbound);
    let log = match config.host.log.driver {
        LogDriver::None => LogWriter::nowhere(),
        _ => LogWriter::new(&place.log(), Rotation::of(&config.host.log)?),
    };
    let listener = listen(&engine, &config.id)?;
    let monitor = Monitor {
        log,
        listener: Some(listener),
        signals,
        lock,
        config,
        state,
        engine,
        clients: Vec::new(),
        processes: Vec::new(),
        next_key: 0,
        cgroup: None,
        mounts: None,
        publisher: None,
        way,
        forward_names: false,
        outbound: None,
        names: None,
        kill_at: None,
        started_again: false,
        leaving: false,
        restart_at: None,
        forget_at: None,
        keep_at: None,
        backoff: life::FIRST_BACKOFF,
        health: None,
        size: job.size,
    };
    Ok((monitor, job))
}

/// Listens in the container's folder, replacing what a killed monitor left there: we hold the container's lock.
fn listen(engine: &Engine, id: &ContainerId) -> Result<UnixListener> {
    let (path, elsewhere) = (
        engine.sandbox.container(id).socket(),
        engine.home.socket_elsewhere(id),
    );
    let listener = sys::socket::listen(&path)
        .or_else(|error| {
            // For a file system without sockets.
            create_private_dir(engine.home.runtime()).map_err(|_| error)?;
            sys::socket::listen_behind_link(&path, &elsewhere)
        })
        .on("listen on", &path)?;
    listener.set_nonblocking(true).on("listen on", &path)?;
    Ok(listener)
}

impl Monitor {
    /// Listens again if the socket was removed.
    fn check_socket(&mut self) {
        let path = self.engine.sandbox.container(&self.config.id).socket();
        if self.listener.is_some()
            && !path.exists()
            && let Ok(listener) = listen(&self.engine, &self.config.id)
        {
            self.listener = Some(listener);
        }
    }

    /// Stops accepting clients: new ones find that the container has ended.
    fn stop_listening(&mut self) {
        self.listener = None;
        let _ = std::fs::remove_file(self.engine.sandbox.container(&self.config.id).socket());
    }
}
