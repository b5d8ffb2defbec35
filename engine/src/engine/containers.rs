//! Containers: one short method per verb.

use super::Engine;
use crate::error::Result;
use crate::id::ContainerId;
use crate::runtime::logs::reader;
use crate::runtime::spec::{
    Begun, Change, Container, CreateRequest, Created, LogOptions, LogRecord, ProcessRequest,
    Processes, RemoveOptions, StartOptions, StopOptions, Streams, UpdateRequest, Usage,
};
use crate::runtime::{
    CopyInOptions, CopyReport, CopySource, CopyTarget, changes, copy, create, inside, located,
    observe, ps, remove, resume, start, stop,
};
use std::io::Write;
use std::ops::ControlFlow;
use std::os::unix::net::UnixStream;

impl Engine {
    /// All containers, newest first.
    pub fn containers(&self) -> Result<Vec<Container>> {
        observe::all(self)
    }

    /// Starts what a reboot or the end of a session has cut off and a restart policy wants back; `None` if there is nothing
    /// to look for.
    pub fn resume(&self) -> Result<Option<resume::Resumed>> {
        resume::resume(self)
    }

    /// Whether the monitor of the running container `id` takes requests.
    pub fn answers(&self, id: &ContainerId) -> bool {
        located::answers(self, id)
    }

    /// The container that `name` means. Error: `No such container: name`.
    pub fn container(&self, name: &str) -> Result<Container> {
        observe::by_name(self, name)
    }

    /// Creates a container. The image must be present.
    pub fn create(&self, request: CreateRequest) -> Result<Created> {
        create::create(self, request)
    }

    /// Starts a container; with `attach`, returns the session, on which `Started` or `Failed` comes before any output.
    /// Without `attach`, failure to start is the error.
    pub fn start(&self, name: &str, options: StartOptions) -> Result<Begun> {
        start::start(self, name, options)
    }

    /// Attaches to a running container.
    pub fn attach(
        &self,
        name: &str,
        streams: Streams,
        size: Option<(u16, u16)>,
    ) -> Result<UnixStream> {
        start::attach(self, name, streams, size)
    }

    /// Runs a further process in a running container; detached, the stream ends after `Started` or `Failed`.
    pub fn exec(
        &self,
        name: &str,
        request: ProcessRequest,
        detach: bool,
        size: Option<(u16, u16)>,
    ) -> Result<UnixStream> {
        stop::exec(self, name, request, detach, size)
    }

    /// Stops a container; one that does not run is fine.
    pub fn stop(&self, name: &str, options: &StopOptions) -> Result<()> {
        stop::stop(self, name, options)
    }

    /// Stops and starts a container.
    pub fn restart(&self, name: &str, options: &StopOptions) -> Result<()> {
        stop::restart(self, name, options)
    }

    /// Sends a signal (`KILL`, `SIGHUP`, `9`) to the container's first process.
    pub fn kill(&self, name: &str, signal: &str) -> Result<()> {
        stop::kill(self, name, signal)
    }

    /// Freezes all processes of a container.
    pub fn pause(&self, name: &str) -> Result<()> {
        stop::freeze(self, name, true)
    }

    /// Undoes `pause`.
    pub fn unpause(&self, name: &str) -> Result<()> {
        stop::freeze(self, name, false)
    }

    /// Waits until a container does not run; returns its exit code.
    pub fn wait(&self, name: &str) -> Result<i32> {
        stop::wait(self, name)
    }

    /// Removes a container.
    pub fn remove(&self, name: &str, options: RemoveOptions) -> Result<()> {
        remove::remove(self, name, options)
    }

    /// Gives a container another name.
    pub fn rename(&self, name: &str, new: &str) -> Result<()> {
        stop::rename(self, name, new)
    }

    /// Changes limits or the restart policy.
    pub fn update(&self, name: &str, request: &UpdateRequest) -> Result<()> {
        stop::update(self, name, request)
    }

    /// Reads a container's log, one record after the other, until `sink` breaks or the log ends.
    pub fn logs(
        &self,
        name: &str,
        options: &LogOptions,
        sink: &mut dyn FnMut(LogRecord) -> ControlFlow<()>,
    ) -> Result<()> {
        reader::logs(self, name, options, sink)
    }

    /// The processes of a running container, in the columns that `options` of `ps` choose.
    pub fn top(&self, name: &str, options: &[String]) -> Result<Processes> {
        ps::top(self, name, options)
    }

    /// What a container uses now.
    pub fn usage(&self, name: &str) -> Result<Usage> {
        inside::usage(self, name)
    }

    /// What a container changed, compared with its image, sorted by path.
    pub fn diff(&self, name: &str) -> Result<Vec<Change>> {
        changes::diff(self, name)
    }

    /// Bytes of a container's own layer.
    pub fn writable_size(&self, name: &str) -> Result<u64> {
        changes::writable_size(self, name)
    }

    /// Copies `path` of a container to the machine. A link at the end of `path` is followed with `follow`.
    pub fn copy_out(
        &self,
        name: &str,
        path: &str,
        target: CopyTarget<'_>,
        follow: bool,
    ) -> Result<CopyReport> {
        copy::copy_out(self, name, path, target, follow)
    }

    /// Copies from the machine to `path` in a container, whether it runs or not.
    pub fn copy_in(
        &self,
        source: CopySource<'_>,
        name: &str,
        path: &str,
        options: CopyInOptions,
    ) -> Result<CopyReport> {
        copy::copy_in(self, source, name, path, options)
    }

    /// Writes all files of a container as a tar, without what is mounted in it.
    pub fn export(&self, name: &str, writer: &mut dyn Write) -> Result<()> {
        copy::export(self, name, writer)
    }
}
