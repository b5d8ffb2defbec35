//! Chapter 3 · Limits: how much of the machine a container may use.
//!
//! **Kernel feature.** Control groups: folders whose files hold limits and counts. Version 2 has one tree
//! (`Documentation/admin-guide/cgroup-v2.rst`), version 1 a tree per controller (`cgroup-v1/`).
//! **What Docker does.** A group per container, in the version that the machine has.
//! **What we do.** The same. With version 2 a container is created inside its group. With version 1, moving it there
//! costs milliseconds, so it gets a group only for a limit or a pause. The same holds where an ordinary user must ask
//! systemd for a group.
//! **What we leave out.** Block device and NUMA limits; see `docs/limits.md`.
//! **Try it.** `docker run --rm --memory 16m busybox tail /dev/zero; echo $?`

mod dbus;
mod limits;
mod systemd;
mod v1;
mod v2;

pub use limits::{Limits, validate};

use crate::error::{Error, IoContext, Result};
use std::fs;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the kernel's trees are mounted.
const ROOT: &str = "/sys/fs/cgroup";
/// The folder that contains all our groups.
const OURS: &str = "docklings";

/// A group's usage.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Processor time.
    pub cpu: Option<Duration>,
    /// Bytes of memory, without the inactive page cache.
    pub memory: Option<u64>,
    /// Processes and threads.
    pub pids: Option<u64>,
}

/// A container's group, in either version.
pub struct Cgroup {
    kind: Kind,
}

enum Kind {
    Two { folder: PathBuf, fd: OwnedFd },
    One(v1::Groups),
}

impl Cgroup {
    /// Creates the group of the container `id`. `None` if it cannot be created and no limit needs it.
    ///
    /// # Errors
    /// `Machine` if a limit is set and no group can be created; the message says why.
    pub fn create(id: &str, limits: &Limits) -> Result<Option<Self>> {
        let made = if v2::is_mounted(Path::new(ROOT)) {
            v2::create(Path::new(ROOT), id, limits)
                .map(|(folder, fd)| Some(Kind::Two { folder, fd }))
        } else if limits.any() {
            v1::create(Path::new(ROOT), id, limits).map(|groups| Some(Kind::One(groups)))
        } else {
            Ok(None)
        };
        match made {
            Ok(kind) => Ok(kind.map(|kind| Self { kind })),
            Err(_) if !limits.any() => Ok(None),
            Err(error) => Err(lacking("limits need", error)),
        }
    }

    /// Creates a group for a running container that has none. `pids` lists its processes and is called until all are in
    /// the group, to catch processes forked outside it in the meantime.
    pub fn adopt(id: &str, limits: &Limits, pids: impl Fn() -> Vec<i32>) -> Result<Self> {
        let root = Path::new(ROOT);
        if v2::is_mounted(root) {
            let (folder, fd) = v2::adopt(root, id, limits, pids)
                .map_err(|error| lacking("limits and `docker pause` need", error))?;
            return Ok(Self {
                kind: Kind::Two { folder, fd },
            });
        }
        let groups = v1::create(root, id, limits).map_err(|error| lacking("limits need", error))?;
        let group = Self {
            kind: Kind::One(groups),
        };
        group.add_all(pids)?;
        Ok(group)
    }

    /// With version 1, creates a group to pause a container; `pids` as for [`Cgroup::adopt`].
    pub fn create_freezer(id: &str, pids: impl Fn() -> Vec<i32>) -> Result<Self> {
        let groups = v1::create_freezer(Path::new(ROOT), id)
            .map_err(|error| lacking("`docker pause` needs", error))?;
        let group = Self {
            kind: Kind::One(groups),
        };
        group.add_all(pids)?;
        Ok(group)
    }

    /// With version 2, the group's folder, which another session cannot compute.
    pub fn folder(&self) -> Option<&Path> {
        match &self.kind {
            Kind::Two { folder, .. } => Some(folder),
            Kind::One(_) => None,
        }
    }

    /// Moves the processes that `pids` lists into this group, until it lists no new ones.
    pub fn add_all(&self, pids: impl Fn() -> Vec<i32>) -> Result<()> {
        let mut known = std::collections::BTreeSet::new();
        for _ in 0..100 {
            let new: Vec<i32> = pids()
                .into_iter()
                .filter(|pid| !known.contains(pid))
                .collect();
            if new.is_empty() {
                return Ok(());
            }
            for pid in new {
                known.insert(pid);
                self.add(pid)?;
            }
        }
        Ok(())
    }

    /// The folder in which a process can be created directly (`CLONE_INTO_CGROUP`); `None` with version 1.
    pub fn birthplace(&self) -> Option<BorrowedFd<'_>> {
        use std::os::fd::AsFd;
        match &self.kind {
            Kind::Two { fd, .. } => Some(fd.as_fd()),
            Kind::One(_) => None,
        }
    }

    /// Moves an existing process into this group.
    pub fn add(&self, pid: i32) -> Result<()> {
        match &self.kind {
            Kind::Two { .. } => Ok(()),
            Kind::One(groups) => groups.add(pid),
        }
    }

    /// Changes the limits. With version 1 a limit of a new kind needs another group; the processes of the container
    /// `id` that `pids` lists are moved there.
    pub fn update(&mut self, id: &str, limits: &Limits, pids: impl Fn() -> Vec<i32>) -> Result<()> {
        match &mut self.kind {
            Kind::Two { folder, .. } => v2::apply(folder, limits),
            Kind::One(groups) => {
                if groups.extend(Path::new(ROOT), id, limits)? {
                    self.add_all(pids)?;
                }
                Ok(())
            }
        }
    }

    /// Whether the kernel's OOM killer killed a process in this group.
    pub fn oom_killed(&self) -> bool {
        match &self.kind {
            Kind::Two { folder, .. } => count(&folder.join("memory.events"), "oom_kill") > 0,
            Kind::One(groups) => groups.oom_killed(),
        }
    }

    /// Freezes or thaws all processes, and waits until this has happened.
    pub fn freeze(&self, frozen: bool) -> Result<()> {
        match &self.kind {
            Kind::Two { folder, .. } => v2::freeze(folder, frozen),
            Kind::One(groups) => groups.freeze(frozen),
        }
    }

    /// Removes the group, which must be empty. The folder of all groups stays, because creating it again would slow
    /// every run.
    pub fn remove(self) {
        sweep_kind(&self.kind);
    }
}

fn sweep_kind(kind: &Kind) {
    match kind {
        Kind::Two { folder, .. } => remove_folder(folder),
        Kind::One(groups) => groups.folders().for_each(remove_folder),
    }
}

/// Retries, because a process that has just ended may keep its group busy for a moment.
fn remove_folder(folder: &Path) {
    for _ in 0..100 {
        match fs::remove_dir(folder) {
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {
                std::thread::sleep(Duration::from_millis(5));
            }
            _ => return,
        }
    }
}

/// Removes the groups of an ended container, also if its monitor was killed. `recorded` is the [`Cgroup::folder`]
/// recorded at its start.
pub fn sweep(id: &str, recorded: Option<&Path>) {
    for folder in folders(id, recorded) {
        if folder.is_dir() {
            remove_folder(&folder);
        }
        let above = folder.parent().filter(|above| above.ends_with(OURS));
        if let Some(above) = above.filter(|_| recorded.is_some()) {
            // Fails, as intended, while other groups are in it.
            let _ = fs::remove_dir(above);
        }
    }
}

/// Root reads records that a user may have written, so a recorded path is used only if it can be a group of the
/// container.
fn folders(id: &str, recorded: Option<&Path>) -> Vec<PathBuf> {
    let root = Path::new(ROOT);
    let is_its = |folder: &&Path| {
        folder.starts_with(root)
            && (folder.ends_with(Path::new(OURS).join(id))
                || folder.ends_with(systemd::INSIDE) && systemd::is_scope(folder.parent(), id))
    };
    match recorded.filter(is_its) {
        Some(folder) => vec![folder.to_owned()],
        None if v2::is_mounted(root) => v2::base(root)
            .map(|base| base.join(id))
            .into_iter()
            .collect(),
        None => v1::all_folders(root, id),
    }
}

/// The usage of the container `id`, as far as its groups show it; `recorded` as for [`sweep`].
pub fn counts(id: &str, recorded: Option<&Path>) -> Counts {
    let root = Path::new(ROOT);
    if v2::is_mounted(root) {
        folders(id, recorded)
            .first()
            .map(|folder| v2::counts(folder))
            .unwrap_or_default()
    } else {
        v1::counts(root, id)
    }
}

/// The error for a feature that `needs` a group where none can be created, with a hint.
fn lacking(needs: &str, error: Error) -> Error {
    let hint = error
        .hint()
        .unwrap_or("docklings doctor says why; or leave out the limit")
        .to_owned();
    Error::machine(format!(
        "{needs} a cgroup that you can write, and there is none"
    ))
    .with_source(error)
    .with_hint(hint)
}

/// The machine's cgroup version: 2, 1, or 0 for neither.
pub fn version() -> u8 {
    let root = Path::new(ROOT);
    if v2::is_mounted(root) {
        2
    } else if root.join("memory").is_dir() || root.join("pids").is_dir() {
        1
    } else {
        0
    }
}

fn write(folder: &Path, file: &str, value: impl ToString) -> Result<()> {
    let path = folder.join(file);
    fs::write(&path, value.to_string()).on("write", &path)
}

fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// The number after `key` in a file of `key value` lines; 0 if it is missing.
fn count(path: &Path, key: &str) -> u64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .find_map(|line| {
            line.strip_prefix(key)?
                .strip_prefix(' ')?
                .trim()
                .parse()
                .ok()
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_found_by_its_whole_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.events");
        fs::write(&path, "low 0\noom 3\noom_kill 2\n").unwrap();
        assert_eq!(
            (
                count(&path, "oom"),
                count(&path, "oom_kill"),
                count(&path, "x")
            ),
            (3, 2, 0)
        );
    }
}
