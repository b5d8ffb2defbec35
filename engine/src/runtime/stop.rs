//! Verbs on a running container: stop, kill, restart, pause, wait, exec, rename, update.
//!
//! **What Docker does.** `stop` sends SIGTERM, or the image's STOPSIGNAL, and after ten seconds SIGKILL.

use super::create;
use super::holder;
use super::observe;
use super::requests::{self, ExecRequest, Request};
use super::spec::{Container, ProcessRequest, StartOptions, Status, StopOptions, UpdateRequest};
use crate::cgroup;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::id::ContainerId;
use crate::store::containers::{HostConfig, RestartPolicy};
use crate::store::{lock, records};
use crate::sys::{failed, signal};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// Seconds between the polite signal and SIGKILL.
pub(super) const GRACE: i64 = 10;
/// How long a monitor may take to end its container after SIGKILL, which includes that its output is heard by those who
/// read it. The kernel may take longer; then we go on without the monitor.
const LONGEST_END: Duration = Duration::from_secs(20);

fn record(engine: &Engine, container: &Container, action: &str) {
    engine.record(&observe::event(engine, &container.config, action));
}

impl Engine {
    /// Stops a container; one that does not run is fine.
    pub fn stop(&self, name: &str, options: &StopOptions) -> Result<()> {
        end(self, &self.container(name)?, options, false)
    }
}

/// Ends the container if it runs; `again` if it is started again at once.
fn end(engine: &Engine, container: &Container, options: &StopOptions, again: bool) -> Result<()> {
    if !container.status.has_monitor() {
        return Ok(());
    }
    let host = &container.config.host;
    let wanted = options.signal.as_deref().unwrap_or(&host.stop_signal);
    let signal = if wanted.is_empty() {
        libc::SIGTERM
    } else {
        signal::parse(wanted)?
    };
    let timeout = options.timeout.or(host.stop_timeout).unwrap_or(GRACE);
    end_with(engine, container, signal, timeout, again)?;
    record(engine, container, "stop");
    Ok(())
}

/// Asks the monitor to end its container, and waits for the end. One that does not answer, or does not come to an end, is
/// ended without its help.
pub(super) fn end_with(
    engine: &Engine,
    container: &Container,
    signal: i32,
    timeout: i64,
    again: bool,
) -> Result<()> {
    let request = Request::Stop {
        signal,
        timeout,
        again,
        via: engine.via.clone(),
    };
    let deadline = match (signal, u64::try_from(timeout)) {
        (libc::SIGKILL, _) => Some(LONGEST_END),
        (_, Ok(seconds)) => Duration::from_secs(seconds).checked_add(LONGEST_END),
        (_, Err(_)) => None,
    };
    let deadline = deadline.and_then(|wait| Instant::now().checked_add(wait));
    match requests::urge(engine, &container.config.id, &request) {
        Ok(Some(stream)) if requests::ends_by(&stream, deadline)? => Ok(()),
        Ok(Some(_)) => holder::end(engine, container, libc::SIGKILL, 0),
        Ok(None) => holder::end(engine, container, signal, timeout),
        // It ended by itself meanwhile.
        Err(error) if error.kind() == ErrorKind::Conflict => Ok(()),
        Err(error) => Err(error),
    }
}

impl Engine {
    /// Stops and starts a container.
    pub fn restart(&self, name: &str, options: &StopOptions) -> Result<()> {
        end(self, &self.container(name)?, options, true)?;
        self.start(name, StartOptions::default())?;
        record(self, &self.container(name)?, "restart");
        Ok(())
    }
}

impl Engine {
    /// Sends a signal (`KILL`, `SIGHUP`, `9`) to the container's first process.
    pub fn kill(&self, name: &str, text: &str) -> Result<()> {
        let signal = signal::parse(text)?;
        let container = self.container(name)?;
        let not_running = || {
            Error::conflict(format!(
                "cannot kill container: {name}: container {} is not running",
                container.config.id
            ))
        };
        if !container.status.has_monitor() {
            return Err(not_running());
        }
        let request = Request::Kill {
            signal,
            via: self.via.clone(),
        };
        let ended = |error: Error| match error.kind() {
            ErrorKind::Conflict => not_running(),
            _ => error,
        };
        let Some(stream) = requests::urge(self, &container.config.id, &request).map_err(ended)?
        else {
            return match signal {
                libc::SIGKILL => holder::end(self, &container, signal, 0),
                _ => holder::signal(&container, signal),
            };
        };
        answered(self, &container, &stream).map_err(ended)?;
        if signal == libc::SIGKILL {
            await_end(self, &container)?;
        }
        Ok(())
    }
}

/// After SIGKILL the next command must find the container ended, so its end is waited for, as Docker's daemon does; a
/// process that the kernel cannot end is not waited for longer than the daemon would.
fn await_end(engine: &Engine, container: &Container) -> Result<()> {
    let Ok(stream) = requests::send(engine, &container.config.id, &Request::Wait) else {
        // It has ended, and its monitor is gone.
        return Ok(());
    };
    let most = Duration::from_secs(GRACE.unsigned_abs());
    stream
        .set_read_timeout(Some(most))
        .map_err(|error| failed("setsockopt", "the monitor's socket", error))?;
    // Whether it ended in time or not, the signal was sent, which is what was asked for.
    let _ = requests::expect_exit(&stream);
    Ok(())
}

impl Engine {
    /// Freezes all processes of a container.
    pub fn pause(&self, name: &str) -> Result<()> {
        freeze(self, name, true)
    }

    /// Undoes `pause`.
    pub fn unpause(&self, name: &str) -> Result<()> {
        freeze(self, name, false)
    }
}

fn freeze(engine: &Engine, name: &str, frozen: bool) -> Result<()> {
    let container = observe::running(engine, name)?;
    let request = Request::Freeze {
        frozen,
        via: engine.via.clone(),
    };
    let stream = requests::send(engine, &container.config.id, &request)?;
    answered(engine, &container, &stream)
}

/// Waits for the monitor's answer. A monitor that ended without one ended with its container, which is the answer.
fn answered(engine: &Engine, container: &Container, stream: &UnixStream) -> Result<()> {
    let error = match requests::expect_started(stream) {
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

impl Engine {
    /// Waits until a container does not run; returns its exit code.
    pub fn wait(&self, name: &str) -> Result<i32> {
        let container = self.container(name)?;
        let mut if_gone = 0;
        if container.status.has_monitor()
            && let Ok(stream) = requests::send(self, &container.config.id, &Request::Wait)
        {
            match requests::expect_exit(&stream)? {
                Some(code) => return Ok(code),
                None => if_gone = observe::UNKNOWN_EXIT,
            }
        }
        // It has ended, or its monitor was killed: the record, or the truth about it, tells.
        Ok(observe::by_id(self, &container.config.id)?
            .map_or(if_gone, |container| container.state.exit_code))
    }
}

impl Engine {
    /// Runs a further process in a running container; detached, the stream ends after `Started` or `Failed`.
    pub fn exec(
        &self,
        name: &str,
        asked: ProcessRequest,
        detach: bool,
        size: Option<(u16, u16)>,
    ) -> Result<UnixStream> {
        let container = observe::running(self, name)?;
        if container.status == Status::Paused {
            return Err(Error::conflict(format!(
                "Container {name} is paused, unpause the container before exec"
            ))
            .with_hint(format!("docker unpause {name}")));
        }
        self.expect_record();
        let request = Request::Exec(ExecRequest::new(self, asked, detach, size));
        requests::send(self, &container.config.id, &request)
    }
}

impl Engine {
    /// Gives a container another name.
    pub fn rename(&self, name: &str, new: &str) -> Result<()> {
        let mut container = self.container(name)?;
        let new = new.strip_prefix('/').unwrap_or(new);
        create::check_name(new)?;
        if container.config.name == new {
            return Err(Error::invalid(
                "Renaming a container with the same name as its current name",
            ));
        }
        let old = container.config.name.clone();
        records::rename(&self.sandbox, &mut container.config, new).map_err(|error| match error
            .kind()
        {
            ErrorKind::Conflict => Error::conflict(format!(
                "Error when allocating new name: {}",
                error.message()
            )),
            _ => error,
        })?;
        tell(self, &container)?;
        self.record(
            &observe::event(self, &container.config, "rename")
                .with("name", new)
                .with("oldName", format!("/{old}")),
        );
        Ok(())
    }
}

/// A running monitor reads the changed configuration.
fn tell(engine: &Engine, container: &Container) -> Result<()> {
    let place = engine.sandbox.container(&container.config.id);
    if !lock::is_held(place.lock())? {
        return Ok(());
    }
    let told = requests::send(engine, &container.config.id, &Request::Reload)
        .and_then(|stream| answered(engine, container, &stream));
    match told {
        // It has just ended: its next monitor reads what is on record.
        Err(_) if !lock::is_held(place.lock())? => Ok(()),
        other => other,
    }
}

/// Docker reads a 0 as what was not said. Source: moby `container/container_unix.go`, `UpdateContainer`.
fn change_limits(host: &mut HostConfig, request: &UpdateRequest) -> Result<()> {
    fn set<T: Clone + Default + PartialEq>(field: &mut T, asked: Option<&T>) {
        if let Some(value) = asked.filter(|value| **value != T::default()) {
            field.clone_from(value);
        }
    }
    if let Some(memory) = request.memory.filter(|memory| *memory > 0) {
        let with_swap = match host.memory_swap {
            0 => host.memory.saturating_mul(2),
            swap => u64::try_from(swap).unwrap_or(u64::MAX),
        };
        if memory > with_swap && request.memory_swap.unwrap_or(0) == 0 {
            return Err(Error::conflict(
                "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time",
            )
            .with_hint(format!("docker update --memory {memory} --memory-swap {} …", memory * 2)));
        }
        // What was twice the old limit stays what it was, as in Docker.
        if host.memory_swap == 0 {
            host.memory_swap = i64::try_from(with_swap).unwrap_or(i64::MAX);
        }
        host.memory = memory;
    }
    set(&mut host.memory_swap, request.memory_swap.as_ref());
    set(
        &mut host.memory_reservation,
        request.memory_reservation.as_ref(),
    );
    set(&mut host.nano_cpus, request.nano_cpus.as_ref());
    set(&mut host.cpu_shares, request.cpu_shares.as_ref());
    set(&mut host.cpu_period, request.cpu_period.as_ref());
    set(&mut host.cpu_quota, request.cpu_quota.as_ref());
    set(&mut host.cpuset_cpus, request.cpuset_cpus.as_ref());
    set(&mut host.cpuset_mems, request.cpuset_mems.as_ref());
    set(&mut host.pids_limit, request.pids_limit.as_ref());
    Ok(())
}

fn cannot_update(id: &ContainerId, error: &Error) -> Error {
    let wrapped = Error::new(
        error.kind(),
        format!("Cannot update container {id}: {}", error.message()),
    );
    match error.hint() {
        Some(hint) => wrapped.with_hint(hint),
        None => wrapped,
    }
}

impl Engine {
    /// Changes limits or the restart policy.
    pub fn update(&self, name: &str, request: &UpdateRequest) -> Result<()> {
        let mut container = self.container(name)?;
        let host = &mut container.config.host;
        let before = host.clone();
        change_limits(host, request)
            .and_then(|()| cgroup::validate(host))
            .map_err(|error| cannot_update(&container.config.id, &error))?;
        if let Some(policy) = &request.restart {
            if host.auto_remove && *policy != RestartPolicy::No {
                return Err(Error::conflict(
                    "Restart policy cannot be updated because AutoRemove is enabled for the container",
                ));
            }
            host.restart = policy.clone();
        }
        records::write_config(&self.sandbox, &container.config)?;
        if let Err(error) = tell(self, &container) {
            container.config.host = before;
            records::write_config(&self.sandbox, &container.config)?;
            return Err(error);
        }
        record(self, &container, "update");
        Ok(())
    }
}
