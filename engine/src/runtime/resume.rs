//! Containers that ended with a session or the machine: reported once, and restarted if their restart policy says so.
//!
//! **What Docker does.** Its daemon starts with the machine, and starts containers with `--restart always`, and those
//! with `unless-stopped` that were not stopped by a user.
//! **What we do.** There is no daemon, so the next command in the sandbox does it first: the first one after a boot,
//! and the first one after a monitor was killed or asked to end. A file with the boot id marks that it is done; cutting
//! a container off removes the file.
//! **Try it.** `docker run -d --restart always --name web busybox sleep 600`, `kill` its monitor, `docker ps`.

use super::spec::{Container, StartOptions, Status};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::paths::SandboxPaths;
use crate::store::containers::{RecordedState, RestartPolicy};
use crate::store::{atomic, records};
use crate::sys::process;
use std::fs;

/// The result, by container names.
#[derive(Debug, Default)]
pub struct Resumed {
    /// Restarted, with the policy that required it.
    pub started: Vec<(String, &'static str)>,
    /// They could not be restarted.
    pub failed: Vec<(String, Error)>,
    /// They ended with the machine.
    pub ended_with_machine: Vec<String>,
    /// They ended with their session, or their monitor was killed.
    pub ended_with_session: Vec<String>,
}

/// Records that a container was cut off: the next command looks for containers to restart.
pub(super) fn is_due(sandbox: &SandboxPaths) {
    let _ = fs::remove_file(sandbox.boot());
}

impl Engine {
    /// Restarts what must be restarted, and returns what has ended; `None` if there is nothing to check.
    pub fn resume(&self) -> Result<Option<Resumed>> {
        let boot = process::boot_id();
        let marker = self.sandbox.boot();
        if fs::read(&marker).is_ok_and(|seen| seen == boot.as_bytes()) {
            return Ok(None);
        }
        let containers = self.containers()?;
        // Before anything is started, so that a failing start is not retried by every command.
        atomic::write_unseen(&marker, boot.as_bytes())?;
        let mut engine = self.clone();
        engine.via = "monitor".to_owned();
        let mut found = Resumed::default();
        for container in containers {
            if container.status == Status::Exited {
                restart(&engine, container, &boot, &mut found)?;
            }
        }
        Ok(Some(found))
    }
}

fn restart(
    engine: &Engine,
    mut container: Container,
    boot: &str,
    found: &mut Resumed,
) -> Result<()> {
    let name = container.config.name.clone();
    if let Some(policy) = wanted_by(&container.config.host.restart, &container.state, boot) {
        match engine.start(&name, StartOptions::default()) {
            Ok(_) => found.started.push((name, policy)),
            Err(error) => found.failed.push((name, error)),
        }
        return Ok(());
    }
    if !container.state.cut_off {
        return Ok(());
    }
    container.state.cut_off = false;
    records::write_state(&engine.sandbox, &container.config.id, &container.state)?;
    match container.state.boot_id == boot {
        true => found.ended_with_session.push(name),
        false => found.ended_with_machine.push(name),
    }
    Ok(())
}

/// The policy by which an ended container must be started in this `boot`.
/// Source: <https://docs.docker.com/engine/containers/start-containers-automatically/>.
fn wanted_by(policy: &RestartPolicy, state: &RecordedState, boot: &str) -> Option<&'static str> {
    let was_started = state.start_count > 0;
    let is_new_boot = was_started && state.boot_id != boot;
    match policy {
        RestartPolicy::Always if is_new_boot || state.cut_off => Some("always"),
        RestartPolicy::UnlessStopped
            if (is_new_boot || state.cut_off) && !state.stopped_by_user =>
        {
            Some("unless-stopped")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_restarts_what_dockers_daemon_would_at_its_start() {
        const ALWAYS: RestartPolicy = RestartPolicy::Always;
        const UNLESS: RestartPolicy = RestartPolicy::UnlessStopped;
        const FAILURE: RestartPolicy = RestartPolicy::OnFailure { max: 0 };
        // Policy, the boot of its last run, cut off, stopped by the user, and whether it starts.
        for (policy, boot, cut_off, stopped, expected) in [
            (ALWAYS, "old", false, true, true),
            (ALWAYS, "old", true, false, true),
            (ALWAYS, "new", true, false, true),
            (ALWAYS, "new", false, true, false),
            (UNLESS, "old", false, true, false),
            (UNLESS, "old", true, false, true),
            (UNLESS, "new", true, false, true),
            (FAILURE, "old", true, false, false),
            (RestartPolicy::No, "old", true, false, false),
        ] {
            let mut state = RecordedState {
                boot_id: boot.to_owned(),
                cut_off,
                stopped_by_user: stopped,
                start_count: 1,
                ..RecordedState::default()
            };
            let starts = |state: &RecordedState| wanted_by(&policy, state, "new").is_some();
            assert_eq!(
                starts(&state),
                expected,
                "{policy:?} {boot} {cut_off} {stopped}"
            );
            state.start_count = 0;
            state.cut_off = false;
            assert!(!starts(&state), "a container that never ran");
        }
    }
}
