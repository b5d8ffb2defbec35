//! The flags that limit a container's resources: of `run` and `create`, and of `update`.

use crate::docker::values;
use crate::failure::CommandResult;
use engine::Error;
use engine::runtime::spec::UpdateRequest;
use engine::store::containers::HostConfig;

/// Limits that can be changed later.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct ResourceFlags {
    /// Limit CPU CFS (Completely Fair Scheduler) period
    #[arg(long, value_name = "int", value_parser = values::int)]
    cpu_period: Option<i64>,
    /// Limit CPU CFS (Completely Fair Scheduler) quota
    #[arg(long, value_name = "int", value_parser = values::int)]
    cpu_quota: Option<i64>,
    /// CPU shares (relative weight)
    #[arg(short, long, value_name = "int", value_parser = values::int)]
    cpu_shares: Option<i64>,
    /// Number of CPUs
    #[arg(long, value_name = "decimal", value_parser = values::decimal_cpus)]
    cpus: Option<u64>,
    /// CPUs in which to allow execution (0-3, 0,1)
    #[arg(long, value_name = "string")]
    cpuset_cpus: Option<String>,
    /// MEMs in which to allow execution (0-3, 0,1)
    #[arg(long, value_name = "string")]
    cpuset_mems: Option<String>,
    /// Memory limit
    #[arg(short, long, value_name = "bytes", value_parser = values::bytes)]
    memory: Option<u64>,
    /// Memory soft limit
    #[arg(long, value_name = "bytes", value_parser = values::bytes)]
    memory_reservation: Option<u64>,
    /// Swap limit equal to memory plus swap: '-1' to enable unlimited swap
    #[arg(long, value_name = "bytes", value_parser = values::memory_swap)]
    memory_swap: Option<i64>,
    /// Tune container pids limit (set -1 for unlimited)
    #[arg(long, value_name = "int", value_parser = values::int)]
    pids_limit: Option<i64>,
}

/// Limits that are set once.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct FixedResourceFlags {
    /// Tune container memory swappiness (0 to 100)
    #[arg(long, value_name = "int", default_value = "-1", value_parser = values::int)]
    memory_swappiness: i64,
    /// Tune host's OOM preferences (-1000 to 1000)
    #[arg(long, value_name = "int", default_value = "0", hide_default_value = true, value_parser = values::int)]
    oom_score_adj: i64,
}

impl ResourceFlags {
    /// Whether no limit is given.
    pub(super) fn is_empty(&self) -> bool {
        let numbers = [
            self.cpu_period,
            self.cpu_quota,
            self.cpu_shares,
            self.memory_swap,
            self.pids_limit,
        ];
        let sizes = [self.cpus, self.memory, self.memory_reservation];
        numbers.iter().all(Option::is_none)
            && sizes.iter().all(Option::is_none)
            && self.cpuset_cpus.is_none()
            && self.cpuset_mems.is_none()
    }

    /// The update request for the engine.
    pub(super) fn update(&self) -> UpdateRequest {
        UpdateRequest {
            memory: self.memory,
            memory_swap: self.memory_swap,
            memory_reservation: self.memory_reservation,
            nano_cpus: self.cpus,
            cpu_shares: self.cpu_shares.map(positive),
            cpu_period: self.cpu_period.map(positive),
            cpu_quota: self.cpu_quota,
            cpuset_cpus: self.cpuset_cpus.clone(),
            cpuset_mems: self.cpuset_mems.clone(),
            // 0 means not given; less than 0 means no limit.
            pids_limit: self.pids_limit.map(|limit| limit.max(-1)),
            restart: None,
        }
    }

    /// Applies the flags of `run` and `create`.
    pub(super) fn apply(&self, host: &mut HostConfig) {
        host.memory = self.memory.unwrap_or(0);
        host.memory_swap = self.memory_swap.unwrap_or(0);
        host.memory_reservation = self.memory_reservation.unwrap_or(0);
        host.nano_cpus = self.cpus.unwrap_or(0);
        host.cpu_shares = self.cpu_shares.map_or(0, positive);
        host.cpu_period = self.cpu_period.map_or(0, positive);
        host.cpu_quota = self.cpu_quota.unwrap_or(0);
        host.cpuset_cpus = self.cpuset_cpus.clone().unwrap_or_default();
        host.cpuset_mems = self.cpuset_mems.clone().unwrap_or_default();
        host.pids_limit = self.pids_limit.unwrap_or(0).max(0);
    }
}

impl FixedResourceFlags {
    /// Applies the flags of `run` and `create`.
    pub(super) fn apply(&self, host: &mut HostConfig) -> CommandResult {
        let swappiness = self.memory_swappiness;
        if !(-1..=100).contains(&swappiness) {
            return Err(Error::invalid(format!(
                "Invalid value: {swappiness}, valid memory swappiness range is 0-100"
            ))
            .into());
        }
        host.memory_swappiness = u8::try_from(swappiness).ok();
        // A value that does not fit is outside the engine's range, and refused there.
        host.oom_score_adj = i32::try_from(self.oom_score_adj).unwrap_or(i32::MAX);
        Ok(())
    }
}

/// The kernel's minimum is positive; a negative number becomes a far too large one, which is refused there.
fn positive(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
