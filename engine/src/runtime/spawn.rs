//! Starts a process in its own namespaces, from the outside.
//!
//! The caller must be root (see [`crate::sys::namespace::become_root`]) and single-threaded.

use super::control::{Channel, Message};
use super::init::{self, Failure, Stdio};
use super::plan::{InitPlan, PlannedProcess};
use crate::cgroup;
use crate::error::{Error, Result};
use crate::sys::clone::{CloneOptions, Forked, clone3};
use crate::sys::{failed, process};
use rustix::fs::{Mode, OFlags};
use rustix::pipe::{PipeFlags, pipe_with};
use std::net::UdpSocket;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// How long a process may take to enter a running container, whose processes may interfere.
const PATIENCE: Duration = Duration::from_secs(20);

/// Our ends of a process's standard streams.
#[derive(Default)]
pub(crate) struct Streams {
    /// Write end of its standard input, if it is open.
    pub stdin: Option<OwnedFd>,
    /// Read end of its standard output.
    pub stdout: Option<OwnedFd>,
    /// Read end of its standard error.
    pub stderr: Option<OwnedFd>,
    /// The master of its terminal, in place of all three.
    pub terminal: Option<OwnedFd>,
}

/// A process that waits for permission to continue.
pub(crate) struct Spawned {
    /// In our pid namespace.
    pub pid: i32,
    /// Readable when it has ended.
    pub pidfd: OwnedFd,
    /// Our ends of its streams.
    pub streams: Streams,
    /// The descriptor of its tap, or why it has none; nothing if none was planned.
    pub interface: Option<Result<OwnedFd, String>>,
    /// The socket for its DNS queries, if it has no egress.
    pub names: Option<UdpSocket>,
    channel: Channel,
}

/// All namespaces of a container or build step.
///
/// With cgroup version 2 it always has a cgroup namespace, whether or not it has a group. Without one it would see the
/// machine's whole tree, and mounting that changes the machine's mount options (`cgroups(7)`, `nsdelegate`).
fn namespaces(host_network: bool) -> u64 {
    let mut flags =
        libc::CLONE_NEWNS | libc::CLONE_NEWPID | libc::CLONE_NEWUTS | libc::CLONE_NEWIPC;
    if !host_network {
        flags |= libc::CLONE_NEWNET;
    }
    if cgroup::version() == 2 {
        flags |= libc::CLONE_NEWCGROUP;
    }
    flags as u64
}

/// Starts the init of a container or build step, and waits until it is ready.
pub(crate) fn spawn(
    plan: &InitPlan,
    open_stdin: bool,
    cgroup: Option<BorrowedFd<'_>>,
) -> Result<Spawned, Failure> {
    let (ours, theirs) = Channel::pair()?;
    let (streams, stdio) = open_streams(plan.process.tty, open_stdin)?;
    let options = CloneOptions {
        namespaces: namespaces(plan.host_network),
        cgroup,
    };
    match clone3(&options)? {
        Forked::Child => {
            drop((ours, streams));
            init::run(plan, stdio, &theirs)
        }
        Forked::Parent { pid, pidfd } => {
            drop((theirs, stdio));
            Spawned {
                pid,
                pidfd,
                streams,
                interface: None,
                names: None,
                channel: ours,
            }
            .wait_until_ready()
        }
    }
}

/// Starts another process in the namespaces of the process `target`, and waits until it is ready.
///
/// A helper joins the namespaces and creates the process as our child, not its own: so we reap it, and the helper,
/// which is still outside the container's pid namespace, has ended before the process runs. The helper is created in
/// the container's cgroup, since no process may enter that from the cgroup namespace that it joins.
pub(crate) fn spawn_in(
    target: BorrowedFd<'_>,
    planned: &PlannedProcess,
    open_stdin: bool,
    host_network: bool,
    cgroup: Option<BorrowedFd<'_>>,
) -> Result<Spawned, Failure> {
    let (ours, theirs) = Channel::pair()?;
    ours.limit_waiting(PATIENCE)?;
    let (streams, stdio) = open_streams(planned.tty, open_stdin)?;
    let options = CloneOptions {
        cgroup,
        ..CloneOptions::default()
    };
    match clone3(&options)? {
        Forked::Child => {
            drop((ours, streams));
            init::join(target, namespaces(host_network), planned, stdio, &theirs)
        }
        Forked::Parent { pidfd: helper, .. } => {
            drop((theirs, stdio));
            let introduced = introduction(&ours, planned.tty);
            let ended = introduced.is_ok()
                && process::ends_within(helper.as_fd(), PATIENCE.as_secs() as i64);
            if !ended {
                process::send_signal(helper.as_fd(), libc::SIGKILL)?;
            }
            let code = process::wait(&helper)?;
            let (pid, terminal) = introduced?;
            // A process in the container that can inspect this one can also send on the channel. Then there are two
            // pids, and nothing shows which one the helper sent.
            if !ended || code != 0 || !ours.is_quiet() {
                return Err(
                    Error::internal("the container interfered with a new process in it").into(),
                );
            }
            Ok(Spawned {
                pid,
                pidfd: process::pidfd_open(pid)?,
                streams: Streams {
                    terminal,
                    ..streams
                },
                interface: None,
                names: None,
                channel: ours,
            })
        }
    }
}

/// Reads the helper's messages: the pid of the process that it created, and the master of its terminal.
fn introduction(channel: &Channel, tty: bool) -> Result<(i32, Option<OwnedFd>), Failure> {
    let mut terminal = None;
    loop {
        match channel.receive()? {
            Some(Message::Pid(pid)) => return Ok((pid, terminal)),
            Some(Message::Terminal(master)) if tty && terminal.is_none() => {
                terminal = Some(master);
            }
            Some(Message::Failed(code, text)) => return Err(Failure { code, text }),
            Some(_) | None => return Err(Error::internal("the container went away").into()),
        }
    }
}

impl Spawned {
    fn wait_until_ready(mut self) -> Result<Self, Failure> {
        loop {
            match self.channel.receive()? {
                Some(Message::Interface(tap)) => self.interface = Some(Ok(tap)),
                Some(Message::NoInterface(why)) => self.interface = Some(Err(why)),
                Some(Message::Names(socket)) => self.names = Some(socket.into()),
                Some(Message::Ready) => return Ok(self),
                Some(Message::Terminal(master)) => {
                    self.streams.terminal = Some(master);
                    return Ok(self);
                }
                Some(Message::Failed(code, text)) => {
                    let _ = process::wait(&self.pidfd);
                    return Err(Failure { code, text });
                }
                Some(Message::Pid(_) | Message::Hint(_)) | None => {
                    let code = process::wait(&self.pidfd).unwrap_or(125);
                    return Err(Failure {
                        code: 125,
                        text: format!("the init ended with code {code}"),
                    });
                }
            }
        }
    }

    /// Lets it execute its command; returns when that has happened.
    pub(crate) fn release(self) -> Result<Running, Failure> {
        self.channel.go();
        let answer = self.channel.receive();
        if answer.is_err() {
            process::send_signal(self.pidfd.as_fd(), libc::SIGKILL)?;
            process::wait(&self.pidfd)?;
        }
        let hint = match answer? {
            None => None,
            Some(Message::Hint(hint)) => Some(hint),
            Some(Message::Failed(code, text)) => {
                let _ = process::wait(&self.pidfd);
                return Err(Failure { code, text });
            }
            Some(_) => return Err(Error::internal("the init sent an unexpected message").into()),
        };
        Ok(Running {
            pid: self.pid,
            pidfd: self.pidfd,
            streams: self.streams,
            hint,
        })
    }
}

/// A process that runs its command.
pub(crate) struct Running {
    /// A hint, if the kernel refused the program, which now ends with a failure.
    pub hint: Option<String>,
    /// In our pid namespace.
    pub pid: i32,
    /// Readable when it has ended.
    pub pidfd: OwnedFd,
    /// Our ends of its streams.
    pub streams: Streams,
}

/// Pipes for the three streams; with a terminal, nothing yet.
fn open_streams(tty: bool, open_stdin: bool) -> Result<(Streams, Stdio)> {
    let null = |flags| {
        rustix::fs::open("/dev/null", flags | OFlags::CLOEXEC, Mode::empty())
            .map_err(|error| failed("open", "/dev/null", error))
    };
    if tty {
        let stdio = Stdio {
            stdin: null(OFlags::RDONLY)?,
            stdout: null(OFlags::WRONLY)?,
            stderr: null(OFlags::WRONLY)?,
        };
        return Ok((Streams::default(), stdio));
    }
    let pipe = || pipe_with(PipeFlags::CLOEXEC).map_err(|error| failed("pipe2", "a stream", error));
    let (stdout, their_stdout) = pipe()?;
    let (stderr, their_stderr) = pipe()?;
    let (their_stdin, stdin) = if open_stdin {
        let (theirs, ours) = pipe()?;
        (theirs, Some(ours))
    } else {
        (null(OFlags::RDONLY)?, None)
    };
    for fd in [Some(&stdout), Some(&stderr), stdin.as_ref()]
        .into_iter()
        .flatten()
    {
        rustix::io::ioctl_fionbio(fd.as_fd(), true)
            .map_err(|error| failed("ioctl", "FIONBIO", error))?;
    }
    let streams = Streams {
        stdin,
        stdout: Some(stdout),
        stderr: Some(stderr),
        terminal: None,
    };
    Ok((
        streams,
        Stdio {
            stdin: their_stdin,
            stdout: their_stdout,
            stderr: their_stderr,
        },
    ))
}
