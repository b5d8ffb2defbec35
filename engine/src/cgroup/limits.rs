//! The limits and their validation.

use crate::error::{Error, Result};
use crate::store::containers::HostConfig;

/// Docker's smallest limit, in bytes.
const SMALLEST_MEMORY: u64 = 6 << 20;
/// Docker's default CPU period, in microseconds.
const PERIOD: u64 = 100_000;

/// The limits that can be requested.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Bytes; 0 is none.
    pub memory: u64,
    /// Bytes of memory and swap; 0 is twice the memory, -1 none.
    pub memory_swap: i64,
    /// Bytes that the container keeps when memory is short; 0 is none.
    pub memory_reservation: u64,
    /// Swappiness, 0 to 100; `None` is the machine's.
    pub memory_swappiness: Option<u8>,
    /// Billionths of a processor; 0 is none.
    pub nano_cpus: u64,
    /// Microseconds of processor time in each period; 0 or less is none.
    pub cpu_quota: i64,
    /// Microseconds of a period; 0 is a tenth of a second.
    pub cpu_period: u64,
    /// Weight against others when processors are short, 1024 being usual; 0 is unset.
    pub cpu_shares: u64,
    /// Processors that may be used, such as `0-2,4`; empty is all.
    pub cpuset_cpus: String,
    /// Memory nodes that may be used; empty is all.
    pub cpuset_mems: String,
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
            memory_swappiness: host.memory_swappiness,
            nano_cpus: host.nano_cpus,
            cpu_quota: host.cpu_quota,
            cpu_period: host.cpu_period,
            cpu_shares: host.cpu_shares,
            cpuset_cpus: host.cpuset_cpus.clone(),
            cpuset_mems: host.cpuset_mems.clone(),
            pids: host.pids_limit,
        }
    }

    /// Whether any limit is set.
    pub fn any(&self) -> bool {
        self.of_memory() || self.of_cpu() || self.of_cpuset() || self.pids > 0
    }

    /// Whether the memory controller is needed.
    pub(super) fn of_memory(&self) -> bool {
        self.memory > 0 || self.memory_reservation > 0 || self.memory_swappiness.is_some()
    }

    /// Whether the cpu controller is needed.
    pub(super) fn of_cpu(&self) -> bool {
        self.quota().is_some() || self.cpu_period > 0 || self.cpu_shares > 0
    }

    /// Whether the cpuset controller is needed.
    pub(super) fn of_cpuset(&self) -> bool {
        !self.cpuset_cpus.is_empty() || !self.cpuset_mems.is_empty()
    }

    /// Microseconds of processor time in each [`Limits::period`].
    pub(super) fn quota(&self) -> Option<u64> {
        match u64::try_from(self.cpu_quota) {
            Ok(quota) if quota > 0 => Some(quota),
            // The kernel accepts no quota below a thousand.
            _ if self.nano_cpus > 0 => Some((self.nano_cpus / 10_000).max(1000)),
            _ => None,
        }
    }

    /// Microseconds that the quota is counted over.
    pub(super) fn period(&self) -> u64 {
        if self.cpu_period > 0 {
            self.cpu_period
        } else {
            PERIOD
        }
    }

    /// The weight of version 2, 1 to 10000, for the shares of version 1, 2 to 262144. Source: runc
    /// `ConvertCPUSharesToCgroupV2Value`.
    pub(super) fn weight(&self) -> u64 {
        1 + (self.cpu_shares.clamp(2, 262_144) - 2) * 9999 / 262_142
    }
}

/// Refuses invalid values. Source: moby `daemon/daemon_unix.go`, `verifyPlatformContainerResources`.
pub fn validate(host: &HostConfig) -> Result<Vec<String>> {
    memory(host)?;
    processors(host)?;
    if !(-1000..=1000).contains(&host.oom_score_adj) {
        return Err(Error::invalid(format!(
            "Invalid value {}, range for oom score adj is [-1000, 1000]",
            host.oom_score_adj
        )));
    }
    Ok(Vec::new())
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
    let set = host.nano_cpus > 0;
    if set && host.cpu_period > 0 {
        return Err(Error::invalid(
            "Conflicting options: Nano CPUs and CPU Period cannot both be set",
        ));
    }
    if set && host.cpu_quota > 0 {
        return Err(Error::invalid(
            "Conflicting options: Nano CPUs and CPU Quota cannot both be set",
        ));
    }
    if host.cpu_period != 0 && !(1000..=1_000_000).contains(&host.cpu_period) {
        return Err(Error::invalid(
            "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
        ));
    }
    if (1..1000).contains(&host.cpu_quota) {
        return Err(Error::invalid(
            "CPU cfs quota can not be less than 1ms (i.e. 1000)",
        ));
    }
    // Counting the processors reads cgroup files; skip that when no limit is set.
    if set {
        let cpus = std::thread::available_parallelism().map_or(1, usize::from) as u64;
        if host.nano_cpus > 0 && !(10_000_000..=cpus * 1_000_000_000).contains(&host.nano_cpus) {
            return Err(Error::invalid(format!(
                "range of CPUs is from 0.01 to {cpus}.00, as there are only {cpus} CPUs available"
            )));
        }
    }
    available("cpus", "CPUs", &host.cpuset_cpus)?;
    available("mems", "Memory nodes", &host.cpuset_mems)
}

/// Refuses numbers of processors or memory nodes that the machine does not have.
fn available(field: &str, things: &str, asked: &str) -> Result<()> {
    if asked.is_empty() {
        return Ok(());
    }
    let Some(wanted) = numbers(asked) else {
        return Err(Error::invalid(format!(
            "Invalid value {asked} for cpuset {field}"
        )));
    };
    let path = match field {
        "cpus" => "/sys/devices/system/cpu/online",
        _ => "/sys/devices/system/node/online",
    };
    // A kernel without NUMA has only node 0.
    let online = std::fs::read_to_string(path).unwrap_or_else(|_| "0".to_owned());
    let there = numbers(online.trim()).unwrap_or_default();
    if wanted.iter().all(|number| there.contains(number)) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "Requested {things} are not available - requested {asked}, available: {}",
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
            |host| (host.nano_cpus, host.cpu_period) = (1, 5000),
            "and CPU Period",
        );
        check(
            |host| (host.nano_cpus, host.cpu_quota) = (1, 5000),
            "and CPU Quota",
        );
        check(
            |host| host.cpu_period = 999,
            "cfs period can not be less than 1ms",
        );
        check(
            |host| host.cpu_quota = 999,
            "cfs quota can not be less than 1ms",
        );
        check(
            |host| host.cpuset_cpus = "x".into(),
            "Invalid value x for cpuset cpus",
        );
        check(
            |host| host.cpuset_cpus = "8000".into(),
            "Requested CPUs are not available",
        );
        check(
            |host| host.cpuset_mems = "7000".into(),
            "Requested Memory nodes",
        );
        check(|host| host.oom_score_adj = 1001, "range for oom score adj");
        let sensible = HostConfig {
            memory: 64 << 20,
            cpuset_cpus: "0".into(),
            oom_score_adj: -1000,
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

    #[test]
    fn a_quota_is_given_in_time_or_in_processors() {
        let limits = |nano_cpus, cpu_quota| Limits {
            nano_cpus,
            cpu_quota,
            ..Limits::default()
        };
        assert_eq!(limits(500_000_000, 0).quota(), Some(50_000));
        assert_eq!(limits(0, 20_000).quota(), Some(20_000));
        assert_eq!(limits(0, -1).quota(), None);
    }
}
