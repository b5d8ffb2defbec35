//! cgroup version 2: one tree with every controller.
//!
//! Root uses a folder at the top. Other users need a part of the tree that systemd has delegated, `user@<uid>.service`,
//! and must already be inside it: a process may only be moved within what its user owns. From a session, only systemd
//! can move it there.

use super::limits::PERIOD;
use super::{Counts, Limits, OURS, count, number, remove_folder, systemd, write};
use crate::error::{Error, IoContext, Result};
use crate::paths::create_private_dir;
use crate::sys::namespace;
use std::fs;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub(super) fn is_mounted(root: &Path) -> bool {
    root.join("cgroup.controllers").exists()
}

/// The folder for our groups, if there is one that we may write.
pub(super) fn base(root: &Path) -> Result<PathBuf> {
    base_for(root, &systemd::own()?, is_rootless())
}

fn is_rootless() -> bool {
    namespace::in_user_namespace() || !nix::unistd::geteuid().is_root()
}

fn base_for(root: &Path, own: &str, rootless: bool) -> Result<PathBuf> {
    if !rootless {
        return Ok(root.join(OURS));
    }
    let mut delegated = PathBuf::new();
    for part in own.split('/') {
        delegated.push(part);
        if part.starts_with("user@") && part.ends_with(".service") {
            return Ok(root.join(delegated).join(OURS));
        }
    }
    Err(Error::machine(format!(
        "you are in the cgroup `{own}`, which is not yours"
    )))
}

/// Creates the group in which the container `id` will be created.
pub(super) fn create(root: &Path, id: &str, limits: &Limits) -> Result<(PathBuf, OwnedFd)> {
    create_if(root, id, limits, limits.any())
}

/// Asks systemd only if the group is `needed`: that is slow, and the scope ends with the user's last session.
fn create_if(root: &Path, id: &str, limits: &Limits, needed: bool) -> Result<(PathBuf, OwnedFd)> {
    let folder = place(root, id, needed)?;
    let applied = apply(&folder, limits);
    if applied.is_err() {
        let _ = fs::remove_dir(&folder);
    }
    applied?;
    let fd = fs::File::open(&folder).on("open", &folder)?;
    Ok((folder, fd.into()))
}

fn place(root: &Path, id: &str, needed: bool) -> Result<PathBuf> {
    let own = systemd::own()?;
    if let Some(scope) = systemd::current_scope(root, &own, id) {
        return systemd::divide(&scope);
    }
    let rootless = is_rootless();
    match base_for(root, &own, rootless).and_then(|base| make(&base, id)) {
        Err(_) if needed && rootless && systemd::is_here() => {
            systemd::divide(&systemd::enter_scope(root, id)?)
        }
        other => other,
    }
}

/// Retries, because the last container of another command may remove `base`.
fn make(base: &Path, id: &str) -> Result<PathBuf> {
    let folder = base.join(id);
    for _ in 0..10 {
        create_private_dir(base)?;
        base.parent().into_iter().for_each(systemd::switch_on);
        systemd::switch_on(base);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(folder),
            other => return other.map(|()| folder.clone()).on("create", &folder),
        }
    }
    Err(Error::internal(format!(
        "`{}` does not stay",
        base.display()
    )))
}

/// Creates the group of the running container `id` and moves its processes there. `pids` lists them and is called until
/// all are there, to catch processes forked outside in the meantime.
pub(super) fn adopt(
    root: &Path,
    id: &str,
    limits: &Limits,
    pids: impl Fn() -> Vec<i32>,
) -> Result<(PathBuf, OwnedFd)> {
    if base(root).is_err() && systemd::is_here() {
        systemd::refuse_foreign(&pids())?;
    }
    let (folder, fd) = create_if(root, id, limits, true)?;
    let moved = move_all(&folder, pids);
    if moved.is_err() {
        remove_folder(&folder);
    }
    moved.map(|()| (folder, fd))
}

fn move_all(folder: &Path, pids: impl Fn() -> Vec<i32>) -> Result<()> {
    for _ in 0..100 {
        let there = systemd::members(folder)?;
        let mut missing = pids();
        missing.retain(|pid| !there.contains(pid));
        if missing.is_empty() {
            return Ok(());
        }
        let moved = match folder
            .parent()
            .filter(|_| folder.ends_with(systemd::INSIDE))
        {
            Some(scope) => systemd::attach(scope, &missing),
            None => missing
                .iter()
                .try_for_each(|pid| write(folder, "cgroup.procs", pid)),
        };
        // A process that has already ended is not an error.
        let still = pids();
        if moved.is_err() && missing.iter().all(|pid| still.contains(pid)) {
            return moved;
        }
    }
    Ok(())
}

pub(super) fn apply(folder: &Path, limits: &Limits) -> Result<()> {
    if limits.memory > 0 {
        set(folder, "memory.max", limits.memory)?;
        let swap = match limits.memory_swap {
            0 => limits.memory.to_string(),
            swap if swap < 0 => "max".to_owned(),
            swap => (swap as u64).saturating_sub(limits.memory).to_string(),
        };
        // A kernel without swap accounting lacks this file.
        let _ = write(folder, "memory.swap.max", swap);
    }
    if limits.memory_reservation > 0 {
        set(folder, "memory.low", limits.memory_reservation)?;
    }
    if let Some(quota) = limits.quota() {
        set(folder, "cpu.max", format!("{quota} {PERIOD}"))?;
    }
    if limits.cpu_shares > 0 {
        set(folder, "cpu.weight", limits.weight())?;
    }
    if !limits.cpuset_cpus.is_empty() {
        set(folder, "cpuset.cpus", &limits.cpuset_cpus)?;
    }
    match limits.pids {
        0 => Ok(()),
        pids if pids < 0 => set(folder, "pids.max", "max"),
        pids => set(folder, "pids.max", pids),
    }
}

/// A missing file belongs to a controller that is not enabled; cgroupfs creates no files on write.
fn set(folder: &Path, file: &str, value: impl ToString) -> Result<()> {
    if folder.join(file).exists() {
        return write(folder, file, value);
    }
    let controller = file.split('.').next().unwrap_or(file);
    Err(Error::machine(format!(
        "the `{controller}` controller is not enabled for `{}`",
        folder.parent().unwrap_or(folder).display()
    )))
}

pub(super) fn freeze(folder: &Path, frozen: bool) -> Result<()> {
    write(folder, "cgroup.freeze", u8::from(frozen))?;
    let deadline = Instant::now() + Duration::from_secs(2);
    while count(&folder.join("cgroup.events"), "frozen") != u64::from(frozen) {
        if Instant::now() > deadline {
            return Err(Error::internal(
                "the kernel did not freeze the container in time",
            ));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

pub(super) fn counts(folder: &Path) -> Counts {
    if !folder.is_dir() {
        return Counts::default();
    }
    let cache = count(&folder.join("memory.stat"), "inactive_file");
    Counts {
        cpu: Some(Duration::from_micros(count(
            &folder.join("cpu.stat"),
            "usage_usec",
        ))),
        memory: number(&folder.join("memory.current")).map(|used| used.saturating_sub(cache)),
        pids: number(&folder.join("pids.current")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(own: &str, rootless: bool, expected: Option<&str>) {
        let found = base_for(Path::new("/cg"), own, rootless).ok();
        assert_eq!(found.as_deref(), expected.map(Path::new), "{own}");
    }

    #[test]
    fn an_ordinary_user_gets_the_delegated_part_of_the_tree() {
        check("/", false, Some("/cg/docklings"));
        let service = "/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope";
        let expected = "/cg/user.slice/user-1000.slice/user@1000.service/docklings";
        check(service, true, Some(expected));
        check("/user.slice/user-1000.slice/session-1.scope", true, None);
        check("", true, None);
    }

    #[test]
    fn a_monitor_finds_its_scope() {
        let id = "0123456789abcdef";
        let scope = "/user.slice/user@7.service/app.slice/docklings-0123456789ab-42.scope";
        let find = |own: &str| systemd::current_scope(Path::new("/cg"), own, id);
        let expected = PathBuf::from(format!("/cg{scope}"));
        assert_eq!(find(&format!("{scope}/monitor")), Some(expected.clone()));
        assert_eq!(find(scope), Some(expected));
        assert_eq!(find("/app.slice/docklings-ffffffffffff-42.scope"), None);
        assert_eq!(find("/"), None);
    }

    #[test]
    fn a_group_is_created_even_if_the_folder_of_all_is_missing() {
        let root = tempfile::tempdir().unwrap();
        let base = root.path().join(OURS);
        assert_eq!(make(&base, "c1").unwrap(), base.join("c1"));
        assert_eq!(make(&base, "c1").unwrap(), base.join("c1"));
        assert!(base.join("c1").is_dir());
    }

    /// A folder with the files that the kernel creates for all controllers.
    fn group() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in [
            "memory.max",
            "memory.swap.max",
            "memory.low",
            "cpu.max",
            "cpu.weight",
            "cpuset.cpus",
            "pids.max",
        ] {
            fs::write(folder.path().join(file), "max\n").unwrap();
        }
        folder
    }

    #[test]
    fn limits_are_written_as_the_kernel_reads_them() {
        let folder = group();
        let limits = Limits {
            memory: 64 << 20,
            memory_reservation: 32 << 20,
            nano_cpus: 500_000_000,
            cpu_shares: 1024,
            cpuset_cpus: "0".into(),
            pids: 20,
            ..Limits::default()
        };
        apply(folder.path(), &limits).unwrap();
        let read = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap();
        assert_eq!(read("memory.max"), "67108864");
        assert_eq!(read("memory.swap.max"), "67108864");
        assert_eq!(read("memory.low"), "33554432");
        assert_eq!(read("cpu.max"), "50000 100000");
        assert_eq!(read("cpu.weight"), "39");
        assert_eq!(read("cpuset.cpus"), "0");
        assert_eq!(read("pids.max"), "20");
        let lifted = Limits {
            pids: -1,
            ..Limits::default()
        };
        apply(folder.path(), &lifted).unwrap();
        assert_eq!(read("pids.max"), "max");
    }

    #[test]
    fn a_controller_that_is_not_enabled_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let limits = Limits {
            memory: 64 << 20,
            ..Limits::default()
        };
        let error = apply(folder.path(), &limits).unwrap_err();
        assert!(
            error
                .message()
                .starts_with("the `memory` controller is not enabled"),
            "{error}"
        );
    }

    /// In the form of `Documentation/admin-guide/cgroup-v2.rst`.
    #[test]
    fn usage_is_read_from_the_groups_files() {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("memory.current", "5820416\n"),
            (
                "memory.stat",
                "anon 102400\nfile 5242880\nkernel 131072\ninactive_file 4194304\nactive_file 1048576\n",
            ),
            (
                "memory.events",
                "low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\n",
            ),
            (
                "cpu.stat",
                "usage_usec 47235\nuser_usec 20000\nsystem_usec 27235\n",
            ),
            ("pids.current", "3\n"),
        ] {
            fs::write(folder.path().join(file), text).unwrap();
        }
        let counts = counts(folder.path());
        assert_eq!(counts.memory, Some(5_820_416 - 4_194_304));
        assert_eq!(counts.cpu, Some(Duration::from_micros(47_235)));
        assert_eq!(counts.pids, Some(3));
        assert_eq!(count(&folder.path().join("memory.events"), "oom_kill"), 1);
    }
}
