//! `--init`: a small first process that forwards signals and reaps orphans.
//!
//! **Kernel feature.** Orphans become children of pid 1 of their namespace, and stay zombies until it waits for them;
//! pid 1 gets no signal for which it has no handler.
//! **What Docker does.** Starts `docker-init` (tini) as pid 1.
//! **Try it.** `docker run --rm --init busybox ps`

use crate::error::Result;
use crate::sys::clone::fork_behind_filter;
use crate::sys::{failed, process};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, sigprocmask};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// Sets the name and command line of pid 1, which every process in the container can read, to Docker's instead of the
/// monitor's. Needs privileges.
pub(super) fn show_as_docker_init(argv: &[String]) {
    let _ = process::set_name("docker-init");
    let words = ["/sbin/docker-init", "--"].map(str::to_owned);
    process::set_words(&[&words, argv].concat());
}

/// Returns in the child, which becomes the command; the caller stays as its init, with no more privileges than the
/// command, and never returns.
pub(super) fn split() -> Result<()> {
    let all = SigSet::all();
    // Block them before the fork: a signal that arrives in between waits for the loop.
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&all), None)
        .map_err(|error| failed("sigprocmask", "all", error))?;
    match fork_behind_filter(false)? {
        None => Ok(()),
        Some(pid) => {
            // The control channel must end when the command runs, and the pipes when the command ends.
            close_everything();
            serve(Pid::from_raw(pid), &all)
        }
    }
}

fn close_everything() {
    let _ = rustix::fs::open(
        "/dev/null",
        rustix::fs::OFlags::RDWR,
        rustix::fs::Mode::empty(),
    )
    .map(|null| {
        let _ = rustix::stdio::dup2_stdin(&null);
        let _ = rustix::stdio::dup2_stdout(&null);
        let _ = rustix::stdio::dup2_stderr(&null);
    });
    process::close_from(3);
}

fn serve(child: Pid, signals: &SigSet) -> ! {
    loop {
        match signals.wait() {
            Ok(Signal::SIGCHLD) => {
                if let Some(code) = reap(child) {
                    process::exit(code);
                }
            }
            Ok(signal) => {
                let _ = kill(child, signal);
            }
            Err(_) => {}
        }
    }
}

/// Reaps every ended process; returns the child's exit code if it is among them.
fn reap(child: Pid) -> Option<i32> {
    let mut code = None;
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, status)) if pid == child => code = Some(status),
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == child => {
                code = Some(128 + signal as i32);
            }
            Ok(WaitStatus::StillAlive) | Err(_) => return code,
            Ok(_) => {}
        }
    }
}
