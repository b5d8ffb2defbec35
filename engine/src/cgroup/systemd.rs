//! Asking the user's systemd for a part of the tree.
//!
//! **Kernel feature.** A process may be moved only by who may write both groups and what is above both. A session's group
//! belongs to root; below `user@<uid>.service` the user's own systemd may do as it likes, and it has the help of the machine's.
//! **What Docker does.** Podman asks in the same way, for each container; Docker without root needs a daemon there.
//! **What we do.** A container that needs a group and is in a session gets a scope of its own, a unit without a program, with
//! its monitor in one group and its processes in another. Others stay in the session, and outlive it.
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

/// For each answer, and for the move.
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

/// Connects to the user's systemd. It is there whenever the user is logged in, whatever the environment says.
///
/// # Errors
/// `Machine`, with what helps.
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
        // Where no bus is installed: what `systemctl --user` talks to.
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

/// Moves the calling process to a new scope, and returns its folder.
pub(super) fn enter_scope(root: &Path, id: &str) -> Result<PathBuf> {
    let pid = std::process::id() as i32;
    let name = format!("{}{pid}.scope", prefix(id));
    start_scope(&mut bus()?, &name, id, pid)?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(scope) = current_scope(root, &super::v2::own()?, id) {
            return Ok(scope);
        }
        if Instant::now() > deadline {
            return Err(
                Error::machine(format!("systemd did not start `{name}` in time"))
                    .with_hint("journalctl --user -n 20 says why"),
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
        // Nothing is kept of a scope that failed.
        body.property("CollectMode", "s", |body| body.text("inactive-or-failed"));
        body.property("PIDs", "au", |body| body.numbers(&[pid]));
    });
    body.array(8, |_| {});
    bus.call(&manager("StartTransientUnit"), &body)
}

/// The scope of the container `id`, if `own`, a path that begins with `/`, is in it.
pub(super) fn current_scope(root: &Path, own: &str, id: &str) -> Option<PathBuf> {
    let path = Path::new(own.strip_prefix('/')?);
    path.ancestors()
        .find(|path| is_scope(Some(path), id))
        .map(|path| root.join(path))
}

/// Whether `path` is a scope that was made for the container `id`.
pub(super) fn is_scope(path: Option<&Path>, id: &str) -> bool {
    path.and_then(|path| path.file_name()?.to_str())
        .is_some_and(|name| name.starts_with(&prefix(id)) && name.ends_with(".scope"))
}

fn prefix(id: &str) -> String {
    format!("docklings-{}-", id.get(..12).unwrap_or(id))
}

/// Makes the groups in `scope`. Controllers can be switched on only where no process is, so the monitor goes first.
pub(super) fn divide(scope: &Path) -> Result<PathBuf> {
    let own = scope.join("monitor");
    create_private_dir(&own)?;
    write(&own, "cgroup.procs", 0)?;
    super::v2::switch_on(scope);
    let inside = scope.join(INSIDE);
    create_private_dir(&inside)?;
    Ok(inside)
}

/// Moves processes from elsewhere to the container's group in `scope`, in which the monitor is already.
pub(super) fn attach(scope: &Path, pids: &[i32]) -> Result<()> {
    let unit = scope.file_name().unwrap_or_default().to_string_lossy();
    let mut body = Body::of("ssau");
    body.text(&unit);
    body.text(&format!("/{INSIDE}"));
    body.numbers(pids);
    bus()?.call(&manager("AttachProcessesToUnit"), &body)
}

/// Refuses to move processes that systemd would refuse to move: it takes only those of the user who asks. The monitor stays
/// where it is then.
pub(super) fn refuse_strangers(pids: &[i32]) -> Result<()> {
    let own = nix::unistd::geteuid().as_raw();
    let is_ours = |pid: &i32| {
        // One that has ended blocks nothing.
        fs::metadata(format!("/proc/{pid}")).map_or(true, |about| about.uid() == own)
    };
    if pids.iter().all(is_ours) {
        return Ok(());
    }
    Err(Error::machine(
        "processes of the container belong to other users than its root, and systemd does not move them while they run",
    )
    .with_hint("a container that starts with a limit has a cgroup: docker run --pids-limit 1000 …"))
}

/// Whether this machine is systemd's.
pub(super) fn is_here() -> bool {
    Path::new("/run/systemd/system").exists()
}

/// The pids in a group.
pub(super) fn members(folder: &Path) -> Result<Vec<i32>> {
    let path = folder.join("cgroup.procs");
    let text = fs::read_to_string(&path).on("read", &path)?;
    Ok(text.lines().filter_map(|line| line.parse().ok()).collect())
}
