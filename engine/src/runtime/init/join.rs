//! Joins a running container, whose processes may be hostile.
//!
//! ```text
//!  monitor            helper                                    process
//!     │ ── clone3 ────► │  created in the container's cgroup
//!     │                 │  joins the namespaces, opens the terminal
//!     │                 │  drops descriptors, capabilities, user
//!     │ ◄─ Terminal ─── │
//!     │ ◄─ Pid ──────── │ ── clone ───────────────────────────► │   the first visible to the container
//!     │ ── go ──────────────────────────────────────────────────►│   execve
//! ```
//!
//! **Kernel feature.** Joining a pid namespace does not move the caller: only its children are inside and visible. A
//! process with `CAP_SYS_PTRACE` in the container may inspect and control every process that it sees (CVE-2016-9962).
//! **What Docker does.** runc closes its descriptors; its process is briefly visible with all capabilities.
//! **What we do.** The helper does everything that needs a privilege or a descriptor. The visible process has only the
//! command's privileges, its streams and the channel from its first instruction.
//! **Try it.** `docker run -d --name box --cap-add SYS_PTRACE busybox sleep 600; docker exec box true`

use super::{Failure, Stdio, command, give_up, terminal_stdio};
use crate::error::Error;
use crate::runtime::control::{Channel, Message};
use crate::runtime::plan::PlannedProcess;
use crate::sys::clone::fork_behind_filter;
use crate::sys::{namespace, process, terminal};
use std::os::fd::{AsFd, BorrowedFd};

/// Runs the helper, and the process that it creates. Never returns.
pub(in crate::runtime) fn join(
    target: BorrowedFd<'_>,
    namespaces: u64,
    planned: &PlannedProcess,
    stdio: Stdio,
    channel: &Channel,
) -> ! {
    let failure = match run(target, namespaces, planned, stdio, channel) {
        Ok(never) => match never {},
        Err(failure) => failure,
    };
    give_up(failure, channel)
}

fn run(
    target: BorrowedFd<'_>,
    namespaces: u64,
    planned: &PlannedProcess,
    mut stdio: Stdio,
    channel: &Channel,
) -> Result<command::Never, Failure> {
    process::set_dumpable(false)?;
    // The container's /proc does not show us.
    namespace::join(target, namespaces)?;
    let mut slave = None;
    if planned.tty {
        let (master, own) = terminal::open_pair("/dev/pts/ptmx")?;
        stdio = terminal_stdio(&own)?;
        channel.send_terminal(master);
        slave = Some(own);
    }
    let prepared = command::prepare(planned, stdio, slave.as_ref(), false)?;
    drop(slave);
    process::close_all_but(channel.as_fd());
    if let Some(pid) = fork_behind_filter(true)? {
        channel.send(&Message::Pid(pid));
        process::exit(0)
    }
    process::die_with_parent()?;
    if !channel.wait_for_go() {
        return Err(Error::internal("the monitor went away").into());
    }
    command::execute(planned, &prepared, false)
}
