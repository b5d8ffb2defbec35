//! `docker start`, and the second half of `docker run`: starts a monitor.
//!
//! ```text
//! docker ──fork──► monitor ──execveat──► docklings __monitor
//!    │                └ its own session; in a user namespace, if we are not root
//!    └── holds the other end of the session ──┘
//! ```
//!
//! The container's lock is taken here and inherited, so two monitors can never start. The session is connected before
//! the init runs, so no output is lost.
//!
//! **Lesson.** `first-run`

use super::holder::MONITOR_STAGE;
use super::protocol::Frame;
use super::requests;
use super::spec::{Begun, StartOptions, Streams};
use super::{Failure, observe};
use super::{plan, step};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, IoContext, Result};
use crate::id::ContainerId;
use crate::image::repair;
use crate::network::outbound::Allowed;
use crate::store::lock;
use crate::sys::clone::{Forked, fork};
use crate::sys::namespace::{self, IdMap};
use crate::sys::{process, sealed};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The pause between checks of a lock that is held briefly.
const PAUSE: Duration = Duration::from_millis(2);

/// A `cp` of a large tar may hold a stopped container's lock for some time; one that waits for its input, forever.
const PATIENCE: Duration = Duration::from_secs(10);

/// Descriptors that the monitor inherits.
pub(super) const SESSION_FD: i32 = 3;
pub(super) const LOCK_FD: i32 = 4;
/// The job comes through a pipe, not as an argument: pid 1's arguments can be read in the container.
pub(super) const JOB_FD: i32 = 5;

/// The job of a monitor.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) root: PathBuf,
    pub(super) runtime: PathBuf,
    pub(super) sandbox: String,
    pub(super) binary: PathBuf,
    pub(super) via: String,
    pub(super) outbound: Allowed,
    pub(super) container: ContainerId,
    pub(super) attach: Option<Streams>,
    pub(super) size: Option<(u16, u16)>,
}

impl Engine {
    /// Starts a container; with `attach`, returns the session, on which `Started` or `Failed` comes before any output.
    /// Without `attach`, failure to start is the error.
    pub fn start(&self, name: &str, options: StartOptions) -> Result<Begun> {
        let container = self.container(name)?;
        let id = &container.config.id;
        let Some(lock) = take_lock(self, id)? else {
            // It already runs, which is the requested result.
            let session = options
                .attach
                .map(|streams| self.attach(name, streams, options.size));
            return Ok(Begun {
                session: session.transpose()?,
                hint: None,
            });
        };
        let config = &container.config;
        repair::ensure_whole(&self.home, &self.sandbox, &config.image, &config.layers)?;
        let session = start_monitor(self, id, lock, options)?;
        Ok(match options.attach {
            Some(_) => Begun {
                session: Some(session),
                hint: None,
            },
            None => Begun {
                session: None,
                hint: requests::expect_started(&session)?,
            },
        })
    }
}

/// The container's lock; `None` if it runs. Waits for holders that do not run it: a `cp`, or a monitor that is just
/// starting or ending it.
fn take_lock(engine: &Engine, id: &ContainerId) -> Result<Option<File>> {
    let place = engine.sandbox.container(id);
    let begun = Instant::now();
    let gone = || Error::not_found(format!("No such container: {id}"));
    loop {
        match lock::try_folder(place.lock()) {
            Ok(Some(lock)) => return Ok(Some(lock)),
            Ok(None) => {}
            Err(_) if !place.lock().exists() => return Err(gone()),
            Err(error) => return Err(error),
        }
        let container = observe::by_id(engine, id)?.ok_or_else(gone)?;
        if container.status.has_monitor() {
            return Ok(None);
        }
        if begun.elapsed() > PATIENCE {
            return Err(Error::conflict(format!(
                "container {id} is in use by another command, such as `docker cp`"
            ))
            .with_hint("wait until that command has ended, or end it"));
        }
        std::thread::sleep(PAUSE);
    }
}

fn start_monitor(
    engine: &Engine,
    id: &ContainerId,
    lock: File,
    options: StartOptions,
) -> Result<UnixStream> {
    let job = Job {
        root: engine.home.root().to_owned(),
        runtime: engine.home.runtime().to_owned(),
        sandbox: engine.sandbox_name.clone(),
        binary: engine.binary.clone(),
        via: engine.via.clone(),
        outbound: engine.outbound,
        container: id.clone(),
        attach: options.attach,
        size: options.size,
    };
    let job = serde_json::to_string(&job).map_err(|error| {
        Error::internal("the monitor's job cannot be written").with_source(error)
    })?;
    let (ours, theirs) = UnixStream::pair().on("make", "a socket pair")?;
    match fork()? {
        Forked::Child => {
            // It has its own session and outlives us as an orphan: a second fork would only add a wait.
            let _ = nix::unistd::setsid();
            let error = become_monitor(engine, id.as_str(), &job, &theirs, &lock);
            let _ = Frame::Failed(125, Failure::from(error).text).write_to(&theirs);
            process::exit(125)
        }
        Forked::Parent { .. } => {
            drop((theirs, lock));
            Ok(ours)
        }
    }
}

/// Becomes the hidden stage, with the session and the lock as its only open files. Returns only with the error.
fn become_monitor(
    engine: &Engine,
    container: &str,
    job: &str,
    session: &UnixStream,
    lock: &File,
) -> Error {
    let prepare = || -> Result<OwnedFd> {
        if namespace::become_root()? != IdMap::Machine {
            // Sealing the program takes a mount namespace that belongs to our user namespace.
            namespace::unshare_mounts_following()?;
        }
        let beside = plan::mountpoints(&engine.home);
        step::ensure_mountpoints(&beside)?;
        let program = process::raise(sealed::open(&engine.binary, &beside)?.as_fd())?;
        let null = File::options()
            .read(true)
            .write(true)
            .open("/dev/null")
            .on("open", "/dev/null")?;
        let (reader, writer) = std::io::pipe().on("make", "a pipe")?;
        // A job is far smaller than a pipe, so this does not block.
        File::from(OwnedFd::from(writer))
            .write_all(job.as_bytes())
            .on("write", "the job")?;
        let null = null.as_fd();
        process::arrange(&[
            null,
            null,
            null,
            session.as_fd(),
            lock.as_fd(),
            reader.as_fd(),
        ])?;
        Ok(program)
    };
    let program = match prepare() {
        Ok(program) => program,
        Err(error) => return error,
    };
    let argv = ["docklings-monitor", MONITOR_STAGE, container].map(str::to_owned);
    // The home shows people and tests whose monitor it is; the container gets its own environment.
    let home = format!("DOCKLINGS_HOME={}", engine.home.root().display());
    let env: Vec<String> = std::env::vars()
        .filter(|(name, _)| matches!(name.as_str(), "PATH" | "USER" | "TZ"))
        .map(|(name, value)| format!("{name}={value}"))
        .chain([home])
        .collect();
    let cause = process::fexecve(program.as_fd(), &argv, &env);
    Error::new(ErrorKind::Internal, "cannot start the monitor").with_source(cause)
}
