//! The command's side: a session with the process inside, wherever it comes from.

use super::{Answer, Operation, serve};
use crate::engine::Engine;
use crate::error::{Error, IoContext, Result};
use crate::runtime::requests::{self, Request};
use crate::runtime::{init, plan};
use crate::store::containers::ContainerConfig;
use crate::store::lock;
use crate::sys::clone::{Forked, fork};
use crate::sys::{namespace, process};
use std::fs::File;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Between looks at a container that somebody else has to do with.
const PAUSE: Duration = Duration::from_millis(2);

/// One operation under way.
pub(super) struct Session {
    pub(super) container: ContainerConfig,
    stream: UnixStream,
    /// For a container that does not run: our child, and the lock that keeps others from starting it meanwhile.
    child: Option<(OwnedFd, File)>,
}

impl Session {
    /// Begins `operation` in the container that `name` means.
    fn open(engine: &Engine, name: &str, operation: &Operation) -> Result<Self> {
        loop {
            let found = engine.container(name)?;
            let container = found.config;
            let place = engine.sandbox.container(&container.id);
            if let Some(held) = lock::try_folder(place.lock())? {
                let (child, stream) = serve_stopped(engine, &container, operation)?;
                return Ok(Self {
                    container,
                    stream,
                    child: Some((child, held)),
                });
            }
            if found.status.has_monitor() {
                let request = Request::Files(operation.clone());
                let stream = requests::send(engine, &container.id, &request)?;
                return Ok(Self {
                    container,
                    stream,
                    child: None,
                });
            }
            // It starts or ends just now, or is copied to by somebody else.
            std::thread::sleep(PAUSE);
        }
    }

    /// Begins `operation` and waits for its first answer. A container that ends in between is asked once more, as one that
    /// does not run.
    pub(super) fn ask(
        engine: &Engine,
        name: &str,
        operation: &Operation,
    ) -> Result<(Self, Answer)> {
        let once = || {
            let mut session = Self::open(engine, name, operation)?;
            let answer = session.answer()?;
            Ok((session, answer))
        };
        match once() {
            Err(_) if is_over(engine, name)? => once(),
            other => other,
        }
    }

    /// The stream, behind the answer.
    pub(super) fn stream(&self) -> &UnixStream {
        &self.stream
    }

    /// Waits for the answer.
    pub(super) fn answer(&mut self) -> Result<Answer> {
        let line = serve::read_line(&self.stream).map_err(|error| {
            Error::internal("the container's side of the copy ended early").with_source(error)
        })?;
        serde_json::from_slice(&line)
            .map_err(|error| Error::internal("an answer cannot be read").with_source(error))
    }

    /// Everything was sent.
    pub(super) fn end_of_input(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Waits until the other side is done.
    pub(super) fn finish(self) -> Result<()> {
        drop(self.stream);
        if let Some((child, _lock)) = self.child {
            process::wait(&child)?;
        }
        Ok(())
    }
}

/// Whether the container has ended: its monitor, which may still be busy with the end, lets go of it within a second.
pub(super) fn is_over(engine: &Engine, name: &str) -> Result<bool> {
    let container = engine.container(name)?.config;
    let place = engine.sandbox.container(&container.id);
    for _ in 0..200 {
        if !lock::is_held(place.lock())? {
            return Ok(true);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(false)
}

/// Puts the root of a stopped container together in a process of its own, for as long as the operation takes.
fn serve_stopped(
    engine: &Engine,
    container: &ContainerConfig,
    operation: &Operation,
) -> Result<(OwnedFd, UnixStream)> {
    let (ours, theirs) = UnixStream::pair().on("make", "a socket pair")?;
    crate::runtime::step::ensure_mountpoints(&plan::mountpoints(&engine.home))?;
    match fork()? {
        Forked::Child => {
            // Only the command's end is left then, and a command that is killed ends the stream.
            drop(ours);
            let prepared = namespace::become_root()
                .and_then(|_| process::die_with_parent())
                .and_then(|()| plan::plan(&engine.home, &engine.sandbox, container))
                .and_then(|plan| {
                    namespace::unshare_mounts()?;
                    init::assemble_files(&plan)
                });
            match prepared {
                Ok(()) => serve::serve(operation, &[], &theirs),
                Err(error) => serve::fail(&theirs, &error),
            }
            process::exit(0)
        }
        Forked::Parent { pidfd, .. } => Ok((pidfd, ours)),
    }
}
