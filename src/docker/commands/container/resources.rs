//! The flags that limit a container's resources: of `run` and `create`, and of `update`.

use crate::docker::values;
use engine::runtime::spec::UpdateRequest;
use engine::store::containers::HostConfig;

/// Limits that can be changed later.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct ResourceFlags {
    /// CPU shares (relative weight)
    #[arg(short, long, value_name = "int", value_parser = values::int)]
    cpu_shares: Option<i64>,
    /// Number of CPUs
    #[arg(long, value_name = "decimal", value_parser = values::decimal_cpus)]
    cpus: Option<u64>,
    /// CPUs in which to allow execution (0-3, 0,1)
    #[arg(long, value_name = "string")]
    cpuset_cpus: Option<String>,
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

impl ResourceFlags {
    /// Whether no limit is given.
    pub(super) fn is_empty(&self) -> bool {
        let numbers = [self.cpu_shares, self.memory_swap, self.pids_limit];
        let sizes = [self.cpus, self.memory, self.memory_reservation];
        numbers.iter().all(Option::is_none)
            && sizes.iter().all(Option::is_none)
            && self.cpuset_cpus.is_none()
    }

    /// The update request for the engine.
    pub(super) fn update(&self) -> UpdateRequest {
        UpdateRequest {
            memory: self.memory,
            memory_swap: self.memory_swap,
            memory_reservation: self.memory_reservation,
            nano_cpus: self.cpus,
            cpu_shares: self.cpu_shares.map(positive),
            cpuset_cpus: self.cpuset_cpus.clone(),
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
        host.cpuset_cpus = self.cpuset_cpus.clone().unwrap_or_default();
        host.pids_limit = self.pids_limit.unwrap_or(0).max(0);
    }
}

/// The kernel's minimum is positive; a negative number becomes a far too large one, which is refused there.
fn positive(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
