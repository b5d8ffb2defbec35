//! Finds a container's monitor without its socket.
//!
//! **Kernel feature.** `/proc/<pid>/fdinfo/<fd>` shows which locks an open file holds, so the holder of a container's
//! lock can be found; a pidfd opened before that check cannot refer to another process afterwards.
//! **What Docker does.** The daemon keeps the pids of its shims, and kills one that does not answer.
//! **What we do.** The same when a socket is missing, or a monitor is stopped or hangs: it is woken, and if that fails,
//! killed together with its container.
//! **Try it.** `kill -STOP` the monitor of a container, then `docker stop` it.

use super::observe;
use super::spec::Container;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::id::ContainerId;
use crate::store::{lock, records};
use crate::sys::process;
use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// The first word of the hidden stage that is a monitor.
pub const MONITOR_STAGE: &str = "__monitor";

/// The pause between checks of a lock that a killed monitor is about to release.
const PAUSE: Duration = Duration::from_millis(2);
/// How long the kernel may take to end a killed monitor.
const PATIENCE: Duration = Duration::from_secs(30);

/// Continues the monitor of `id`, if it is stopped, and makes it check its socket. The signal has no effect on other
/// processes.
pub(super) fn wake(engine: &Engine, id: &ContainerId) {
    for monitor in monitors(engine, id) {
        let _ = process::send_signal(monitor.as_fd(), libc::SIGCONT);
    }
}

/// Ends a container whose monitor does not answer: sends `signal` to its first process, unless it is SIGKILL, waits
/// `timeout` seconds (forever if negative), and kills the monitor, which ends everything else.
pub(super) fn end(engine: &Engine, container: &Container, signal: i32, timeout: i64) -> Result<()> {
    let id = &container.config.id;
    if signal != libc::SIGKILL {
        ask(container, signal, timeout)?;
    }
    kill(engine, id)?;
    // The next observation records the end, and ends what is left.
    if let Some(mut found) = observe::by_id(engine, id)?
        && !found.status.has_monitor()
    {
        found.state.stopped_by_user = true;
        found.state.cut_off = false;
        records::write_state(&engine.sandbox, id, &found.state)?;
    }
    Ok(())
}

/// Sends `signal` to the first process of a container whose monitor does not answer.
pub(super) fn signal(container: &Container, signal: i32) -> Result<()> {
    match observe::init(&container.state) {
        Some(init) => process::send_signal(init.as_fd(), signal),
        None => Ok(()),
    }
}

fn ask(container: &Container, number: i32, timeout: i64) -> Result<()> {
    signal(container, number)?;
    if let Some(init) = observe::init(&container.state) {
        let limit = if timeout < 0 { i64::MAX } else { timeout };
        process::ends_within(init.as_fd(), limit);
    }
    Ok(())
}

/// Kills the monitor of `id`, if it has one, and returns when its lock is free.
pub(super) fn kill(engine: &Engine, id: &ContainerId) -> Result<()> {
    let place = engine.sandbox.container(id);
    let begun = Instant::now();
    while lock::is_held(place.lock())? {
        for monitor in monitors(engine, id) {
            process::send_signal(monitor.as_fd(), libc::SIGKILL)?;
        }
        if begun.elapsed() > PATIENCE {
            return Err(unreachable(id));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

fn unreachable(id: &ContainerId) -> Error {
    Error::machine(format!(
        "the monitor of container {id} does not answer and cannot be ended from here"
    ))
    .with_hint("it may belong to another user, or run in another pid namespace")
}

/// The monitors of `id` and their forks: processes that name it in their command line and hold the container's lock.
fn monitors(engine: &Engine, id: &ContainerId) -> Vec<OwnedFd> {
    let place = engine.sandbox.container(id);
    let Ok(lock) = fs::metadata(place.lock()) else {
        return Vec::new();
    };
    let lock = (lock.dev(), lock.ino());
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| is_monitor(*pid, id))
        .filter_map(|pid| {
            let pidfd = process::pidfd_open(pid).ok()?;
            // The pid may have been reused before the pidfd was opened.
            (is_monitor(pid, id) && holds(pid, lock)).then_some(pidfd)
        })
        .collect()
}

fn is_monitor(pid: i32, id: &ContainerId) -> bool {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let mut words = words.split(|byte| *byte == 0).skip(1);
    words.next() == Some(MONITOR_STAGE.as_bytes()) && words.next() == Some(id.as_str().as_bytes())
}

/// Whether an open file of `pid` holds a lock on the file with these device and inode numbers.
/// Source: `proc_pid_fdinfo(5)`.
fn holds(pid: i32, lock: (u64, u64)) -> bool {
    let files = fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten();
    files.flatten().any(|file| {
        let is_it =
            |path: &Path| fs::metadata(path).is_ok_and(|about| (about.dev(), about.ino()) == lock);
        let about = || {
            let number = file.file_name();
            let path = Path::new("/proc")
                .join(pid.to_string())
                .join("fdinfo")
                .join(number);
            fs::read_to_string(path).unwrap_or_default()
        };
        is_it(&file.path())
            && about()
                .lines()
                .any(|line| line.starts_with("lock:") && line.contains("FLOCK"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn an_open_file_holds_its_lock_only_if_it_took_it() {
        let folder = tempfile::tempdir().unwrap();
        let about = fs::metadata(folder.path()).unwrap();
        let (us, it) = (std::process::id() as i32, (about.dev(), about.ino()));
        let _open = File::open(folder.path()).unwrap();
        assert!(!holds(us, it));
        let held = lock::try_folder(folder.path()).unwrap();
        assert!(held.is_some() && holds(us, it));
        drop(held);
        assert!(!holds(us, it));
    }
}
