//! The command's side: a session with the process inside, whichever process forked it.

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

/// The interval between checks of a container that another process is using.
const PAUSE: Duration = Duration::from_millis(2);

/// One operation in progress.
pub(super) struct Session {
    pub(super) container: ContainerConfig,
    stream: UnixStream,
    /// For a stopped container: our child, and the lock that prevents other processes from starting it meanwhile.
    child: Option<(OwnedFd, File)>,
}

impl Session {
    /// Begins `operation` in the container `name`.
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
            // It is starting or ending, or another process is copying.
            std::thread::sleep(PAUSE);
        }
    }

    /// Begins `operation` and waits for its first answer. If the container ends in between, it is asked once more, as a
    /// stopped one.
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

    /// The stream, after the answer.
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

    /// Signals that everything was sent.
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

/// Whether the container has ended. Its monitor, which may still be cleaning up, releases it within a second.
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

/// Assembles the root of a stopped container in a separate process, for as long as the operation takes.
fn serve_stopped(
    engine: &Engine,
    container: &ContainerConfig,
    operation: &Operation,
) -> Result<(OwnedFd, UnixStream)> {
    let (ours, theirs) = UnixStream::pair().on("make", "a socket pair")?;
    crate::runtime::step::ensure_mountpoints(&plan::mountpoints(&engine.home))?;
    match fork()? {
        Forked::Child => {
            // Now only the command holds the other end, so killing the command ends the stream.
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
