//! Judging an exercise in its own sandbox.

use crate::course::workspace::{Workbench, find};
use crate::env::Env;
use crate::failure::CommandResult;
use checker::world::engine::EngineSource;
use checker::{Attempt, Report, evaluate, wait};
use engine::events::{Action, Event};
use lessons::catalog::Catalog;
use lessons::progress::ExerciseRecord;
use lessons::session::exercise_sandbox;
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

/// Where and why the last build in the exercise `id` failed; `None` if it did not, or there was none.
pub(crate) fn last_failed_build(env: &Env, id: &str) -> CommandResult<Option<String>> {
    let journal = env.home.sandbox(&exercise_sandbox(id))?.journal();
    let events = engine::events::read_from(&journal, 0)?.0;
    let is_build = |event: &&Event| event.what() == Some(Action::Build);
    let last = events.iter().rev().find(is_build);
    Ok(last.filter(|event| has_failed(event)).map(failed_build))
}

/// A fact of an event, if it is a text.
pub(crate) fn fact<'a>(event: &'a Event, name: &str) -> &'a str {
    let value = event.facts.get(name).and_then(|value| value.as_str());
    value.unwrap_or_default()
}

/// Whether it is a build that made no image.
pub(crate) fn has_failed(event: &Event) -> bool {
    event.facts.get("success").and_then(|value| value.as_bool()) == Some(false)
}

/// Where and why a build failed.
pub(crate) fn failed_build(event: &Event) -> String {
    let line = event.facts.get("line").and_then(|value| value.as_u64());
    let place = match line {
        Some(line) => format!(" at line {line}, `{}`", fact(event, "instruction")),
        None => String::new(),
    };
    let error = fact(event, "error");
    // The cache is no concern of a learner whose file is missing.
    let error = error
        .rsplit_once("failed to calculate checksum: ")
        .map_or(error, |(_, rest)| rest);
    format!("The last build failed{place}: {error}. It made no image.")
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_build_is_named_with_its_line() {
        let event: Event = serde_json::from_value(serde_json::json!({
            "time": "2026-01-01T00:00:00Z", "type": "builder", "action": "build", "id": "", "via": "build",
            "facts": { "success": false, "line": 4, "instruction": "COPY /x /x", "error": "failed to compute cache key: failed to calculate checksum: /x: not found" },
        }))
        .unwrap();
        assert!(has_failed(&event));
        assert_eq!(
            failed_build(&event),
            "The last build failed at line 4, `COPY /x /x`: /x: not found. It made no image."
        );
    }
}
