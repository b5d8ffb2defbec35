//! User namespaces: how an ordinary user becomes root inside a container.
//!
//! **Kernel feature.** `unshare(CLONE_NEWUSER)`, `/proc/<pid>/uid_map`; `newuidmap(1)` and `newgidmap(1)` write the
//! subordinate ids of `/etc/subuid` and `/etc/subgid` into the map.
//! **What Docker does.** Its daemon is root; rootless Docker keeps one namespace for the daemon.
//! **What we do.** Each monitor, and each command that needs one, creates its own namespace with the same map: the
//! kernel compares mapped ids, so they all own the same files.
//! **What we leave out.** Mapping the container's root to another user when we are root (`userns-remap`).
//! **Try it.** `docker run --rm busybox cat /proc/self/uid_map`
//! **Lesson.** `what-a-container-is`

use super::clone::{Forked, fork};
use super::{failed, process};
use crate::error::{Error, Result};
use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The ids in the namespace that [`become_root`] creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdMap {
    /// We are already root of the machine or of a namespace: none is created.
    Machine,
    /// Root maps to the user, and all other ids to subordinate ids.
    Subordinate {
        /// First subordinate user id, and the number of them.
        uids: (u32, u32),
        /// First subordinate group id, and the number of them.
        gids: (u32, u32),
    },
    /// Root maps to the user; no other id exists.
    Single,
}

/// What [`become_root`] would do for the calling user.
pub fn id_map() -> IdMap {
    let uid = nix::unistd::geteuid();
    if uid.is_root() {
        return IdMap::Machine;
    }
    let name = user_name(uid.as_raw()).unwrap_or_default();
    let range =
        |file: &str| subordinate_range(&fs::read_to_string(file).ok()?, &name, uid.as_raw());
    let tools = ["newuidmap", "newgidmap"]
        .iter()
        .all(|tool| find_tool(tool).is_some());
    match (tools, range("/etc/subuid"), range("/etc/subgid")) {
        (true, Some(uids), Some(gids)) => IdMap::Subordinate { uids, gids },
        _ => IdMap::Single,
    }
}

/// Whether the calling process is root of a user namespace and not of the machine.
pub fn in_user_namespace() -> bool {
    fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| {
        map.split_ascii_whitespace().collect::<Vec<_>>() != ["0", "0", "4294967295"]
    })
}

/// Makes the calling process, which must be single-threaded, root, in a new user namespace if it is not root already.
/// Returns the ids that the namespace maps.
///
/// # Errors
/// `Machine` if this machine does not let the user create or use user namespaces.
pub fn become_root() -> Result<IdMap> {
    let map = id_map();
    let (uid, gid) = (
        nix::unistd::geteuid().as_raw(),
        nix::unistd::getegid().as_raw(),
    );
    match map {
        IdMap::Machine => Ok(map),
        IdMap::Single => {
            unshare_user()?;
            write_single_map(uid, gid)?;
            Ok(map)
        }
        IdMap::Subordinate { uids, gids } => {
            if enter_with_tools((uid, uids), (gid, gids))? {
                return Ok(map);
            }
            // At least one tool failed: a kind without a map gets a single id.
            write_single_map(uid, gid)?;
            Ok(IdMap::Single)
        }
    }
}

fn write_single_map(uid: u32, gid: u32) -> Result<()> {
    if !is_mapped("gid_map") {
        write_map("setgroups", "deny")?;
        write_map("gid_map", &format!("0 {gid} 1"))?;
    }
    if !is_mapped("uid_map") {
        write_map("uid_map", &format!("0 {uid} 1"))?;
    }
    Ok(())
}

/// A map can be written only once.
fn is_mapped(file: &str) -> bool {
    fs::read_to_string(format!("/proc/self/{file}")).is_ok_and(|map| !map.is_empty())
}

fn unshare_user() -> Result<()> {
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWUSER).map_err(|error| {
        Error::machine("this machine does not let you create user namespaces")
            .with_source(io::Error::from(error))
            .with_hint("docklings doctor")
    })
}

fn write_map(file: &str, text: &str) -> Result<()> {
    let path = format!("/proc/self/{file}");
    fs::write(&path, text).map_err(|error| {
        let what = "this machine does not let you use user namespaces: cannot write";
        Error::machine(format!("{what} `{path}`"))
            .with_source(error)
            .with_hint("docklings doctor")
    })
}

/// `newuidmap` must run outside the namespace, so a child that stays outside runs it for us. Returns whether both maps
/// were written.
fn enter_with_tools(uid: (u32, (u32, u32)), gid: (u32, (u32, u32))) -> Result<bool> {
    let me = std::process::id();
    let (ready, signal) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)
        .map_err(|error| failed("pipe2", "a pipe", error))?;
    match fork()? {
        Forked::Child => {
            drop(signal);
            let unshared = fs::File::from(ready).read(&mut [0]).is_ok_and(|n| n == 1);
            process::exit(if unshared && write_maps_with_tools(me, uid, gid) {
                0
            } else {
                1
            });
        }
        Forked::Parent { pidfd, .. } => {
            drop(ready);
            let unshared = unshare_user();
            if unshared.is_ok() {
                let mut signal = fs::File::from(signal);
                signal
                    .write_all(b"x")
                    .map_err(|error| failed("write", "a pipe", error))?;
            } else {
                drop(signal);
            }
            let code = process::wait(&pidfd)?;
            unshared.map(|()| code == 0)
        }
    }
}

/// Runs both tools at once: they are independent, and each costs a millisecond.
fn write_maps_with_tools(pid: u32, uid: (u32, (u32, u32)), gid: (u32, (u32, u32))) -> bool {
    let start = |tool: &str, (own, (first, count)): (u32, (u32, u32))| {
        let words = [pid, 0, own, 1, 1, first, count].map(|number| number.to_string());
        Command::new(find_tool(tool)?)
            .args(words)
            .stderr(Stdio::null())
            .spawn()
            .ok()
    };
    // Waits for both, even if one could not be started.
    [start("newuidmap", uid), start("newgidmap", gid)]
        .map(|child| child.is_some_and(|mut c| c.wait().is_ok_and(|status| status.success())))
        == [true, true]
}

/// Joins the namespaces of the process `pidfd` given as `CLONE_NEW*` flags. Source: `setns(2)`.
pub fn join(pidfd: BorrowedFd<'_>, namespaces: u64) -> Result<()> {
    let flags = nix::sched::CloneFlags::from_bits_truncate(namespaces as i32);
    nix::sched::setns(pidfd, flags).map_err(|error| failed("setns", "a container", error))
}

/// Creates our own mount namespace, whose changes are not visible outside.
pub fn unshare_mounts() -> Result<()> {
    new_mount_namespace()?;
    super::mount::make_private()
}

/// Creates our own mount namespace that still follows the machine's: an unmount there applies here too, so that a
/// long-lived process keeps no disk busy.
pub fn unshare_mounts_following() -> Result<()> {
    new_mount_namespace()?;
    super::mount::follow()
}

fn new_mount_namespace() -> Result<()> {
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNS)
        .map_err(|error| failed("unshare", "CLONE_NEWNS", error))
}

/// The mount namespace of our child `pid`: its mounts exist as long as the descriptor.
pub fn mounts_of(pid: i32) -> Result<OwnedFd> {
    let path = format!("/proc/{pid}/ns/mnt");
    fs::File::open(&path)
        .map(OwnedFd::from)
        .map_err(|error| failed("open", path, error))
}

/// The path of `tool`, also searched for in the usual places: `sbin` is not on every user's PATH.
pub fn find_tool(tool: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"].map(PathBuf::from))
        .map(|folder| folder.join(tool))
        .find(|path| path.is_file())
}

/// The first range of at least 65,536 ids that `text` (in the form of `subuid(5)`) gives to the user.
pub fn subordinate_range(text: &str, name: &str, uid: u32) -> Option<(u32, u32)> {
    text.lines().find_map(|line| {
        let mut fields = line.trim().split(':');
        let (owner, first, count) = (fields.next()?, fields.next()?, fields.next()?);
        let (first, count): (u32, u32) = (first.parse().ok()?, count.parse().ok()?);
        let ours = (!name.is_empty() && owner == name) || owner.parse() == Ok(uid);
        (ours && count >= 65_536).then_some((first, count))
    })
}

/// Our user's id on the machine, even when we are root of a namespace created by [`become_root`].
pub fn outer_uid() -> u32 {
    let uid = nix::unistd::geteuid().as_raw();
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    mapped(&map, uid).unwrap_or(uid)
}

/// The outside id of `uid`, by the lines `inside outside count` of a map. Source: `user_namespaces(7)`.
fn mapped(map: &str, uid: u32) -> Option<u32> {
    map.lines().find_map(|line| {
        let numbers: Vec<u32> = line
            .split_ascii_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect();
        let [inside, outside, count] = numbers[..] else {
            return None;
        };
        let offset = uid.checked_sub(inside)?;
        (offset < count).then(|| outside + offset)
    })
}

/// The name of the user `uid`, from /etc/passwd or else from the environment.
pub fn user_name(uid: u32) -> Option<String> {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    users
        .lines()
        .find(|line| {
            line.split(':')
                .nth(2)
                .is_some_and(|field| field.parse() == Ok(uid))
        })
        .and_then(|line| line.split(':').next())
        .map(str::to_owned)
        .or_else(|| std::env::var("USER").ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(u32, u32)>) {
        assert_eq!(subordinate_range(text, "ann", 1000), expected, "{text:?}");
    }

    #[test]
    fn an_id_is_looked_up_in_the_map() {
        assert_eq!(mapped("0 1000 1\n1 100000 65536\n", 0), Some(1000));
        assert_eq!(mapped("0 1000 1\n1 100000 65536\n", 34), Some(100_033));
        assert_eq!(mapped("0 0 4294967295\n", 1000), Some(1000));
        assert_eq!(mapped("5 1000 1\n", 3), None);
        assert_eq!(mapped("", 3), None);
    }

    #[test]
    fn subordinate_ranges_are_found_by_name_or_number() {
        check("ann:100000:65536\n", Some((100_000, 65_536)));
        check("bob:1:65536\n1000:200000:70000", Some((200_000, 70_000)));
        check("ann:100000:100\nann:300000:65536", Some((300_000, 65_536)));
        check("bob:100000:65536", None);
        check("ann:x:65536\nann\n:::\n", None);
        check("", None);
    }
}
