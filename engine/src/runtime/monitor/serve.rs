//! Client requests and deadlines.

use super::Monitor;
use super::client::Role;
use super::process::Process;
use crate::cgroup::Cgroup;
use crate::error::{Error, Result};
use crate::events::Action;
use crate::runtime::protocol::Frame;
use crate::runtime::requests::{ExecRequest, Request};
use crate::runtime::spawn::{Running, spawn_in};
use crate::runtime::stop::GRACE;
use crate::runtime::{Failure, copy, plan};
use crate::store::containers::{NetworkMode, Phase};
use crate::store::records;
use crate::sys;
use crate::sys::clone::{Forked, fork};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

impl Monitor {
    /// Handles everything that clients have sent.
    pub(super) fn serve_clients(&mut self) {
        let mut index = 0;
        while index < self.clients.len() {
            match self.clients[index].role {
                Role::Greeting => {
                    if let Some(line) = self.clients[index].take_request()
                        && !self.accept_request(index, &line)
                    {
                        self.clients.remove(index);
                        continue;
                    }
                    // A client may have sent input after its request.
                    if matches!(self.clients[index].role, Role::Attached { .. }) {
                        self.take_frames(index);
                    }
                }
                Role::Attached { .. } => self.take_frames(index),
                Role::Waiting | Role::Leaving => self.clients[index].input.clear(),
            }
            index += 1;
        }
    }

    /// Returns whether the client stays.
    fn accept_request(&mut self, index: usize, line: &[u8]) -> bool {
        let request = match serde_json::from_slice(line) {
            Ok(request) => request,
            Err(error) => {
                let text = format!("the monitor does not understand the request: {error}");
                return self.answer(index, Err(Failure { code: 125, text }));
            }
        };
        match request {
            Request::Attach { streams, size, via } => {
                let Some(init) = self.processes.first().filter(|process| process.is_init) else {
                    return self.answer(
                        index,
                        Err(Error::conflict("the container is restarting").into()),
                    );
                };
                if let Some(size) = size {
                    init.resize(size);
                }
                let role = Role::Attached {
                    process: init.key,
                    streams,
                    foreground: false,
                };
                self.clients[index].role = role;
                self.clients[index].send(&Frame::Started);
                self.via(&via, |monitor| monitor.journal(Action::Attach, &[]));
            }
            Request::Wait => self.clients[index].role = Role::Waiting,
            Request::Stop {
                signal,
                timeout,
                again,
                via,
            } => {
                self.clients[index].role = Role::Waiting;
                self.clients[index].send(&Frame::Started);
                self.started_again = again;
                self.stop(signal, timeout, &via);
            }
            Request::Kill { signal, via } => {
                let result = self.kill(signal, &via);
                return self.answer(index, result);
            }
            Request::Freeze { frozen, via } => {
                let result = self.freeze(frozen, &via);
                return self.answer(index, result);
            }
            Request::Reload => {
                let result = self.reload();
                return self.answer(index, result);
            }
            Request::Exec(request) => self.exec(index, &request),
            Request::Files(operation) => {
                self.serve_files(index, &operation);
                return false;
            }
        }
        true
    }

    fn answer(&mut self, index: usize, result: Result<(), Failure>) -> bool {
        let frame = match result {
            Ok(()) => Frame::Started,
            Err(failure) => Frame::Failed(failure.code, failure.text),
        };
        let client = &mut self.clients[index];
        client.role = Role::Leaving;
        client.leave_by = Some(Instant::now() + Duration::from_secs(60));
        client.send(&frame);
        true
    }

    /// Runs `action` on behalf of a command other than the one that started the container.
    pub(super) fn via(&mut self, via: &str, action: impl FnOnce(&mut Self)) {
        let ours = std::mem::replace(&mut self.engine.via, via.to_owned());
        action(self);
        self.engine.via = ours;
    }

    fn take_frames(&mut self, index: usize) {
        loop {
            let client = &mut self.clients[index];
            let Role::Attached {
                process: key,
                streams,
                ..
            } = client.role
            else {
                return;
            };
            let frame = match Frame::decode(&mut client.input) {
                Ok(Some(frame)) => frame,
                Ok(None) => return,
                Err(_) => {
                    client.role = Role::Leaving;
                    return;
                }
            };
            let Some(process) = self.process_mut(key) else {
                continue;
            };
            match frame {
                Frame::Stdin(bytes) if streams.stdin => process.push_input(&bytes),
                Frame::StdinEof if streams.stdin => process.end_input(),
                Frame::Resize(rows, columns) => process.resize((rows, columns)),
                Frame::Signal(signal) => {
                    let _ = process.signal(signal);
                }
                _ => {}
            }
        }
    }

    /// Handles a closed connection.
    pub(super) fn client_left(&mut self, role: Role) {
        let Role::Attached {
            process: key,
            streams,
            ..
        } = role
        else {
            return;
        };
        let Some(process) = self.process_mut(key) else {
            return;
        };
        let closes = streams.stdin && (process.stdin_once || !process.is_init);
        if closes && process.streams.terminal.is_none() {
            process.end_input();
        }
        if process.is_init {
            self.journal(Action::Detach, &[]);
        }
    }

    fn stop(&mut self, signal: i32, timeout: i64, via: &str) {
        self.state.stopped_by_user = true;
        self.via(via, |monitor| monitor.request_end(signal, timeout));
    }

    /// SIGTERM: the monitor's session or the machine ends. The container ends as with `docker stop`, but not by a
    /// user's decision that would keep it stopped.
    pub(super) fn leave(&mut self) {
        if std::mem::replace(&mut self.leaving, true) {
            return;
        }
        let host = &self.config.host;
        let signal = match host.stop_signal.as_str() {
            "" => libc::SIGTERM,
            name => sys::signal::parse(name).unwrap_or(libc::SIGTERM),
        };
        let timeout = host.stop_timeout.unwrap_or(GRACE);
        self.via("monitor", |monitor| monitor.request_end(signal, timeout));
    }

    fn request_end(&mut self, signal: i32, timeout: i64) {
        if self.restart_at.is_some() {
            return self.stay_stopped();
        }
        if self.state.phase == Phase::Paused {
            let via = self.engine.via.clone();
            let _ = self.freeze(false, &via);
        }
        self.save();
        self.journal(Action::Kill, &[("signal", signal.to_string())]);
        self.signal_init(signal);
        // A negative or unrepresentable timeout means no limit.
        if let Ok(seconds) = u64::try_from(timeout) {
            self.kill_at = Instant::now().checked_add(Duration::from_secs(seconds));
        }
    }

    fn signal_init(&mut self, signal: i32) {
        if let Some(init) = self.processes.first().filter(|process| process.is_init) {
            // Signalling fails only for an ended process.
            let _ = init.signal(signal);
        }
    }

    fn kill(&mut self, signal: i32, via: &str) -> Result<(), Failure> {
        if self.restart_at.is_some() {
            self.state.stopped_by_user = true;
            self.stay_stopped();
            return Ok(());
        }
        if signal == libc::SIGKILL {
            self.state.stopped_by_user = true;
            if self.state.phase == Phase::Paused {
                self.freeze(false, via)?;
            }
            self.save();
        }
        self.via(via, |monitor| {
            monitor.journal(Action::Kill, &[("signal", signal.to_string())])
        });
        self.signal_init(signal);
        Ok(())
    }

    fn exec(&mut self, index: usize, request: &ExecRequest) {
        match self.spawn_exec(request) {
            Ok(mut process) => {
                let client = &mut self.clients[index];
                if let Some(hint) = process.hint.take() {
                    client.send(&Frame::Hint(hint));
                }
                client.send(&Frame::Started);
                if request.detach {
                    client.role = Role::Leaving;
                } else {
                    let streams = request.streams;
                    client.role = Role::Attached {
                        process: process.key,
                        streams,
                        foreground: true,
                    };
                }
                self.processes.push(process);
            }
            Err(failure) => {
                self.answer(index, Err(failure));
            }
        }
    }

    fn spawn_exec(&mut self, request: &ExecRequest) -> Result<Process, Failure> {
        if self.state.phase == Phase::Paused {
            let text = format!(
                "Container {} is paused, unpause the container before exec",
                self.config.id
            );
            return Err(Error::conflict(text).into());
        }
        let asked = request.process(&self.config.process);
        let privileged = request.privileged || self.config.host.privileged;
        let planned = plan::process(&asked, &self.config.host, &self.config.hostname, privileged)?;
        let planned = plan::PlannedProcess {
            init: false,
            ..planned
        };
        let id = crate::id::ContainerId::random(&*self.engine.entropy).to_string();
        let command = request.cmd.join(" ");
        self.via(&request.via, |monitor| {
            let facts = [("execID", id.clone()), ("tty", request.tty.to_string())];
            for action in [Action::ExecCreate, Action::ExecStart] {
                let event = monitor.engine.event_of(&monitor.config, action);
                monitor.record(event.of(&command), &facts);
            }
        });
        let running = self
            .run_inside(&planned, request.open_stdin, request.size)
            .map_err(|failure| self.or_ended(failure))?;
        let key = self.next_key;
        self.next_key += 1;
        let mut process = Process::new(key, running, false)?;
        process.exec = Some(id);
        Ok(process)
    }

    /// Reports a failure as "not running" if the container is just ending.
    fn or_ended(&self, failure: Failure) -> Failure {
        let ended = self
            .processes
            .first()
            .is_none_or(|init| sys::process::ends_within(init.pidfd.as_fd(), 1));
        if ended {
            Error::conflict(format!("container {} is not running", self.config.id)).into()
        } else {
            failure
        }
    }

    /// Runs a process beside the init.
    pub(super) fn run_inside(
        &mut self,
        planned: &plan::PlannedProcess,
        open_stdin: bool,
        size: Option<(u16, u16)>,
    ) -> Result<Running, Failure> {
        let Some(init) = self.processes.first().filter(|process| process.is_init) else {
            let text = format!("container {} is not running", self.config.id);
            return Err(Error::conflict(text).into());
        };
        let host_network = self.config.host.network == NetworkMode::Host;
        let birthplace = self.cgroup.as_ref().and_then(Cgroup::birthplace);
        let spawned = spawn_in(
            init.pidfd.as_fd(),
            planned,
            open_stdin,
            host_network,
            birthplace,
        )?;
        if let Some(cgroup) = &self.cgroup {
            cgroup.add(spawned.pid)?;
        }
        if let (Some(size), Some(master)) = (size, &spawned.streams.terminal) {
            sys::terminal::set_size(master, size)?;
        }
        spawned.release()
    }

    pub(super) fn end_exec(&mut self, process: &Process) {
        let code = process.exit.unwrap_or(137);
        if let Some(checker) = &mut self.health
            && checker.owns(process.key)
        {
            return self.end_probe(code);
        }
        if let Some(id) = &process.exec {
            self.journal(
                Action::ExecDie,
                &[("execID", id.clone()), ("exitCode", code.to_string())],
            );
        }
        for client in &mut self.clients {
            if matches!(client.role, Role::Attached { process: key, .. } if key == process.key) {
                client.send(&Frame::Exit(code));
                client.role = Role::Leaving;
                client.leave_by = Some(Instant::now() + Duration::from_secs(600));
            }
        }
    }

    /// Hands the client over to a fork that joins the container's mounts.
    fn serve_files(&self, index: usize, operation: &copy::Operation) {
        let Some(init) = self.processes.first().filter(|process| process.is_init) else {
            return;
        };
        let client = &self.clients[index];
        let _ = client.stream.set_nonblocking(false);
        // Data that arrived with the request is the beginning of the tar.
        copy::serve_in(init.pidfd.as_fd(), operation, &client.input, &client.stream);
    }

    /// Handles expired deadlines.
    pub(super) fn check_deadlines(&mut self) {
        let now = Instant::now();
        if self.kill_at.is_some_and(|at| at <= now) {
            self.kill_at = None;
            let signal = libc::SIGKILL;
            self.journal(Action::Kill, &[("signal", signal.to_string())]);
            self.signal_init(signal);
        }
        if self.restart_at.is_some_and(|at| at <= now) {
            self.restart_now();
        }
        if self.forget_at.is_some_and(|at| at <= now) {
            self.forget_at = None;
            sys::process::forget_start_up_code();
        }
        if self.keep_at.is_some_and(|at| at <= now) {
            self.keep_at = None;
            self.keep();
        }
        if self
            .health
            .as_ref()
            .and_then(|checker| checker.deadline())
            .is_some_and(|at| at <= now)
        {
            self.check_health();
        }
        // Forks that served files, and orphans reparented to us: no other process reaps them.
        sys::process::reap_unknown(&self.processes.iter().map(|p| p.pid).collect::<Vec<_>>());
    }

    /// Syncs the container's records to disk, in a separate process because a busy disk is slow.
    fn keep(&self) {
        if let Ok(Forked::Child) = fork() {
            sys::process::close_all_but(std::io::stderr().as_fd());
            records::sync(&self.engine.sandbox, &self.config);
            sys::process::exit(0)
        }
    }
}
