//! The limits and their validation.

use crate::error::{Error, Result};
use crate::store::containers::HostConfig;

/// Docker's smallest limit, in bytes.
const SMALLEST_MEMORY: u64 = 6 << 20;
/// Docker's CPU period, in microseconds: the quota is counted over it.
pub(super) const PERIOD: u64 = 100_000;

/// The limits that can be requested.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Bytes; 0 is none.
    pub memory: u64,
    /// Bytes of memory and swap; 0 is twice the memory, -1 none.
    pub memory_swap: i64,
    /// Bytes that the container keeps when memory is short; 0 is none.
    pub memory_reservation: u64,
    /// Billionths of a processor; 0 is none.
    pub nano_cpus: u64,
    /// Weight against others when processors are short, 1024 being usual; 0 is unset.
    pub cpu_shares: u64,
    /// Processors that may be used, such as `0-2,4`; empty is all.
    pub cpuset_cpus: String,
    /// Processes and threads; 0 or less is none.
    pub pids: i64,
}

impl Limits {
    /// The limits with which the container was created or updated.
    pub fn of(host: &HostConfig) -> Self {
        Self {
            memory: host.memory,
            memory_swap: host.memory_swap,
            memory_reservation: host.memory_reservation,
            nano_cpus: host.nano_cpus,
            cpu_shares: host.cpu_shares,
            cpuset_cpus: host.cpuset_cpus.clone(),
            pids: host.pids_limit,
        }
    }

    /// Whether any limit is set.
    pub fn any(&self) -> bool {
        self.of_memory() || self.of_cpu() || self.of_cpuset() || self.pids > 0
    }

    /// Whether the memory controller is needed.
    pub(super) fn of_memory(&self) -> bool {
        self.memory > 0 || self.memory_reservation > 0
    }

    /// Whether the cpu controller is needed.
    pub(super) fn of_cpu(&self) -> bool {
        self.quota().is_some() || self.cpu_shares > 0
    }

    /// Whether the cpuset controller is needed.
    pub(super) fn of_cpuset(&self) -> bool {
        !self.cpuset_cpus.is_empty()
    }

    /// Microseconds of processor time in each [`PERIOD`].
    pub(super) fn quota(&self) -> Option<u64> {
        // The kernel accepts no quota below a thousand.
        (self.nano_cpus > 0).then(|| (self.nano_cpus / 10_000).max(1000))
    }

    /// The weight of version 2, 1 to 10000, for the shares of version 1, 2 to 262144. Source: runc
    /// `ConvertCPUSharesToCgroupV2Value`.
    pub(super) fn weight(&self) -> u64 {
        1 + (self.cpu_shares.clamp(2, 262_144) - 2) * 9999 / 262_142
    }
}

/// Refuses invalid values. Source: moby `daemon/daemon_unix.go`, `verifyPlatformContainerResources`.
pub fn validate(host: &HostConfig) -> Result<()> {
    memory(host)?;
    processors(host)
}

fn memory(host: &HostConfig) -> Result<()> {
    let swap = u64::try_from(host.memory_swap).unwrap_or(0);
    let wrong = if (1..SMALLEST_MEMORY).contains(&host.memory) {
        "Minimum memory limit allowed is 6MB"
    } else if swap > 0 && host.memory == 0 {
        "You should always set the Memory limit when using Memoryswap limit, see usage"
    } else if swap > 0 && swap < host.memory {
        "Minimum memoryswap limit should be larger than memory limit, see usage"
    } else if (1..SMALLEST_MEMORY).contains(&host.memory_reservation) {
        "Minimum memory reservation allowed is 6MB"
    } else if host.memory > 0 && host.memory < host.memory_reservation {
        "Minimum memory limit can not be less than memory reservation limit, see usage"
    } else {
        return Ok(());
    };
    Err(Error::invalid(wrong))
}

fn processors(host: &HostConfig) -> Result<()> {
    // Counting the processors reads cgroup files; skip that when no limit is set.
    if host.nano_cpus > 0 {
        let cpus = std::thread::available_parallelism().map_or(1, usize::from) as u64;
        if !(10_000_000..=cpus * 1_000_000_000).contains(&host.nano_cpus) {
            return Err(Error::invalid(format!(
                "range of CPUs is from 0.01 to {cpus}.00, as there are only {cpus} CPUs available"
            )));
        }
    }
    available(&host.cpuset_cpus)
}

/// Refuses numbers of processors that the machine does not have.
fn available(asked: &str) -> Result<()> {
    if asked.is_empty() {
        return Ok(());
    }
    let Some(wanted) = numbers(asked) else {
        return Err(Error::invalid(format!(
            "Invalid value {asked} for cpuset cpus"
        )));
    };
    let online = std::fs::read_to_string("/sys/devices/system/cpu/online");
    let online = online.unwrap_or_else(|_| "0".to_owned());
    let there = numbers(online.trim()).unwrap_or_default();
    if wanted.iter().all(|number| there.contains(number)) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "Requested CPUs are not available - requested {asked}, available: {}",
        online.trim()
    )))
}

/// The numbers in a list such as `0-2,4`; `None` if it is malformed.
fn numbers(list: &str) -> Option<Vec<u16>> {
    let mut numbers = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        // Linux supports at most 8192 processors; a longer range is a typing error.
        if last < first || last > 8192 {
            return None;
        }
        numbers.extend(first..=last);
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl Fn(&mut HostConfig), expected: &str) {
        let mut host = HostConfig::default();
        change(&mut host);
        let error = validate(&host).unwrap_err();
        assert!(
            error.message().contains(expected),
            "{error}, not {expected}"
        );
    }

    #[test]
    fn invalid_limits_are_refused_in_dockers_words() {
        check(|host| host.memory = 1 << 20, "6MB");
        check(|host| host.memory_swap = 1 << 30, "always set the Memory");
        check(
            |host| (host.memory, host.memory_swap) = (1 << 30, 1 << 20),
            "larger than memory limit",
        );
        check(
            |host| host.memory_reservation = 1,
            "memory reservation allowed is 6MB",
        );
        check(
            |host| (host.memory, host.memory_reservation) = (8 << 20, 9 << 20),
            "can not be less than memory reservation",
        );
        check(|host| host.nano_cpus = u64::MAX, "range of CPUs");
        check(
            |host| host.cpuset_cpus = "x".into(),
            "Invalid value x for cpuset cpus",
        );
        check(
            |host| host.cpuset_cpus = "8000".into(),
            "Requested CPUs are not available",
        );
        let sensible = HostConfig {
            memory: 64 << 20,
            cpuset_cpus: "0".into(),
            ..HostConfig::default()
        };
        assert!(validate(&sensible).is_ok());
    }

    #[test]
    fn lists_of_numbers_are_read_as_the_kernel_writes_them() {
        assert_eq!(numbers("0-2,4"), Some(vec![0, 1, 2, 4]));
        for bad in ["", "a", "2-1", "0-", "0-99999", "1,,2"] {
            assert_eq!(numbers(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_share_of_version_one_becomes_a_weight_of_version_two() {
        for (cpu_shares, weight) in [(2, 1), (1024, 39), (262_144, 10_000)] {
            let limits = Limits {
                cpu_shares,
                ..Limits::default()
            };
            assert_eq!(limits.weight(), weight, "{cpu_shares}");
        }
    }
}
