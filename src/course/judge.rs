//! Judging an exercise in its own sandbox.

use crate::course::workspace::{Workbench, find};
use crate::env::Env;
use crate::failure::CommandResult;
use checker::world::engine::EngineSource;
use checker::{Attempt, Report, evaluate, wait};
use lessons::catalog::Catalog;
use lessons::progress::ExerciseRecord;
use std::time::Duration;

/// How long a check may wait for something that takes a moment, such as a server that starts to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Not at all.
    None,
    /// A moment, between two lines: the effect of what just happened may still be on its way.
    Briefly,
    /// As long as the author wrote.
    AsWritten,
}

/// A prompt must not take longer than this.
const BRIEFLY: Duration = Duration::from_millis(800);

/// Judges the exercise `id`, which is set up. `record` is what the progress file says about the learner's work on it.
pub(crate) fn judge(
    env: &Env,
    catalog: &Catalog,
    id: &str,
    record: Option<&ExerciseRecord>,
    patience: Patience,
) -> CommandResult<Box<Report>> {
    let exercise = find(catalog, id)?;
    let bench = Workbench::new(env, catalog, id)?;
    let world = bench.world()?;
    let attempt = Attempt {
        number: record.map_or(0, |record| record.attempts) + 1,
        answers: record
            .map(|record| record.answers.clone())
            .unwrap_or_default(),
    };
    Ok(Box::new(match patience {
        Patience::None => evaluate(exercise, &world, &attempt),
        Patience::Briefly => {
            let mut exercise = exercise.clone();
            for goal in &mut exercise.goals {
                goal.within = goal.within.map(|within| within.min(BRIEFLY));
            }
            wait::settle(&exercise, &attempt, &mut EngineSource::new(world))
        }
        Patience::AsWritten => wait::settle(exercise, &attempt, &mut EngineSource::new(world)),
    }))
}
