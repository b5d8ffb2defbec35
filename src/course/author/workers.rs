//! Runs trials in parallel, with one worker per processor.

use super::execute::try_out;
use crate::env::Env;
use checker::Exercise;
use checker::author::observe::Observation;
use checker::author::trial::Trial;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Runs `trials`, each with the index of its exercise; calls `done` after each one. Returns the observations in the
/// order of `trials`.
pub(super) fn try_all(
    env: &Env,
    exercises: &[Exercise],
    trials: Vec<(usize, Trial)>,
    jobs: usize,
    done: &(dyn Fn() + Sync),
) -> Vec<(usize, Observation)> {
    let next = AtomicUsize::new(0);
    let seen: Mutex<Vec<(usize, usize, Observation)>> = Mutex::new(Vec::new());
    let ports = Mutex::new(());
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some((owner, trial)) = trials.get(number) else {
                        return;
                    };
                    let exercise = &exercises[*owner];
                    // The lock still works after a worker has panicked.
                    let alone = trial
                        .takes_ports(exercise)
                        .then(|| ports.lock().unwrap_or_else(PoisonError::into_inner));
                    let one = try_out(env, exercise, trial.clone(), number);
                    drop(alone);
                    done();
                    if let Ok(mut seen) = seen.lock() {
                        seen.push((number, *owner, one));
                    }
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
