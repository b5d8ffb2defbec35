//! `State`: the current state of a container, and how it ended.

use crate::docker::timestamps::{rfc3339_nano, rfc3339_nano_or_zero};
use crate::docker::value::{Struct, Value};
use engine::runtime::spec::{Container, Status};
use engine::store::containers::{Health, HealthProbe};

/// The state of `container`.
pub(super) fn state(container: &Container) -> Struct {
    let (status, recorded) = (container.status, &container.state);
    let pid = if status.is_alive() { recorded.pid } else { 0 };
    Struct::new("container.State")
        .with("Status", status.word())
        // Docker calls a paused container running, and also one that waits for its restart policy.
        .with("Running", status.is_alive() || status == Status::Restarting)
        .with("Paused", status == Status::Paused)
        .with("Restarting", status == Status::Restarting)
        .with("OOMKilled", recorded.oom_killed)
        .with("Dead", status == Status::Dead)
        .with("Pid", pid)
        .with(
            "ExitCode",
            if status.is_alive() {
                0
            } else {
                recorded.exit_code
            },
        )
        .with("Error", &recorded.error)
        .with("StartedAt", rfc3339_nano_or_zero(recorded.started_at))
        .with("FinishedAt", rfc3339_nano_or_zero(recorded.finished_at))
        .with_unless_empty("Health", recorded.health.as_ref().map(health))
}

fn health(health: &Health) -> Struct {
    let probe = |probe: &HealthProbe| {
        Value::from(
            Struct::new("container.HealthcheckResult")
                .with("Start", rfc3339_nano(probe.start))
                .with("End", rfc3339_nano(probe.end))
                .with("ExitCode", probe.exit_code)
                .with("Output", &probe.output),
        )
    };
    Struct::new("container.Health")
        .with("Status", &health.status)
        .with("FailingStreak", health.failing_streak)
        .with("Log", Value::list(health.log.iter().map(probe)))
}
