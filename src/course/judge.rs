//! Judging an exercise in its own sandbox.

use crate::course::workspace::{Workbench, find};
use crate::env::Env;
use crate::failure::CommandResult;
use checker::world::engine::EngineSource;
use checker::{Attempt, Report, evaluate, wait};
use lessons::catalog::Catalog;
use lessons::progress::ExerciseRecord;
use std::time::Duration;

/// How long a check may wait for what takes a moment, such as a server that begins to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Not at all.
    None,
    /// A moment, between two lines: after something happened that may still show its effect.
    Briefly,
    /// As long as the author said.
    AsWritten,
}

/// Longer than this nobody should wait for a prompt.
const BRIEFLY: Duration = Duration::from_millis(800);

/// Judges the exercise `id`, which is set up. `record` is what is known of the learner's work on it.
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
