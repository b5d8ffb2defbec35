//! Trials in parallel, a worker for each processor.

use super::execute::try_out;
use crate::env::Env;
use checker::Exercise;
use checker::author::observe::Observation;
use checker::author::trial::Trial;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Carries out `trials`, each with the index of its exercise; `told` is called after each one. The order of what is
/// returned is that of `trials`.
pub(super) fn try_all(
    env: &Env,
    exercises: &[Exercise],
    trials: Vec<(usize, Trial)>,
    jobs: usize,
    told: &(dyn Fn() + Sync),
) -> Vec<(usize, Observation)> {
    let next = AtomicUsize::new(0);
    let seen: Mutex<Vec<(usize, usize, Observation)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some((owner, trial)) = trials.get(number) else {
                        return;
                    };
                    let one = try_out(env, &exercises[*owner], trial.clone(), number);
                    told();
                    if let Ok(mut seen) = seen.lock() {
                        seen.push((number, *owner, one));
                    }
                }
            });
        }
    });
    let mut seen = seen
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    seen.sort_by_key(|(number, _, _)| *number);
    seen.into_iter()
        .map(|(_, owner, one)| (owner, one))
        .collect()
}
