//! `HEALTHCHECK`: a command that the monitor runs periodically in the container.
//!
//! **What Docker does.** `starting` until the first success; `unhealthy` after a number of consecutive failures, which
//! do not count during the start period. Source: moby `daemon/health.go`.

use super::Monitor;
use super::process::Process;
use crate::events::Action;
use crate::oci::config::Healthcheck;
use crate::runtime::plan;
use crate::store::containers::{Health, HealthProbe, ProcessConfig};
use jiff::Timestamp;
use std::time::{Duration, Instant};

/// The bytes kept of a probe's output.
const KEPT_OUTPUT: usize = 4096;
/// The number of probes kept.
const KEPT_PROBES: usize = 5;

/// Runs the probes of one container.
pub(super) struct Checker {
    command: Vec<String>,
    interval: Duration,
    timeout: Duration,
    start_period: Duration,
    start_interval: Duration,
    retries: u32,
    born: Instant,
    next: Instant,
    probe: Option<Probe>,
}

struct Probe {
    key: u32,
    started: Timestamp,
    give_up: Instant,
    timed_out: bool,
    output: Vec<u8>,
}

fn or_default(nanoseconds: i64, seconds: u64) -> Duration {
    match u64::try_from(nanoseconds) {
        Ok(n) if n > 0 => Duration::from_nanos(n),
        _ => Duration::from_secs(seconds),
    }
}

impl Checker {
    /// `None` if there is nothing to run.
    pub(super) fn new(check: Option<&Healthcheck>) -> Option<Self> {
        let check = check?;
        let command = match check.test.split_first()? {
            (kind, words) if kind == "CMD" && !words.is_empty() => words.to_vec(),
            (kind, [text]) if kind == "CMD-SHELL" => {
                vec!["/bin/sh".to_owned(), "-c".to_owned(), text.clone()]
            }
            _ => return None,
        };
        let interval = or_default(check.interval, 30);
        let start_period = or_default(check.start_period, 0);
        let start_interval = or_default(check.start_interval, 5);
        let now = Instant::now();
        let first = if start_period.is_zero() {
            interval
        } else {
            interval.min(start_interval)
        };
        Some(Self {
            command,
            interval,
            timeout: or_default(check.timeout, 30),
            start_period,
            start_interval,
            retries: u32::try_from(check.retries)
                .ok()
                .filter(|n| *n > 0)
                .unwrap_or(3),
            born: now,
            next: now + first,
            probe: None,
        })
    }

    /// The verdict before the first probe.
    pub(super) fn initial(&self) -> Health {
        Health {
            status: "starting".to_owned(),
            failing_streak: 0,
            log: Vec::new(),
        }
    }

    /// When it next needs attention.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.probe {
            Some(probe) if probe.timed_out => None,
            Some(probe) => Some(probe.give_up),
            None => Some(self.next),
        }
    }

    /// Whether the process is the current probe.
    pub(super) fn owns(&self, key: u32) -> bool {
        self.probe.as_ref().is_some_and(|probe| probe.key == key)
    }

    /// Collects output of the current probe.
    pub(super) fn collect(&mut self, bytes: &[u8]) {
        if let Some(probe) = &mut self.probe {
            let room = KEPT_OUTPUT.saturating_sub(probe.output.len());
            probe
                .output
                .extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    /// Evaluates a probe: the new status and streak.
    fn judge(&self, health: &Health, code: i32) -> (String, u32) {
        if code == 0 {
            return ("healthy".to_owned(), 0);
        }
        let starting = health.status == "starting" && self.born.elapsed() < self.start_period;
        if starting {
            return ("starting".to_owned(), health.failing_streak);
        }
        let streak = health.failing_streak + 1;
        let status = if streak >= self.retries {
            "unhealthy"
        } else {
            &health.status
        };
        (status.to_owned(), streak)
    }
}

impl Monitor {
    /// Starts a probe that is due, or ends one that takes too long.
    pub(super) fn check_health(&mut self) {
        let Some(checker) = &mut self.health else {
            return;
        };
        if let Some(probe) = &mut checker.probe {
            probe.timed_out = true;
            let key = probe.key;
            if let Some(process) = self.process_mut(key) {
                let _ = process.signal(libc::SIGKILL);
            }
            return;
        }
        let (command, timeout) = (checker.command.clone(), checker.timeout);
        let started = self.engine.now();
        let asked = ProcessConfig {
            entrypoint: Vec::new(),
            cmd: command,
            tty: false,
            ..self.config.process.clone()
        };
        let launched = plan::process(
            &asked,
            &self.config.host,
            &self.config.hostname,
            self.config.host.privileged,
        )
        .map_err(Into::into)
        .and_then(|planned| {
            self.run_inside(
                &plan::PlannedProcess {
                    init: false,
                    ..planned
                },
                false,
                None,
            )
        })
        .and_then(|running| {
            let key = self.next_key;
            self.next_key += 1;
            Ok(Process::new(key, running, false)?)
        });
        match launched {
            Ok(process) => {
                let probe = Probe {
                    key: process.key,
                    started,
                    give_up: Instant::now() + timeout,
                    timed_out: false,
                    output: Vec::new(),
                };
                self.processes.push(process);
                if let Some(checker) = &mut self.health {
                    checker.probe = Some(probe);
                }
            }
            Err(failure) => {
                let probe = HealthProbe {
                    start: started,
                    end: self.engine.now(),
                    exit_code: failure.code,
                    output: failure.text,
                };
                self.record_probe(probe);
            }
        }
    }

    /// Handles the end of the current probe.
    pub(super) fn end_probe(&mut self, code: i32) {
        let Some(probe) = self
            .health
            .as_mut()
            .and_then(|checker| checker.probe.take())
        else {
            return;
        };
        let mut output = String::from_utf8_lossy(&probe.output).into_owned();
        if probe.timed_out {
            output = "Health check exceeded timeout".to_owned();
        }
        self.record_probe(HealthProbe {
            start: probe.started,
            end: self.engine.now(),
            exit_code: if probe.timed_out { -1 } else { code },
            output,
        });
    }

    fn record_probe(&mut self, probe: HealthProbe) {
        let Some(checker) = &mut self.health else {
            return;
        };
        let mut health = self
            .state
            .health
            .take()
            .unwrap_or_else(|| checker.initial());
        let (status, streak) = checker.judge(&health, probe.exit_code);
        let waits = status == "starting" && checker.born.elapsed() < checker.start_period;
        checker.next = Instant::now()
            + if waits {
                checker.start_interval
            } else {
                checker.interval
            };
        let changed = status != health.status;
        health.status = status;
        health.failing_streak = streak;
        health.log.push(probe);
        if health.log.len() > KEPT_PROBES {
            health.log.remove(0);
        }
        let event = self.engine.event_of(&self.config, Action::HealthStatus);
        let event = event.of(&health.status);
        self.state.health = Some(health);
        self.save();
        if changed {
            self.record(event, &[]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checker(retries: i64, start_period: i64) -> Checker {
        let check = Healthcheck {
            test: vec!["CMD".into(), "true".into()],
            retries,
            start_period,
            ..Default::default()
        };
        Checker::new(Some(&check)).unwrap()
    }

    #[test]
    fn it_takes_failures_in_a_row_to_be_unhealthy() {
        let checker = checker(2, 0);
        let mut health = checker.initial();
        for (code, status, streak) in [
            (1, "starting", 1),
            (0, "healthy", 0),
            (1, "healthy", 1),
            (1, "unhealthy", 2),
        ] {
            (health.status, health.failing_streak) = checker.judge(&health, code);
            assert_eq!(
                (health.status.as_str(), health.failing_streak),
                (status, streak)
            );
        }
    }

    #[test]
    fn failures_in_the_start_period_do_not_count() {
        let checker = checker(1, i64::MAX);
        assert_eq!(
            checker.judge(&checker.initial(), 1),
            ("starting".to_owned(), 0)
        );
    }

    #[test]
    fn none_switches_it_off() {
        let none = Healthcheck {
            test: vec!["NONE".into()],
            ..Default::default()
        };
        assert!(Checker::new(Some(&none)).is_none() && Checker::new(None).is_none());
    }
}
