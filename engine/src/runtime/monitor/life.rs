//! A container's runs: start, end, and restart policy.

use super::client::{Client, Role};
use super::process::Process;
use super::{Monitor, health};
use crate::cgroup::{Cgroup, Limits};
use crate::events::{Action, Event};
use crate::runtime::protocol::Frame;
use crate::runtime::spawn::{Running, spawn};
use crate::runtime::start::Job;
use crate::runtime::{Failure, etc, observe, plan, resume};
use crate::store::containers::{Phase, RestartPolicy};
use crate::store::records;
use crate::sys;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Docker's first delay before a restart; it doubles up to a minute.
pub(super) const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);
/// A run of this length resets the delay.
const STABLE_RUN: jiff::SignedDuration = jiff::SignedDuration::from_secs(10);
/// After this time a container will probably run for a while, so memory used by its start or a client is released.
/// Short runs gain nothing from that.
pub(super) const SETTLED: Duration = Duration::from_millis(300);
/// How long a container must run before its records are synced to disk. `docker run` itself does not wait for the disk.
const STAYS: Duration = Duration::from_secs(2);
/// How long a client that does not read may keep an ended container's monitor alive.
const LINGER: Duration = Duration::from_secs(600);

impl Monitor {
    /// Runs the container from its first start to its last end. Returns the stage's exit code.
    pub(in crate::runtime) fn live(&mut self, session: UnixStream, job: &Job) -> i32 {
        self.state.restart_count = 0;
        self.state.stopped_by_user = false;
        self.greet(session, job);
        if let Err(failure) = self.start_init() {
            self.fail(&failure);
            return failure.code;
        }
        self.announce_start(job);
        self.forget_at = Some(Instant::now() + SETTLED);
        self.keep_at = Some(Instant::now() + STAYS);
        while !self.processes.is_empty() || self.restart_at.is_some() {
            self.turn();
        }
        while !self.clients.is_empty() {
            self.turn();
        }
        0
    }

    /// Attaches the client that started us before the init runs, so that it misses nothing.
    fn greet(&mut self, session: UnixStream, job: &Job) {
        let role = match job.attach {
            Some(streams) => Role::Attached {
                process: self.next_key,
                streams,
                foreground: true,
            },
            None => Role::Leaving,
        };
        self.clients.extend(Client::new(session, role));
    }

    /// Announces the start to the client that started us and to clients that attached meanwhile.
    fn announce_start(&mut self, job: &Job) {
        let hint = self.processes.first_mut().and_then(|init| init.hint.take());
        let hint = hint.map(Frame::Hint);
        for client in &mut self.clients {
            if matches!(client.role, Role::Attached { .. } | Role::Leaving) {
                hint.iter().for_each(|hint| client.send(hint));
                client.send(&Frame::Started);
            }
        }
        if let (Some(streams), Some(process)) = (job.attach, self.processes.first_mut()) {
            process.stdin_once = streams.stdin && self.config.process.attach_stdin;
        }
        self.drop_served();
    }

    fn drop_served(&mut self) {
        self.clients
            .retain(|client| !(client.role == Role::Leaving && client.is_done()));
    }

    /// Starts the init and records it.
    pub(super) fn start_init(&mut self) -> Result<(), Failure> {
        // Overlayfs must not mount the same folders twice.
        self.mounts = None;
        // They may be missing or outdated since the last run.
        let place = self.engine.sandbox.container(&self.config.id);
        self.forward_names = etc::write(place.etc(), &self.config, self.way.as_ref().ok())?;
        let mut plan = plan::plan(&self.engine.home, &self.engine.sandbox, &self.config)?;
        plan.address = self.address();
        let limits = Limits::of(&self.config.host);
        self.cgroup = Cgroup::create(self.config.id.as_str(), &limits)?;
        self.state.cgroup = self.folder_of_group();
        let birthplace = self.cgroup.as_ref().and_then(Cgroup::birthplace);
        let mut init = spawn(&plan, self.config.process.open_stdin, birthplace)?;
        self.plug_in(init.interface.take(), init.names.take());
        if let Some(cgroup) = &self.cgroup {
            cgroup.add(init.pid)?;
        }
        if let (Some(size), Some(master)) = (self.size, &init.streams.terminal) {
            sys::terminal::set_size(master, size)?;
        }
        self.publish(init.pidfd.as_fd())?;
        self.mounts = self.outlasting_mounts(init.pid);
        let running = init.release()?;
        self.record_start(running)
    }

    /// Exiting the last process of a mount namespace blocks until some thirty mounts are torn down. A container that is
    /// removed at its end and shows none of the machine's files does not need that, so we hold the mounts until the
    /// client has its answer.
    fn outlasting_mounts(&self, pid: i32) -> Option<OwnedFd> {
        let host = &self.config.host;
        if !host.auto_remove || !host.mounts.is_empty() {
            return None;
        }
        sys::namespace::mounts_of(pid).ok()
    }

    /// The group's folder, for the record: a command in another session could not compute it.
    pub(super) fn folder_of_group(&self) -> Option<PathBuf> {
        self.cgroup.as_ref()?.folder().map(Path::to_owned)
    }

    fn record_start(&mut self, running: Running) -> Result<(), Failure> {
        let state = &mut self.state;
        state.phase = Phase::Running;
        state.pid = running.pid;
        state.pid_start_time = sys::process::start_time(running.pid).unwrap_or_default();
        state.boot_id = sys::process::boot_id();
        state.started_at = Some(self.engine.now());
        state.exit_code = 0;
        state.oom_killed = false;
        state.cut_off = false;
        state.error.clear();
        state.start_count += 1;
        self.health = health::Checker::new(self.config.healthcheck.as_ref());
        self.state.health = self.health.as_ref().map(health::Checker::initial);
        // Without a record it would run but seem never to have started.
        let recorded = records::write_state(&self.engine.sandbox, &self.config.id, &self.state);
        if recorded.is_err() {
            let _ = sys::process::send_signal(running.pidfd.as_fd(), libc::SIGKILL);
        }
        recorded?;
        let key = self.next_key;
        self.next_key += 1;
        self.processes.insert(0, Process::new(key, running, true)?);
        let attached = self
            .clients
            .iter()
            .any(|client| matches!(client.role, Role::Attached { .. }));
        if attached {
            self.journal(Action::Attach, &[]);
        }
        let facts = [
            ("attached", attached.to_string()),
            ("tty", self.config.process.tty.to_string()),
            ("stdin", self.config.process.open_stdin.to_string()),
        ];
        self.journal(Action::Start, &facts);
        Ok(())
    }

    /// Handles a failed start.
    fn fail(&mut self, failure: &Failure) {
        self.tear_down();
        self.state.phase = if self.state.start_count == 0 {
            Phase::Created
        } else {
            Phase::Exited
        };
        self.state.exit_code = failure.recorded_code();
        failure.sentence().clone_into(&mut self.state.error);
        self.save();
        self.settle(&Frame::Failed(failure.code, failure.text.clone()));
        while !self.clients.is_empty() {
            self.turn();
        }
    }

    /// Handles ended processes; the init's end is the container's.
    pub(super) fn end_processes(&mut self) {
        let keys: Vec<u32> = self
            .processes
            .iter()
            .filter(|p| p.exit.is_some())
            .map(|p| p.key)
            .collect();
        for key in keys {
            for stderr in [false, true] {
                self.pass_output(key, stderr);
            }
            let Some(index) = self.processes.iter().position(|p| p.key == key) else {
                continue;
            };
            let blocked = self.processes[index].outputs().next().is_some()
                && self.clients.iter().any(|client| {
                    matches!(client.role, Role::Attached { process, .. } if process == key)
                        && client.is_full()
                });
            if self.processes[index].is_over() && !blocked {
                let process = self.processes.remove(index);
                if process.is_init {
                    self.end(&process)
                } else {
                    self.end_exec(&process)
                }
            }
        }
    }

    fn end(&mut self, init: &Process) {
        let code = init.exit.unwrap_or_default();
        let _ = self.log.flush();
        self.state.oom_killed = self.cgroup.as_ref().is_some_and(Cgroup::oom_killed);
        // Everything in the pid namespace has ended with the init.
        for process in std::mem::take(&mut self.processes) {
            self.end_exec(&process);
        }
        self.tear_down();
        self.kill_at = None;
        self.state.pid = 0;
        self.state.exit_code = code;
        self.state.finished_at = Some(self.engine.now());
        if self.state.oom_killed {
            self.journal(Action::Oom, &[]);
        }
        self.journal(Action::Die, &[("exitCode", code.to_string())]);
        if self.wants_restart(code) {
            return self.schedule_restart(code);
        }
        self.state.phase = Phase::Exited;
        self.note_cut_off();
        // A container that is removed at once needs no record of its end.
        if !self.is_removed_at_its_end() {
            self.save();
        }
        self.settle(&Frame::Exit(code));
    }

    /// Whether it is removed at its end: `--rm`, unless it is being restarted.
    fn is_removed_at_its_end(&self) -> bool {
        self.config.host.auto_remove && !self.started_again
    }

    fn tear_down(&mut self) {
        // Ports first: a client that sees the end may start a container that needs them.
        self.publisher = None;
        self.state.ports.clear();
        self.unplug();
        self.health = None;
        if let Some(cgroup) = self.cgroup.take() {
            cgroup.remove();
        }
        // Removal also sweeps groups that a killed monitor left.
        if !self.is_removed_at_its_end() {
            let folder = self.state.cgroup.take();
            crate::cgroup::sweep(self.config.id.as_str(), folder.as_deref());
        }
    }

    /// After the record: removes what must be removed, releases the lock, and only then notifies the clients, so that
    /// their next command finds everything done. Only the files of a removed container are unlinked later, since no
    /// client waits for that.
    fn settle(&mut self, last: &Frame) {
        self.stop_listening();
        let failed_before_start = matches!(last, Frame::Failed(..));
        let mut trash = None;
        let was_created_apart = failed_before_start && self.config.via == "create";
        if self.is_removed_at_its_end() && !was_created_apart {
            let mut engine = self.engine.clone();
            engine.via = "monitor".to_owned();
            trash = observe::discard(&engine, &self.config, true).ok();
        } else {
            // The next lock holder may mount the same folders.
            self.mounts = None;
        }
        let _ = self.lock.unlock();
        for client in &mut self.clients {
            client.send(last);
            client.role = Role::Leaving;
            client.leave_by = Some(Instant::now() + LINGER);
        }
        // Mounted files occupy space even when unlinked.
        self.mounts = None;
        if let Some(trash) = trash {
            let _ = records::empty_trash(&self.engine.sandbox, &trash, self.engine.now());
        }
    }

    /// Records that it ended with its session or the machine: the next command starts it again if its policy requires
    /// that.
    fn note_cut_off(&mut self) {
        if self.leaving && !self.state.stopped_by_user {
            self.state.cut_off = true;
            resume::is_due(&self.engine.sandbox);
        }
    }

    fn wants_restart(&self, code: i32) -> bool {
        if self.state.stopped_by_user || self.leaving {
            return false;
        }
        match self.config.host.restart {
            RestartPolicy::No => false,
            RestartPolicy::Always | RestartPolicy::UnlessStopped => true,
            RestartPolicy::OnFailure { max } => {
                code != 0 && (max == 0 || self.state.restart_count < max)
            }
        }
    }

    fn schedule_restart(&mut self, code: i32) {
        let ran = match (self.state.started_at, self.state.finished_at) {
            (Some(start), Some(end)) => end.duration_since(start),
            _ => jiff::SignedDuration::ZERO,
        };
        if ran > STABLE_RUN {
            self.backoff = FIRST_BACKOFF;
        }
        self.restart_at = Some(Instant::now() + self.backoff);
        self.backoff = (self.backoff * 2).min(LONGEST_BACKOFF);
        self.state.phase = Phase::Restarting;
        self.save();
        // Clients that watched this run have seen its end.
        for client in &mut self.clients {
            if matches!(client.role, Role::Attached { .. } | Role::Waiting) {
                client.send(&Frame::Exit(code));
                client.role = Role::Leaving;
                client.leave_by = Some(Instant::now() + LINGER);
            }
        }
    }

    pub(super) fn restart_now(&mut self) {
        self.restart_at = None;
        self.state.restart_count += 1;
        self.engine.via = "monitor".to_owned();
        if let Err(failure) = self.start_init() {
            failure.sentence().clone_into(&mut self.state.error);
            if self.wants_restart(failure.code) {
                return self.schedule_restart(failure.code);
            }
            self.tear_down();
            self.state.phase = Phase::Exited;
            self.state.exit_code = failure.code;
            self.save();
            self.settle(&Frame::Exit(failure.code));
        }
    }

    /// Handles a stop between two runs.
    pub(super) fn stay_stopped(&mut self) {
        self.restart_at = None;
        self.state.phase = Phase::Exited;
        self.note_cut_off();
        self.save();
        self.settle(&Frame::Exit(self.state.exit_code));
    }

    pub(super) fn save(&mut self) {
        // A full disk must not end the container; if this fails, the next command finds an older record and a free
        // lock.
        let _ = records::write_state(&self.engine.sandbox, &self.config.id, &self.state);
    }

    /// Records an event of the container.
    pub(super) fn journal(&self, action: Action, facts: &[(&str, String)]) {
        self.record(self.engine.event_of(&self.config, action), facts);
    }

    pub(super) fn record(&self, mut event: Event, facts: &[(&str, String)]) {
        if matches!(event.what(), Some(Action::Die | Action::Oom)) {
            event.via = "monitor".to_owned();
        }
        for (name, value) in facts {
            event = match value.as_str() {
                "true" => event.with(name, true),
                "false" => event.with(name, false),
                text => event.with(name, text),
            };
        }
        self.engine.record(&event);
    }
}
