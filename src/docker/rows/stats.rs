//! `docker stats`.

use crate::docker::listing::Columns;
use crate::docker::value::{Struct, Value};
use crate::term::human::short_id;
use crate::term::human::{binary_size, size};
use engine::runtime::spec::Usage;
use std::time::Duration;

/// The columns of `docker stats`.
pub(crate) const COLUMNS: Columns = Columns {
    headers: &[
        ("Container", "CONTAINER"),
        ("Name", "NAME"),
        ("ID", "CONTAINER ID"),
        ("CPUPerc", "CPU %"),
        ("MemUsage", "MEM USAGE / LIMIT"),
        ("MemPerc", "MEM %"),
        ("NetIO", "NET I/O"),
        ("BlockIO", "BLOCK I/O"),
        ("PIDs", "PIDS"),
    ],
    table: "{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}",
    quiet: "{{.ID}}",
    raw: None,
};

/// Two samples of a container, and the time between them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample<'a> {
    /// The earlier sample.
    pub(crate) before: &'a Usage,
    /// The later sample.
    pub(crate) now: &'a Usage,
    /// The time between them.
    pub(crate) elapsed: Duration,
}

/// The share of one processor that was used between the two samples, in percent; 200 is two whole processors. `None`
/// without a cgroup.
pub(crate) fn cpu_percent(sample: Sample<'_>) -> Option<f64> {
    let used = sample
        .now
        .cpu?
        .checked_sub(sample.before.cpu?)
        .unwrap_or_default();
    match sample.elapsed.is_zero() {
        true => Some(0.0),
        false => Some(used.as_secs_f64() / sample.elapsed.as_secs_f64() * 100.0),
    }
}

/// The used share of the limit, in percent.
pub(crate) fn memory_percent(usage: &Usage) -> Option<f64> {
    match (usage.memory?, usage.memory_limit?) {
        (_, 0) => Some(0.0),
        (used, limit) => Some(used as f64 / limit as f64 * 100.0),
    }
}

/// One row. `asked` is the container as the user named it; `sample` is `None` for a stopped one.
pub(crate) fn row(
    asked: &str,
    id: &str,
    name: &str,
    sample: Option<Sample<'_>>,
    truncate: bool,
) -> Value {
    let usage = sample.map(|sample| sample.now);
    let dashes = || "--".to_owned();
    let percent = |share: Option<f64>| share.map_or_else(dashes, |share| format!("{share:.2}%"));
    let pair = |(a, b): (u64, u64)| format!("{} / {}", size(a), size(b));
    let binary = |bytes: Option<u64>| bytes.map_or_else(dashes, binary_size);
    let memory = usage.map_or((None, None), |usage| (usage.memory, usage.memory_limit));
    let pids = usage.and_then(|usage| usage.pids);
    Struct::row("*container.statsContext")
        .with(
            "BlockIO",
            usage.map_or_else(dashes, |usage| pair(usage.block)),
        )
        .with("CPUPerc", percent(sample.and_then(cpu_percent)))
        .with("Container", asked)
        .with("ID", if truncate { short_id(id) } else { id })
        .with("MemPerc", percent(usage.and_then(memory_percent)))
        .with(
            "MemUsage",
            format!("{} / {}", binary(memory.0), binary(memory.1)),
        )
        .with("Name", if name.is_empty() { "--" } else { name })
        .with(
            "NetIO",
            usage.map_or_else(dashes, |usage| pair(usage.network)),
        )
        .with("PIDs", pids.map_or_else(dashes, |count| count.to_string()))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(cpu_ms: u64) -> Usage {
        Usage {
            cpu: Some(Duration::from_millis(cpu_ms)),
            memory: Some(16 << 20),
            memory_limit: Some(64 << 20),
            pids: Some(1),
            network: (1_086, 0),
            block: (0, 4_096),
        }
    }

    #[test]
    fn figures_are_told_as_docker_tells_them() {
        let (before, now) = (usage(1_000), usage(2_500));
        let sample = Sample {
            before: &before,
            now: &now,
            elapsed: Duration::from_secs(1),
        };
        let row = row(
            "c1",
            &"0123456789abcdef".repeat(4),
            "c1",
            Some(sample),
            true,
        );
        assert_eq!(
            COLUMNS.render(None, false, &[row]).unwrap(),
            concat!(
                "CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT   MEM %     NET I/O       BLOCK I/O    PIDS\n",
                "0123456789ab   c1        150.00%   16MiB / 64MiB       25.00%    1.09kB / 0B   0B / 4.1kB   1\n"
            )
        );
    }

    #[test]
    fn a_container_that_does_not_run_has_dashes() {
        let row = row("c1", "0123", "c1", None, true);
        let format = Some("{{.CPUPerc}}|{{.MemUsage}}|{{.MemPerc}}|{{.NetIO}}|{{.PIDs}}");
        assert_eq!(
            COLUMNS.render(format, false, &[row]).unwrap(),
            "--|-- / --|--|--|--\n"
        );
    }

    #[test]
    fn a_counter_that_went_back_is_no_use_at_all() {
        let (before, now) = (usage(5_000), usage(1_000));
        let sample = Sample {
            before: &before,
            now: &now,
            elapsed: Duration::from_secs(1),
        };
        assert_eq!(cpu_percent(sample), Some(0.0));
        let instant = Sample {
            elapsed: Duration::ZERO,
            ..sample
        };
        assert_eq!(cpu_percent(instant), Some(0.0));
        assert_eq!(memory_percent(&Usage::default()), None);
    }
}
