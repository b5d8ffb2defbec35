//! Asks the user's systemd for a part of the tree.
//!
//! **Kernel feature.** To move a process, one needs write access to both groups and their common ancestor. A session's
//! group belongs to root; below `user@<uid>.service` the user's systemd has write access, and for the rest it asks the
//! system manager.
//! **What Docker does.** Podman does the same for each container; rootless Docker needs a daemon there.
//! **What we do.** A container that needs a group and runs in a session gets its own scope, a unit without a program,
//! with its monitor in one group and its processes in another. Other containers stay in the session's group and outlive
//! the session.
//! **Try it.** `docker run -d --memory 64m busybox sleep 600; systemctl --user status 'docklings-*'`

use super::dbus::{Body, Bus, Method};
use super::write;
use crate::error::{Error, IoContext, Result};
use crate::paths::create_private_dir;
use crate::sys::namespace;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The time limit for each reply, and for the move.
const PATIENCE: Duration = Duration::from_secs(10);
/// The group of the container's processes in its scope.
pub(super) const INSIDE: &str = "container";

fn manager(name: &'static str) -> Method {
    Method {
        destination: "org.freedesktop.systemd1",
        path: "/org/freedesktop/systemd1",
        interface: "org.freedesktop.systemd1.Manager",
        name,
    }
}

/// Connects to the user's systemd. It runs while the user is logged in, whatever the environment says.
///
/// # Errors
/// `Machine`, with a hint.
pub(super) fn bus() -> Result<Bus> {
    let uid = namespace::outer_uid();
    let folder = PathBuf::from(format!("/run/user/{uid}"));
    let own = nix::unistd::geteuid().as_raw();
    let is_ours = |path: &Path| fs::symlink_metadata(path).is_ok_and(|about| about.uid() == own);
    if is_ours(&folder) {
        let bus = folder.join("bus");
        if is_ours(&bus) {
            return Bus::connect(&bus, uid, PATIENCE);
        }
        // The fallback without a bus: the socket that `systemctl --user` uses.
        let direct = folder.join("systemd/private");
        if is_ours(&direct) {
            return Bus::connect_directly(&direct, uid, PATIENCE);
        }
    }
    let user = namespace::user_name(uid).unwrap_or_else(|| uid.to_string());
    Err(Error::machine(format!(
        "there is no `{}` to ask systemd for one",
        folder.join("bus").display()
    ))
    .with_hint(format!(
        "log in by ssh or at the desktop, not by su; or, as root: loginctl enable-linger {user}"
    )))
}

/// The calling process's group, as a path that begins with `/`.
pub(super) fn own() -> Result<String> {
    let lines = fs::read_to_string("/proc/self/cgroup").on("read", "/proc/self/cgroup")?;
    let path = lines.lines().find_map(|line| line.strip_prefix("0::"));
    Ok(path.unwrap_or_default().to_owned())
}

/// Enables the controllers for the groups in `folder`.
pub(super) fn switch_on(folder: &Path) {
    for controller in ["memory", "cpu", "cpuset", "pids"] {
        // A controller that cannot be enabled matters only if a limit needs it, and then writing the limit fails.
        let _ = write(folder, "cgroup.subtree_control", format!("+{controller}"));
    }
}

/// Moves the calling process to a new scope, and returns its folder.
pub(super) fn enter_scope(root: &Path, id: &str) -> Result<PathBuf> {
    let pid = std::process::id() as i32;
    let name = format!("{}{pid}.scope", prefix(id));
    start_scope(&mut bus()?, &name, id, pid)?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(scope) = current_scope(root, &own()?, id) {
            return Ok(scope);
        }
        if Instant::now() > deadline {
            return Err(
                Error::machine(format!("systemd did not start `{name}` in time"))
                    .with_hint("journalctl --user -n 20 shows why"),
            );
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn start_scope(bus: &mut Bus, name: &str, id: &str, pid: i32) -> Result<()> {
    let mut body = Body::of("ssa(sv)a(sa(sv))");
    body.text(name);
    body.text("fail");
    body.array(8, |body| {
        body.property("Description", "s", |body| {
            body.text(&format!("docklings container {id}"));
        });
        body.property("Delegate", "b", |body| body.number(1));
        // A failed scope leaves nothing behind.
        body.property("CollectMode", "s", |body| body.text("inactive-or-failed"));
        body.property("PIDs", "au", |body| body.numbers(&[pid]));
    });
    body.array(8, |_| {});
    bus.call(&manager("StartTransientUnit"), &body)
}

/// The scope of the container `id`, if the cgroup path `own`, which begins with `/`, is inside it.
pub(super) fn current_scope(root: &Path, own: &str, id: &str) -> Option<PathBuf> {
    let path = Path::new(own.strip_prefix('/')?);
    path.ancestors()
        .find(|path| is_scope(Some(path), id))
        .map(|path| root.join(path))
}

/// Whether `path` is a scope of the container `id`.
pub(super) fn is_scope(path: Option<&Path>, id: &str) -> bool {
    path.and_then(|path| path.file_name()?.to_str())
        .is_some_and(|name| name.starts_with(&prefix(id)) && name.ends_with(".scope"))
}

fn prefix(id: &str) -> String {
    format!("docklings-{}-", id.get(..12).unwrap_or(id))
}

/// Creates the groups in `scope`. Controllers can be enabled only in a group without processes, so the monitor is moved
/// first.
pub(super) fn divide(scope: &Path) -> Result<PathBuf> {
    let own = scope.join("monitor");
    create_private_dir(&own)?;
    write(&own, "cgroup.procs", 0)?;
    switch_on(scope);
    let inside = scope.join(INSIDE);
    create_private_dir(&inside)?;
    Ok(inside)
}

/// Moves processes from elsewhere to the container's group in `scope`, which already contains the monitor.
pub(super) fn attach(scope: &Path, pids: &[i32]) -> Result<()> {
    let unit = scope.file_name().unwrap_or_default().to_string_lossy();
    let mut body = Body::of("ssau");
    body.text(&unit);
    body.text(&format!("/{INSIDE}"));
    body.numbers(pids);
    bus()?.call(&manager("AttachProcessesToUnit"), &body)
}

/// Refuses, before anything is moved, processes that systemd would refuse: it moves only those of the calling user.
pub(super) fn refuse_foreign(pids: &[i32]) -> Result<()> {
    let own = nix::unistd::geteuid().as_raw();
    let is_ours = |pid: &i32| {
        // An ended process blocks nothing.
        fs::metadata(format!("/proc/{pid}")).map_or(true, |about| about.uid() == own)
    };
    if pids.iter().all(is_ours) {
        return Ok(());
    }
    Err(Error::machine(
        "processes of the container belong to other users than its root, and systemd cannot move them while they run",
    )
    .with_hint("a container that starts with a limit has a cgroup: docker run --pids-limit 1000 …"))
}

/// Whether this machine runs systemd.
pub(super) fn is_here() -> bool {
    Path::new("/run/systemd/system").exists()
}

/// The pids in a group.
pub(super) fn members(folder: &Path) -> Result<Vec<i32>> {
    let path = folder.join("cgroup.procs");
    let text = fs::read_to_string(&path).on("read", &path)?;
    Ok(text.lines().filter_map(|line| line.parse().ok()).collect())
}
