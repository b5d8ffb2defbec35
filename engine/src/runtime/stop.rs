//! `docker stop` and `docker restart`.
//!
//! **What Docker does.** `stop` sends SIGTERM, or the image's STOPSIGNAL, and after ten seconds SIGKILL.

use super::holder;
use super::requests::{self, Request};
use super::spec::{Container, StartOptions, StopOptions};
use crate::engine::Engine;
use crate::error::{ErrorKind, Result};
use crate::events::Action;
use crate::sys::signal;
use std::time::{Duration, Instant};

/// Seconds between the polite signal and SIGKILL.
pub(super) const GRACE: i64 = 10;
/// How long a monitor may take to end its container after SIGKILL, which includes that its output is heard by those who
/// read it. The kernel may take longer; then we go on without the monitor.
const LONGEST_END: Duration = Duration::from_secs(20);

fn record(engine: &Engine, container: &Container, action: Action) {
    engine.record(&engine.event_of(&container.config, action));
}

impl Engine {
    /// Stops a container; one that does not run is fine.
    pub fn stop(&self, name: &str, options: &StopOptions) -> Result<()> {
        end(self, &self.container(name)?, options, false)
    }

    /// Stops and starts a container.
    pub fn restart(&self, name: &str, options: &StopOptions) -> Result<()> {
        end(self, &self.container(name)?, options, true)?;
        self.start(name, StartOptions::default())?;
        record(self, &self.container(name)?, Action::Restart);
        Ok(())
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
    record(engine, container, Action::Stop);
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
