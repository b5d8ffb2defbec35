//! Starting a process in namespaces of its own, from the outside.
//!
//! The caller must be root (see [`crate::sys::namespace::become_root`]) and have one thread only.

use super::control::{Channel, Message};
use super::init::{self, Failure, Stdio};
use super::plan::{InitPlan, PlannedProcess};
use crate::error::{Error, Result};
use crate::sys::clone::{CloneOptions, Forked, clone3, fork};
use crate::sys::{failed, namespace, process};
use rustix::fs::{Mode, OFlags};
use rustix::pipe::{PipeFlags, pipe_with};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Our ends of a process's standard streams.
#[derive(Default)]
pub struct Streams {
    /// Writing end of its standard input, if it is open.
    pub stdin: Option<OwnedFd>,
    /// Reading end of its standard output.
    pub stdout: Option<OwnedFd>,
    /// Reading end of its standard error.
    pub stderr: Option<OwnedFd>,
    /// The master of its terminal, in place of all three.
    pub terminal: Option<OwnedFd>,
}

/// A process that waits for the go.
pub struct Spawned {
    /// In our pid namespace.
    pub pid: i32,
    /// Readable when it has ended.
    pub pidfd: OwnedFd,
    /// Our ends of its streams.
    pub streams: Streams,
    /// The machine's end of its cable, or why it has none; nothing if none was planned.
    pub interface: Option<Result<OwnedFd, String>>,
    channel: Channel,
}

/// All namespaces that a container gets; the cgroup namespace only with cgroup v2, as Docker does.
fn namespaces(plan: &InitPlan, cgroup_v2: bool) -> u64 {
    let mut flags =
        libc::CLONE_NEWNS | libc::CLONE_NEWPID | libc::CLONE_NEWUTS | libc::CLONE_NEWIPC;
    if !plan.host_network {
        flags |= libc::CLONE_NEWNET;
    }
    if cgroup_v2 {
        flags |= libc::CLONE_NEWCGROUP;
    }
    flags as u64
}

/// Starts the init of a container, or of a build step, and waits until it is ready.
pub fn spawn(
    plan: &InitPlan,
    open_stdin: bool,
    cgroup: Option<BorrowedFd<'_>>,
) -> Result<Spawned, Failure> {
    let (ours, theirs) = Channel::pair()?;
    let (streams, stdio) = open_streams(plan.process.tty, open_stdin)?;
    let options = CloneOptions {
        namespaces: namespaces(plan, cgroup.is_some()),
        cgroup,
        sibling: false,
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
                channel: ours,
            }
            .wait_until_ready()
        }
    }
}

/// Starts a further process in the namespaces of the process behind `target`, and waits until it is ready.
///
/// A helper joins the namespaces and makes the process as our child, not its own: so we reap it, and the helper, which
/// is still outside of the container's pid namespace, is gone before the process runs.
pub fn spawn_in(
    target: BorrowedFd<'_>,
    planned: &PlannedProcess,
    open_stdin: bool,
    host_network: bool,
    cgroup: Option<BorrowedFd<'_>>,
) -> Result<Spawned, Failure> {
    let (ours, theirs) = Channel::pair()?;
    let (streams, stdio) = open_streams(planned.tty, open_stdin)?;
    match fork()? {
        Forked::Child => {
            drop((ours, streams));
            let mut flags =
                libc::CLONE_NEWNS | libc::CLONE_NEWPID | libc::CLONE_NEWUTS | libc::CLONE_NEWIPC;
            if !host_network {
                flags |= libc::CLONE_NEWNET;
            }
            if cgroup.is_some() {
                flags |= libc::CLONE_NEWCGROUP;
            }
            join_and_run(target, flags as u64, planned, stdio, &theirs, cgroup)
        }
        Forked::Parent { pidfd, .. } => {
            drop((theirs, stdio));
            let (pid, early) = introduction(&ours)?;
            process::wait(&pidfd)?;
            let (pid, early) = match (pid, early) {
                (Some(pid), early) => (pid, early),
                (None, Some(Message::Failed(code, text))) => return Err(Failure { code, text }),
                (None, _) => return Err(Error::internal("the container went away").into()),
            };
            let pidfd = process::pidfd_open(pid)?;
            let spawned = Spawned {
                pid,
                pidfd,
                streams,
                interface: None,
                channel: ours,
            };
            match early {
                Some(message) => spawned.after(Some(message)),
                None => spawned.wait_until_ready(),
            }
        }
    }
}

/// The pid that the helper tells, and what the new process itself may have said before that: both write to the channel
/// at once. No pid means that the helper failed.
fn introduction(channel: &Channel) -> Result<(Option<i32>, Option<Message>)> {
    let mut early = None;
    loop {
        match channel.receive()? {
            Some(Message::Pid(pid)) => return Ok((Some(pid), early)),
            Some(message) => early = Some(message),
            None => return Ok((None, early)),
        }
    }
}

fn join_and_run(
    target: BorrowedFd<'_>,
    namespaces: u64,
    planned: &PlannedProcess,
    stdio: Stdio,
    channel: &Channel,
    cgroup: Option<BorrowedFd<'_>>,
) -> ! {
    let joined = || -> Result<Forked> {
        // Before anyone in the container can see us.
        process::set_dumpable(false)?;
        namespace::join(target, namespaces)?;
        clone3(&CloneOptions {
            namespaces: 0,
            cgroup,
            sibling: true,
        })
    };
    match joined() {
        Ok(Forked::Child) => init::run_exec(planned, stdio, channel),
        Ok(Forked::Parent { pid, .. }) => {
            channel.send(&Message::Pid(pid));
            process::exit(0)
        }
        Err(error) => {
            channel.send(&Message::Failed(125, error.to_string()));
            process::exit(1)
        }
    }
}

impl Spawned {
    fn wait_until_ready(mut self) -> Result<Self, Failure> {
        loop {
            match self.channel.receive()? {
                Some(Message::Interface(tap)) => self.interface = Some(Ok(tap)),
                Some(Message::NoInterface(why)) => self.interface = Some(Err(why)),
                message => return self.after(message),
            }
        }
    }

    /// What follows from the new process's first message.
    fn after(mut self, message: Option<Message>) -> Result<Self, Failure> {
        match message {
            Some(Message::Ready) => Ok(self),
            Some(Message::Terminal(master)) => {
                self.streams.terminal = Some(master);
                Ok(self)
            }
            Some(Message::Failed(code, text)) => {
                let _ = process::wait(&self.pidfd);
                Err(Failure { code, text })
            }
            Some(Message::Pid(_) | Message::Interface(_) | Message::NoInterface(_)) | None => {
                let code = process::wait(&self.pidfd).unwrap_or(125);
                Err(Failure {
                    code: 125,
                    text: format!("the init ended with code {code}"),
                })
            }
        }
    }

    /// Lets it execute its command; returns when it has.
    pub fn release(self) -> Result<Running, Failure> {
        self.channel.go();
        match self.channel.receive()? {
            None => Ok(Running {
                pid: self.pid,
                pidfd: self.pidfd,
                streams: self.streams,
            }),
            Some(Message::Failed(code, text)) => {
                let _ = process::wait(&self.pidfd);
                Err(Failure { code, text })
            }
            Some(_) => Err(Error::internal("the init said something out of turn").into()),
        }
    }
}

/// A process that runs its command.
pub struct Running {
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
