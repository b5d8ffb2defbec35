//! cgroup version 1: a tree per controller.

use super::{Counts, Limits, OURS, count, number, write};
use crate::error::{Error, IoContext, Result};
use crate::paths::create_private_dir;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A container's folders in the trees that it needs.
pub(super) struct Groups {
    memory: Option<PathBuf>,
    cpu: Option<PathBuf>,
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

pub(super) fn create(root: &Path, id: &str, limits: &Limits) -> Result<Groups> {
    let want = |wanted: bool, controller| wanted.then(|| folder(root, controller, id)).transpose();
    let groups = Groups {
        memory: want(limits.memory > 0, "memory")?,
        cpu: want(limits.nano_cpus > 0, "cpu")?,
        pids: want(limits.pids > 0, "pids")?,
        freezer: None,
    };
    let applied = groups.apply(limits);
    if applied.is_err() {
        groups.folders().for_each(super::remove_folder);
    }
    applied.map(|()| groups)
}

pub(super) fn create_freezer(root: &Path, id: &str) -> Result<Groups> {
    let freezer = Some(folder(root, "freezer", id)?);
    Ok(Groups {
        memory: None,
        cpu: None,
        pids: None,
        freezer,
    })
}

impl Groups {
    pub(super) fn folders(&self) -> impl Iterator<Item = &Path> {
        [&self.memory, &self.cpu, &self.pids, &self.freezer]
            .into_iter()
            .flatten()
            .map(|p| &**p)
    }

    /// A process that has ended meanwhile is fine.
    pub(super) fn add(&self, pid: i32) -> Result<()> {
        self.folders().try_for_each(|folder| {
            let path = folder.join("cgroup.procs");
            match fs::write(&path, pid.to_string()) {
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
                other => other.on("write", &path),
            }
        })
    }

    pub(super) fn apply(&self, limits: &Limits) -> Result<()> {
        if let (Some(folder), true) = (&self.memory, limits.memory > 0) {
            self.apply_memory(folder, limits)?;
        }
        if let (Some(folder), true) = (&self.cpu, limits.nano_cpus > 0) {
            write(folder, "cpu.cfs_period_us", 100_000)?;
            write(folder, "cpu.cfs_quota_us", limits.quota())?;
        }
        match (&self.pids, limits.pids) {
            (Some(folder), pids) if pids > 0 => write(folder, "pids.max", pids),
            (Some(folder), pids) if pids < 0 => write(folder, "pids.max", "max"),
            _ => Ok(()),
        }
    }

    /// The limit with swap may never be the smaller one, so which is written first depends on the direction.
    fn apply_memory(&self, folder: &Path, limits: &Limits) -> Result<()> {
        let swap = match limits.memory_swap {
            0 => (limits.memory * 2).to_string(),
            swap => swap.to_string(),
        };
        // A kernel without swap accounting has no such file.
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
    ["memory", "cpu", "pids", "freezer"]
        .map(|name| root.join(name).join(OURS).join(id))
        .into()
}

pub(super) fn counts(root: &Path, id: &str) -> Counts {
    let memory = root.join("memory").join(OURS).join(id);
    let cache = count(&memory.join("memory.stat"), "total_inactive_file");
    Counts {
        // The cpu controller counts no time; that of the processes is added up instead.
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
