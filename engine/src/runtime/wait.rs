//! `docker wait`: until a container has ended.

use super::observe;
use super::requests::{self, Request};
use super::spec::Container;
use super::stop::GRACE;
use crate::engine::Engine;
use crate::error::Result;
use crate::sys::failed;
use std::time::Duration;

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

/// After SIGKILL the next command must find the container ended, so its end is waited for, as Docker's daemon does; a
/// process that the kernel cannot end is not waited for longer than the daemon would.
pub(super) fn await_end(engine: &Engine, container: &Container) -> Result<()> {
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
