//! Runs one command in its own root folder, without a monitor: for RUN in a Dockerfile.

use super::plan::{self, InitPlan, PlannedMount};
use super::spawn::{Running, spawn};
use super::{Failure, etc};
use crate::error::{Error, Result};
use crate::network::dead_end;
use crate::network::egress::Outbound;
use crate::network::outbound::{ADDRESS, Way};
use crate::paths::{Home, create_private_dir};
use crate::store::containers::{HostConfig, NetworkMode, ProcessConfig};
use crate::sys::process;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::net::UdpSocket;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// The command and its environment.
#[derive(Debug, Clone)]
pub(crate) struct StepRequest {
    /// Layers, lowest first.
    pub lowers: Vec<PathBuf>,
    /// An empty folder on the same file system as `work`; afterwards it holds the command's changes.
    pub upper: PathBuf,
    /// An empty folder for overlayfs.
    pub work: PathBuf,
    /// An empty folder to mount on.
    pub rootfs: PathBuf,
    /// The command.
    pub process: ProcessConfig,
    /// Its host name.
    pub hostname: String,
    /// Its network.
    pub network: NetworkMode,
    /// The egress of its own network.
    pub way: Option<Way>,
    /// `--add-host`, as `name:address`.
    pub extra_hosts: Vec<String>,
    /// A private empty folder for its `/etc/hosts` and similar files.
    pub scratch: PathBuf,
    /// Mounts over the root, in this order.
    pub mounts: Vec<PlannedMount>,
}

/// How the command ended.
pub(crate) struct StepEnd {
    /// Its exit code.
    pub code: i32,
    /// A hint, if the kernel refused its program.
    pub hint: Option<String>,
}

/// An event of a running command.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event<'a> {
    /// It wrote output.
    Output(&'a [u8]),
    /// It made a DNS query but has no egress.
    WantsOut,
    /// It still runs.
    Tick,
}

/// How often a step that prints nothing reports a tick.
const TICK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};

/// Runs the command to its end, passing events to `sink`. The caller must be root and single-threaded.
///
/// # Errors
/// The command could not be started; kind `CommandNotFound` or `CannotExecute` if it is the command's fault.
pub(crate) fn run_step(
    home: &Home,
    request: &StepRequest,
    sink: &mut dyn FnMut(Event<'_>),
) -> Result<StepEnd> {
    let host = HostConfig {
        network: request.network.clone(),
        ..HostConfig::default()
    };
    let mut lowers = vec![plan::mountpoints(home)];
    ensure_mountpoints(&lowers[0])?;
    lowers.extend(request.lowers.iter().cloned());
    let (files, forward) = etc::write_for_step(
        &request.scratch,
        &request.hostname,
        &request.extra_hosts,
        &request.network,
        request.way.as_ref(),
    )?;
    let plan = InitPlan {
        lowers,
        upper: request.upper.clone(),
        work: request.work.clone(),
        rootfs: request.rootfs.clone(),
        // A step interrupted by a power cut is run again.
        volatile: true,
        mounts: [files, request.mounts.clone()].concat(),
        hostname: request.hostname.clone(),
        read_only: false,
        any_device: false,
        unmasked: false,
        host_network: request.network == NetworkMode::Host,
        address: request.way.as_ref().map(|way| way.address(None)),
        own: (request.network == NetworkMode::Bridge).then_some(ADDRESS),
        shm_size: plan::SHM_SIZE,
        process: plan::process(&request.process, &host, &request.hostname, false)?,
    };
    let mut init = spawn(&plan, false, None).map_err(Failure::into_error)?;
    let mut outbound = match (init.interface.take(), &request.way) {
        (Some(Ok(tap)), Some(way)) => {
            let folder = request.scratch.clone();
            Some(Outbound::new(tap, way.clone(), folder, forward))
        }
        _ => None,
    };
    let names = init.names.take();
    let running = init.release().map_err(Failure::into_error)?;
    let hint = running.hint.clone();
    let code = follow(running, &mut outbound, names.as_ref(), sink)?;
    Ok(StepEnd { code, hint })
}

/// Creates the lowest layer of all containers.
pub(crate) fn ensure_mountpoints(folder: &Path) -> Result<()> {
    if folder.join(".dockerenv").exists() {
        return Ok(());
    }
    for name in ["proc", "sys", "dev", "etc"] {
        create_private_dir(&folder.join(name))?;
    }
    for name in ["", "proc", "sys", "dev", "etc"] {
        set_mode(&folder.join(name), 0o755)?;
    }
    std::os::unix::fs::symlink("/proc/mounts", folder.join("etc/mtab")).or_else(
        |error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Ok(()),
            _ => Err(Error::io("write", folder.join("etc/mtab"), error)),
        },
    )?;
    // Programs check for `.dockerenv` to detect a container. It is created last: it marks that the others exist.
    for name in ["etc/resolv.conf", "etc/hostname", "etc/hosts", ".dockerenv"] {
        let path = folder.join(name);
        std::fs::write(&path, "").map_err(|error| Error::io("write", &path, error))?;
        set_mode(&path, 0o644)?;
    }
    Ok(())
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .map_err(|error| Error::io("change the mode of", path, error))
}

fn follow(
    running: Running,
    outbound: &mut Option<Outbound>,
    names: Option<&UdpSocket>,
    sink: &mut dyn FnMut(Event<'_>),
) -> Result<i32> {
    let streams = [running.streams.stdout, running.streams.stderr];
    let mut open: Vec<OwnedFd> = streams.into_iter().flatten().collect();
    let mut buffer = vec![0; 64 << 10];
    // The init is pid 1: when it ends, all others have ended, and both pipes close.
    while !open.is_empty() {
        let mut polled: Vec<PollFd<'_>> = open
            .iter()
            .map(|fd| PollFd::new(fd, PollFlags::IN))
            .collect();
        // The first packet starts the uplink. A step has either egress or a name server that answers "no such name".
        let waiting = outbound.as_ref().and_then(Outbound::waiting);
        let network = waiting.or(names.map(AsFd::as_fd));
        polled.extend(network.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        match poll(&mut polled, Some(&TICK)) {
            Err(Errno::INTR) => continue,
            Ok(0) => {
                sink(Event::Tick);
                continue;
            }
            other => other.map_err(|error| crate::sys::failed("poll", "a step", error))?,
        };
        let ready: Vec<bool> = polled.iter().map(|fd| !fd.revents().is_empty()).collect();
        if ready.get(open.len()) == Some(&true) {
            match (&mut *outbound, names) {
                (Some(uplink), _) => {
                    if uplink.serve().is_err() {
                        *outbound = None;
                    }
                }
                (None, Some(socket)) => {
                    if dead_end::answer(socket) {
                        sink(Event::WantsOut);
                    }
                }
                (None, None) => {}
            }
        }
        let mut index = 0;
        open.retain(|fd| {
            index += 1;
            if !ready[index - 1] {
                return true;
            }
            match rustix::io::read(fd, &mut buffer) {
                Ok(0) => false,
                Ok(length) => {
                    sink(Event::Output(&buffer[..length]));
                    true
                }
                Err(Errno::AGAIN | Errno::INTR) => true,
                Err(_) => false,
            }
        });
    }
    process::wait(&running.pidfd)
}
