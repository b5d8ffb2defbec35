//! Leftovers of containers on the machine: processes, mounts, cgroups, sockets. After a test there must be none.

use std::fs;
use std::path::Path;
use walkdir::WalkDir;

/// Processes other than ours whose command line, environment or mounts name `home`.
pub(crate) fn processes(home: &Path) -> Vec<String> {
    let home = home.to_string_lossy();
    let own = std::process::id().to_string();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_string_lossy().into_owned();
        if pid == own || !pid.bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        // A file that cannot be read belongs to an ended process or to another user.
        let names_home = ["cmdline", "environ", "mountinfo"].iter().any(|file| {
            fs::read(entry.path().join(file))
                .is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(&*home))
        });
        let is_zombie = fs::read_to_string(entry.path().join("stat")).is_ok_and(|stat| {
            stat.rsplit(')')
                .next()
                .is_some_and(|rest| rest.trim_start().starts_with('Z'))
        });
        if names_home && !is_zombie {
            let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let words = String::from_utf8_lossy(&words).replace('\0', " ");
            found.push(format!("process {pid}: {words}"));
        }
    }
    found
}

/// Ends the practice hub of `home`, which would end by itself a minute later.
pub(crate) fn end_hub(home: &Path) {
    for line in processes(home).iter().filter(|line| line.contains("__hub")) {
        let pid = line
            .strip_prefix("process ")
            .and_then(|rest| rest.split(':').next());
        let pid = pid.and_then(|pid| rustix::process::Pid::from_raw(pid.parse().ok()?));
        if let Some(pid) = pid {
            // It may have ended meanwhile.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
    }
}

/// Mounts of this machine below `home`.
pub(crate) fn mounts(home: &Path) -> Vec<String> {
    let home = home.to_string_lossy();
    fs::read_to_string("/proc/self/mountinfo")
        .unwrap_or_default()
        .lines()
        .filter(|line| line.contains(&*home))
        .map(|line| format!("mount {line}"))
        .collect()
}

/// Cgroups, of any version, named after one of `ids`.
pub(crate) fn cgroups(ids: &[String]) -> Vec<String> {
    if ids.is_empty() {
        return Vec::new();
    }
    WalkDir::new("/sys/fs/cgroup")
        .max_depth(8)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_dir())
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy();
            ids.iter().any(|id| name.contains(&id[..id.len().min(12)]))
        })
        .map(|entry| format!("cgroup {}", entry.path().display()))
        .collect()
}

/// Files below `folder`, without folders.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| !entry.file_type().is_dir())
        .map(|entry| format!("file {}", entry.path().display()))
        .collect()
}
