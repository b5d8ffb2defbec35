//! Creates processes: `clone3(2)` directly into namespaces and a cgroup, and plain fork.
//!
//! **Kernel feature.** `clone3` creates the process and its namespaces in one call; `CLONE_INTO_CGROUP` (cgroup v2)
//! avoids the move through `cgroup.procs`, which waits for an RCU grace period.

use super::{check, failed};
use crate::error::Result;
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// `CLONE_INTO_CGROUP` of `linux/sched.h`: the `libc` crate's constant is 0 on this target, because it does not fit
/// an int.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// The result of [`clone3`], in the parent and in the child.
pub enum Forked {
    /// In the parent.
    Parent {
        /// The child, in our pid namespace.
        pid: i32,
        /// Becomes readable when the child ends.
        pidfd: OwnedFd,
    },
    /// In the child.
    Child,
}

/// How to clone.
#[derive(Default)]
pub struct CloneOptions<'a> {
    /// New namespaces, as `CLONE_NEW*` flags.
    pub namespaces: u64,
    /// The cgroup v2 folder of the child.
    pub cgroup: Option<BorrowedFd<'a>>,
}

/// Clones the calling process, which must be single-threaded. Source: `clone(2)`.
pub fn clone3(options: &CloneOptions<'_>) -> Result<Forked> {
    let mut pidfd: libc::c_int = -1;
    // SAFETY: clone_args is a plain struct of integers, for which all zeroes is a valid value.
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    args.flags = options.namespaces | libc::CLONE_PIDFD as u64;
    args.pidfd = (&raw mut pidfd) as u64;
    args.exit_signal = libc::SIGCHLD as u64;
    if let Some(cgroup) = options.cgroup {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = cgroup.as_raw_fd() as u64;
    }
    let size = size_of::<libc::clone_args>();
    // SAFETY: the arguments are valid for the size given. Without CLONE_VM the child gets a copy of our memory, as after
    // fork; we have one thread, so no lock can be held by a thread that the child lacks.
    let result = unsafe { libc::syscall(libc::SYS_clone3, &raw const args, size) };
    match check(result).map_err(|error| failed("clone3", "a new process", error))? {
        0 => Ok(Forked::Child),
        pid => {
            // SAFETY: with CLONE_PIDFD the kernel stored a new descriptor there, which has no other owner.
            let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
            Ok(Forked::Parent {
                pid: pid as i32,
                pidfd,
            })
        }
    }
}

/// Forks the calling process, which must be single-threaded.
pub fn fork() -> Result<Forked> {
    clone3(&CloneOptions::default())
}

/// Forks a process that already runs behind the system call filter, which refuses `clone3`. With `sibling`, our parent
/// is also the child's parent. Returns the child's pid in the parent, and `None` in the child.
pub fn fork_behind_filter(sibling: bool) -> Result<Option<i32>> {
    let flags = if sibling {
        // The child then inherits our exit signal.
        libc::CLONE_PARENT
    } else {
        libc::SIGCHLD
    };
    let zero: libc::c_long = 0;
    // SAFETY: without CLONE_VM and with no stack given this is a fork: the child gets a copy of our memory, and we have
    // one thread. The other arguments are pointers that no flag uses.
    let result = unsafe {
        libc::syscall(
            libc::SYS_clone,
            libc::c_long::from(flags),
            zero,
            zero,
            zero,
            zero,
        )
    };
    match check(result).map_err(|error| failed("clone", "a new process", error))? {
        0 => Ok(None),
        pid => Ok(Some(pid as i32)),
    }
}
