//! cgroup version 1: a tree per controller.

use super::limits::PERIOD;
use super::{Counts, Limits, OURS, count, number, write};
use crate::error::{Error, IoContext, Result};
use crate::paths::create_private_dir;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A container's folders in the trees that it needs.
#[derive(Default)]
pub(super) struct Groups {
    memory: Option<PathBuf>,
    cpu: Option<PathBuf>,
    cpuset: Option<PathBuf>,
    pids: Option<PathBuf>,
    freezer: Option<PathBuf>,
}

fn folder(root: &Path, controller: &str, id: &str) -> Result<PathBuf> {
    let tree = root.join(controller);
    if !tree.join("cgroup.procs").exists() && !tree.join("tasks").exists() {
        return Err(Error::machine(format!(
            "the `{controller}` controller is not mounted"
        )));
    }
    let folder = tree.join(OURS).join(id);
    create_private_dir(&folder)?;
    Ok(folder)
}

/// A new folder has no processors or memory nodes, so no process may enter: they are copied from the parent.
fn cpuset_folder(root: &Path, id: &str) -> Result<PathBuf> {
    let folder = folder(root, "cpuset", id)?;
    let tree = root.join("cpuset");
    for file in ["cpuset.cpus", "cpuset.mems"] {
        let whole = fs::read_to_string(tree.join(file)).unwrap_or_default();
        for level in [&*tree.join(OURS), &*folder] {
            let own = fs::read_to_string(level.join(file)).unwrap_or_default();
            if own.trim().is_empty() {
                write(level, file, whole.trim())?;
            }
        }
    }
    Ok(folder)
}

pub(super) fn create(root: &Path, id: &str, limits: &Limits) -> Result<Groups> {
    let mut groups = Groups::default();
    let made = groups.extend(root, id, limits);
    if made.is_err() {
        groups.folders().for_each(super::remove_folder);
    }
    made.map(|_| groups)
}

pub(super) fn create_freezer(root: &Path, id: &str) -> Result<Groups> {
    Ok(Groups {
        freezer: Some(folder(root, "freezer", id)?),
        ..Groups::default()
    })
}

impl Groups {
    pub(super) fn folders(&self) -> impl Iterator<Item = &Path> {
        [
            &self.memory,
            &self.cpu,
            &self.cpuset,
            &self.pids,
            &self.freezer,
        ]
        .into_iter()
        .flatten()
        .map(|p| &**p)
    }

    /// Creates the missing folders that `limits` need and writes all limits. Returns whether there are new folders,
    /// which have no processes yet.
    pub(super) fn extend(&mut self, root: &Path, id: &str, limits: &Limits) -> Result<bool> {
        let before = self.folders().count();
        if self.memory.is_none() && limits.of_memory() {
            self.memory = Some(folder(root, "memory", id)?);
        }
        if self.cpu.is_none() && limits.of_cpu() {
            self.cpu = Some(folder(root, "cpu", id)?);
        }
        if self.cpuset.is_none() && limits.of_cpuset() {
            self.cpuset = Some(cpuset_folder(root, id)?);
        }
        if self.pids.is_none() && limits.pids > 0 {
            self.pids = Some(folder(root, "pids", id)?);
        }
        self.apply(limits)?;
        Ok(self.folders().count() > before)
    }

    /// A process that has already ended is not an error.
    pub(super) fn add(&self, pid: i32) -> Result<()> {
        self.folders().try_for_each(|folder| {
            let path = folder.join("cgroup.procs");
            match fs::write(&path, pid.to_string()) {
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
                other => other.on("write", &path),
            }
        })
    }

    fn apply(&self, limits: &Limits) -> Result<()> {
        if let Some(folder) = &self.memory {
            self.apply_memory(folder, limits)?;
        }
        if let Some(folder) = &self.cpu {
            self.apply_processors(folder, limits)?;
        }
        if let Some(folder) = &self.cpuset
            && !limits.cpuset_cpus.is_empty()
        {
            write(folder, "cpuset.cpus", &limits.cpuset_cpus)?;
        }
        match (&self.pids, limits.pids) {
            (Some(folder), pids) if pids > 0 => write(folder, "pids.max", pids),
            (Some(folder), pids) if pids < 0 => write(folder, "pids.max", "max"),
            _ => Ok(()),
        }
    }

    fn apply_processors(&self, folder: &Path, limits: &Limits) -> Result<()> {
        if limits.cpu_shares > 0 {
            write(folder, "cpu.shares", limits.cpu_shares)?;
        }
        if let Some(quota) = limits.quota() {
            write(folder, "cpu.cfs_period_us", PERIOD)?;
            write(folder, "cpu.cfs_quota_us", quota)?;
        }
        Ok(())
    }

    fn apply_memory(&self, folder: &Path, limits: &Limits) -> Result<()> {
        if limits.memory_reservation > 0 {
            write(
                folder,
                "memory.soft_limit_in_bytes",
                limits.memory_reservation,
            )?;
        }
        if limits.memory > 0 {
            self.apply_memory_limit(folder, limits)?;
        }
        Ok(())
    }

    /// The limit with swap must never be the smaller one, so the order of writing depends on the direction.
    fn apply_memory_limit(&self, folder: &Path, limits: &Limits) -> Result<()> {
        let swap = match limits.memory_swap {
            0 => (limits.memory * 2).to_string(),
            swap => swap.to_string(),
        };
        // A kernel without swap accounting lacks this file.
        let with_swap = "memory.memsw.limit_in_bytes";
        let has_swap = folder.join(with_swap).exists();
        if has_swap && write(folder, with_swap, &swap).is_ok() {
            return write(folder, "memory.limit_in_bytes", limits.memory);
        }
        write(folder, "memory.limit_in_bytes", limits.memory)?;
        if has_swap {
            write(folder, with_swap, swap)
        } else {
            Ok(())
        }
    }

    pub(super) fn oom_killed(&self) -> bool {
        self.memory
            .as_ref()
            .is_some_and(|folder| count(&folder.join("memory.oom_control"), "oom_kill") > 0)
    }

    pub(super) fn freeze(&self, frozen: bool) -> Result<()> {
        let Some(folder) = &self.freezer else {
            return Err(Error::internal("the container has no freezer"));
        };
        let wanted = if frozen { "FROZEN" } else { "THAWED" };
        let deadline = Instant::now() + Duration::from_secs(2);
        loop {
            write(folder, "freezer.state", wanted)?;
            let state = fs::read_to_string(folder.join("freezer.state")).unwrap_or_default();
            if state.trim() == wanted {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(Error::internal(
                    "the kernel did not freeze the container in time",
                ));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Every folder that the container `id` could have.
pub(super) fn all_folders(root: &Path, id: &str) -> Vec<PathBuf> {
    ["memory", "cpu", "cpuset", "pids", "freezer"]
        .map(|name| root.join(name).join(OURS).join(id))
        .into()
}

pub(super) fn counts(root: &Path, id: &str) -> Counts {
    let memory = root.join("memory").join(OURS).join(id);
    let cache = count(&memory.join("memory.stat"), "total_inactive_file");
    Counts {
        // The cpu controller counts no time; the caller sums the time of the processes instead.
        cpu: None,
        memory: number(&memory.join("memory.usage_in_bytes"))
            .map(|used| used.saturating_sub(cache)),
        pids: number(&root.join("pids").join(OURS).join(id).join("pids.current")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_trees_that_a_limit_needs_get_a_folder() {
        let root = tempfile::tempdir().unwrap();
        for controller in ["memory", "cpu", "pids"] {
            fs::create_dir(root.path().join(controller)).unwrap();
            fs::write(root.path().join(controller).join("cgroup.procs"), "").unwrap();
        }
        let limits = Limits {
            memory: 8 << 20,
            ..Limits::default()
        };
        let groups = create(root.path(), "c1", &limits).unwrap();
        let folders: Vec<&Path> = groups.folders().collect();
        assert_eq!(folders, [root.path().join("memory/docklings/c1")]);
        let read = fs::read_to_string(folders[0].join("memory.limit_in_bytes")).unwrap();
        assert_eq!(read, "8388608");
    }

    #[test]
    fn a_new_limit_gets_a_new_folder_and_a_cpuset_is_copied_from_its_parent() {
        let root = tempfile::tempdir().unwrap();
        for controller in ["memory", "cpu", "cpuset", "pids"] {
            fs::create_dir(root.path().join(controller)).unwrap();
            fs::write(root.path().join(controller).join("cgroup.procs"), "").unwrap();
        }
        for (file, value) in [("cpuset.cpus", "0-3\n"), ("cpuset.mems", "0\n")] {
            fs::write(root.path().join("cpuset").join(file), value).unwrap();
        }
        let mut limits = Limits {
            cpu_shares: 512,
            ..Limits::default()
        };
        let mut groups = create(root.path(), "c1", &limits).unwrap();
        assert!(!groups.extend(root.path(), "c1", &limits).unwrap());
        limits.cpuset_cpus = "1".into();
        limits.nano_cpus = 200_000_000;
        assert!(groups.extend(root.path(), "c1", &limits).unwrap());
        let read = |path: &str| fs::read_to_string(root.path().join(path)).unwrap();
        assert_eq!(read("cpu/docklings/c1/cpu.shares"), "512");
        assert_eq!(read("cpu/docklings/c1/cpu.cfs_quota_us"), "20000");
        assert_eq!(read("cpu/docklings/c1/cpu.cfs_period_us"), "100000");
        assert_eq!(read("cpuset/docklings/cpuset.cpus"), "0-3");
        assert_eq!(read("cpuset/docklings/c1/cpuset.cpus"), "1");
        assert_eq!(read("cpuset/docklings/c1/cpuset.mems"), "0");
    }

    #[test]
    fn a_missing_controller_is_named() {
        let root = tempfile::tempdir().unwrap();
        let limits = Limits {
            pids: 5,
            ..Limits::default()
        };
        let error = create(root.path(), "c1", &limits).map(drop).unwrap_err();
        assert!(error.message().contains("`pids`"), "{error}");
    }
}
