//! `docker kill`: a signal for the container's first process.
//!
//! **What Docker does.** After SIGKILL its daemon waits until the container has ended, so that the next command finds it so.

use super::requests::{self, Request, answered};
use super::{holder, wait};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::signal;

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
            wait::await_end(self, &container)?;
        }
        Ok(())
    }
}
