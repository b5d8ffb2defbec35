//! A container's processes, seen from outside: `docker stats`, and the basis of `docker top`.
//!
//! **Kernel feature.** Every process of the container is also in the machine's `/proc`; the link `/proc/<pid>/ns/pid`
//! shows its pid namespace.
//! **What Docker does.** Reads the cgroup.
//! **What we do.** The same if there is one, and otherwise sums the values in `/proc`.
//! **Lesson.** `inspect-and-exec`

use super::spec::Usage;
use crate::cgroup;
use crate::engine::Engine;
use crate::error::Result;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// Clock ticks per second in `/proc`; always 100 for user space on Linux.
const TICKS: u64 = 100;

/// Pids of all processes in the pid namespace of `init`, `init` first.
pub(super) fn pids(init: i32) -> Vec<i32> {
    let namespace = |pid: i32| fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
    let Some(wanted) = namespace(init) else {
        return Vec::new();
    };
    let mut pids: Vec<i32> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| namespace(*pid).as_ref() == Some(&wanted))
        .collect();
    pids.sort_by_key(|pid| (*pid != init, *pid));
    pids
}

/// The fields of `/proc/<pid>/stat` after the name, from field 3.
fn stat(pid: i32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(
        text.rsplit_once(')')?
            .1
            .split_ascii_whitespace()
            .map(str::to_owned)
            .collect(),
    )
}

fn field(fields: &[String], number: usize) -> u64 {
    fields
        .get(number - 3)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

impl Engine {
    /// What a container uses now.
    pub fn usage(&self, name: &str) -> Result<Usage> {
        let container = self.container(name)?;
        if !container.status.is_alive() {
            return Ok(Usage::default());
        }
        let counts = cgroup::counts(
            container.config.id.as_str(),
            container.state.cgroup.as_deref(),
        );
        let pids = pids(container.state.pid);
        let mut usage = Usage {
            cpu: counts.cpu,
            memory: counts.memory,
            memory_limit: Some(container.config.host.memory)
                .filter(|limit| *limit > 0)
                .or_else(machine_memory),
            pids: counts.pids,
            network: network(container.state.pid),
            block: (0, 0),
        };
        let (mut ticks, mut pages, mut threads) = (0, 0, 0);
        for pid in pids {
            let Some(fields) = stat(pid) else { continue };
            ticks +=
                field(&fields, 14) + field(&fields, 15) + field(&fields, 16) + field(&fields, 17);
            threads += field(&fields, 20);
            // Shared pages are not counted: a container's processes share their libraries.
            let sizes = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
            let sizes: Vec<u64> = sizes
                .split_whitespace()
                .filter_map(|n| n.parse().ok())
                .collect();
            pages += sizes
                .get(1)
                .unwrap_or(&0)
                .saturating_sub(*sizes.get(2).unwrap_or(&0));
            let (read, written) = block(pid);
            usage.block.0 += read;
            usage.block.1 += written;
        }
        usage
            .cpu
            .get_or_insert(Duration::from_millis(ticks * 1000 / TICKS));
        usage
            .memory
            .get_or_insert(pages * rustix::param::page_size() as u64);
        usage.pids.get_or_insert(threads);
        Ok(usage)
    }
}

fn machine_memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let kibibytes: u64 = text.lines().find_map(|line| {
        line.strip_prefix("MemTotal:")?
            .trim()
            .strip_suffix(" kB")?
            .parse()
            .ok()
    })?;
    Some(kibibytes * 1024)
}

/// Bytes received and sent on all interfaces but loopback.
fn network(pid: i32) -> (u64, u64) {
    let text =
        fs::read_to_string(PathBuf::from(format!("/proc/{pid}/net/dev"))).unwrap_or_default();
    text.lines()
        .skip(2)
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.trim() != "lo")
        .fold((0, 0), |(received, sent), (_, counts)| {
            let counts: Vec<u64> = counts
                .split_whitespace()
                .filter_map(|n| n.parse().ok())
                .collect();
            (
                received + counts.first().unwrap_or(&0),
                sent + counts.get(8).unwrap_or(&0),
            )
        })
}

fn block(pid: i32) -> (u64, u64) {
    let text = fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
    let value = |key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key)?.trim().parse().ok())
            .unwrap_or(0)
    };
    (value("read_bytes:"), value("write_bytes:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_are_among_the_processes_of_our_own_namespace() {
        let me = std::process::id() as i32;
        assert_eq!(pids(me).first(), Some(&me));
        assert!(pids(i32::MAX).is_empty());
    }
}
