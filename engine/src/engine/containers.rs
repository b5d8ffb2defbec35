//! Containers: one short method per verb.

use super::Engine;
use crate::error::{Error, Result};
use crate::runtime::spec::{
    Change, Container, CreateRequest, Created, LogOptions, LogRecord, ProcessRequest,
    RemoveOptions, StartOptions, StopOptions, Streams, TopRow, UpdateRequest, Usage,
};
use std::ops::ControlFlow;
use std::os::unix::net::UnixStream;

impl Engine {
    /// All containers, newest first.
    pub fn containers(&self) -> Result<Vec<Container>> {
        Err(pending())
    }

    /// The container that `name` means. Error: `No such container: name`.
    pub fn container(&self, _name: &str) -> Result<Container> {
        Err(pending())
    }

    /// Creates a container. The image must be present.
    pub fn create(&self, _request: CreateRequest) -> Result<Created> {
        Err(pending())
    }

    /// Starts a container; with `attach`, returns the session: frames of [`crate::runtime::protocol`].
    /// The first frame on it is `Started` or `Failed`. Without `attach`, failure to start is the error.
    pub fn start(&self, _name: &str, _options: StartOptions) -> Result<Option<UnixStream>> {
        Err(pending())
    }

    /// Attaches to a running container.
    pub fn attach(
        &self,
        _name: &str,
        _streams: Streams,
        _size: Option<(u16, u16)>,
    ) -> Result<UnixStream> {
        Err(pending())
    }

    /// Runs a further process in a running container; detached, the stream ends after `Started` or `Failed`.
    pub fn exec(
        &self,
        _name: &str,
        _request: ProcessRequest,
        _detach: bool,
        _size: Option<(u16, u16)>,
    ) -> Result<UnixStream> {
        Err(pending())
    }

    /// Stops a container; one that does not run is fine.
    pub fn stop(&self, _name: &str, _options: &StopOptions) -> Result<()> {
        Err(pending())
    }

    /// Stops and starts a container.
    pub fn restart(&self, _name: &str, _options: &StopOptions) -> Result<()> {
        Err(pending())
    }

    /// Sends a signal (`KILL`, `SIGHUP`, `9`) to the container's first process.
    pub fn kill(&self, _name: &str, _signal: &str) -> Result<()> {
        Err(pending())
    }

    /// Freezes all processes of a container.
    pub fn pause(&self, _name: &str) -> Result<()> {
        Err(pending())
    }

    /// Undoes `pause`.
    pub fn unpause(&self, _name: &str) -> Result<()> {
        Err(pending())
    }

    /// Waits until a container does not run; returns its exit code.
    pub fn wait(&self, _name: &str) -> Result<i32> {
        Err(pending())
    }

    /// Removes a container.
    pub fn remove(&self, _name: &str, _options: RemoveOptions) -> Result<()> {
        Err(pending())
    }

    /// Gives a container another name.
    pub fn rename(&self, _name: &str, _new: &str) -> Result<()> {
        Err(pending())
    }

    /// Changes limits or the restart policy.
    pub fn update(&self, _name: &str, _request: &UpdateRequest) -> Result<()> {
        Err(pending())
    }

    /// Reads a container's log, one record after the other, until `sink` breaks or the log ends.
    pub fn logs(
        &self,
        _name: &str,
        _options: &LogOptions,
        _sink: &mut dyn FnMut(LogRecord) -> ControlFlow<()>,
    ) -> Result<()> {
        Err(pending())
    }

    /// The processes of a running container.
    pub fn top(&self, _name: &str) -> Result<Vec<TopRow>> {
        Err(pending())
    }

    /// What a container uses now.
    pub fn usage(&self, _name: &str) -> Result<Usage> {
        Err(pending())
    }

    /// What a container changed, compared with its image, sorted by path.
    pub fn diff(&self, _name: &str) -> Result<Vec<Change>> {
        Err(pending())
    }

    /// Bytes of a container's own layer.
    pub fn writable_size(&self, _name: &str) -> Result<u64> {
        Err(pending())
    }
}

fn pending() -> Error {
    Error::internal("this verb is not wired yet")
}
