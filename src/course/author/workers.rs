//! Runs trials in parallel. Most of a trial is waiting, for processes to start and to end, so there are more workers than
//! processors.

use super::execute::try_out;
use crate::env::Env;
use checker::Exercise;
use checker::author::observe::Observation;
use checker::author::trial::Trial;
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How many workers there are for each processor.
const WORKERS: usize = 7;

/// How many trials to run at a time if the caller does not say.
pub(super) fn default_jobs() -> usize {
    WORKERS * std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// A trial that waits for a worker.
struct Waiting {
    number: usize,
    owner: usize,
    trial: Trial,
    /// Trials of one group use the same ports of the machine and run one at a time.
    group: Option<usize>,
}

/// The trials that wait, and the groups of which one runs.
struct Queue {
    waiting: VecDeque<Waiting>,
    busy: BTreeSet<usize>,
}

impl Queue {
    /// The first trial that can run now; it is taken out, and its group is busy.
    fn take(&mut self) -> Option<Waiting> {
        let can_run = |one: &Waiting| one.group.is_none_or(|group| !self.busy.contains(&group));
        let at = self.waiting.iter().position(can_run)?;
        let one = self.waiting.remove(at)?;
        self.busy.extend(one.group);
        Some(one)
    }
}

/// Runs `trials`, each with the index of its exercise; calls `done` after each one. Returns the observations in the
/// order of `trials`.
pub(super) fn try_all(
    env: &Env,
    exercises: &[Exercise],
    trials: Vec<(usize, Trial)>,
    jobs: usize,
    done: &(dyn Fn() + Sync),
) -> Vec<(usize, Observation)> {
    let groups = groups(exercises);
    let mut waiting: Vec<Waiting> = trials
        .into_iter()
        .enumerate()
        .map(|(number, (owner, trial))| Waiting {
            number,
            owner,
            group: trial.takes_ports(&exercises[owner]).then(|| groups[owner]),
            trial,
        })
        .collect();
    // Those that wait for each other begin first, so that they do not run alone at the end.
    waiting.sort_by_key(|one| one.group.is_none());
    let queue = Mutex::new(Queue {
        waiting: waiting.into(),
        busy: BTreeSet::new(),
    });
    let freed = Condvar::new();
    let seen: Mutex<Vec<(usize, usize, Observation)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                while let Some(one) = next(&queue, &freed) {
                    let observed =
                        try_out(env, &exercises[one.owner], one.trial.clone(), one.number);
                    if let Some(group) = one.group {
                        lock(&queue).busy.remove(&group);
                        freed.notify_all();
                    }
                    done();
                    lock(&seen).push((one.number, one.owner, observed));
                }
            });
        }
    });
    let mut seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    seen.sort_by_key(|(number, _, _)| *number);
    seen.into_iter()
        .map(|(_, owner, one)| (owner, one))
        .collect()
}

/// The next trial, as soon as one can run; `None` if all have begun.
fn next(queue: &Mutex<Queue>, freed: &Condvar) -> Option<Waiting> {
    let mut queue = lock(queue);
    loop {
        if let Some(one) = queue.take() {
            return Some(one);
        }
        if queue.waiting.is_empty() {
            return None;
        }
        queue = freed.wait(queue).unwrap_or_else(PoisonError::into_inner);
    }
}

/// The lock also works after a worker has panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For each exercise a number, the same for two that may use the same port of the machine. An exercise with ports of its
/// own shares them with no other; the ports of the rest are unknown.
fn groups(exercises: &[Exercise]) -> Vec<usize> {
    let is_own = |at: usize| {
        let ports = &exercises[at].ports;
        let others = exercises
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at);
        let shared = others
            .flat_map(|(_, one)| &one.ports)
            .any(|port| ports.contains(port));
        !ports.is_empty() && !shared
    };
    (0..exercises.len())
        .map(|at| if is_own(at) { at + 1 } else { 0 })
        .collect()
}
