//! Waiting for goals with `within` and `stable`, around [`evaluate()`], which never waits.
//!
//! What is waited on is the journal: a goal can only come true after something happened. No file watching, which
//! does not work on network homes, and no fixed sleeping.

use crate::evaluate::{Attempt, evaluate};
use crate::exercise::Exercise;
use crate::report::{Report, Verdict};
use crate::world::World;
use std::time::Duration;

/// Where worlds come from, and how to wait for the next.
pub trait Source {
    /// The world to look at; each judgement looks anew.
    fn world(&self) -> &dyn World;
    /// Waits until the journal has grown or `limit` has passed, whichever is first.
    fn wait(&mut self, limit: Duration);
    /// The time since some fixed moment.
    fn now(&self) -> Duration;
    /// How long ago the last line of the journal was written: for so long nothing has changed.
    fn quiet(&self) -> Duration;
}

/// Between two looks at things that leave no line in the journal, such as a server that begins to answer.
const STEP: Duration = Duration::from_millis(100);

/// Judges `exercise`, and again as long as a goal that has `within` may still come true, or one that has `stable` has
/// not been true for long enough.
pub fn settle(exercise: &Exercise, attempt: &Attempt, source: &mut dyn Source) -> Report {
    let start = source.now();
    // Since when each goal has been passing without a break.
    let mut since: Vec<Option<Duration>> = vec![None; exercise.goals.len()];
    loop {
        let report = evaluate(exercise, source.world(), attempt);
        let now = source.now();
        // What passes now has passed since the last thing that happened.
        let calm = now.saturating_sub(source.quiet());
        let mut rest: Option<Duration> = None;
        for (index, goal) in report.goals.iter().enumerate() {
            let passing = goal.verdict == Verdict::Pass;
            since[index] = if passing {
                since[index].or(Some(calm))
            } else {
                None
            };
            let left = match (passing, goal.within_ms, goal.stable_ms, since[index]) {
                (true, _, Some(stable), Some(since)) => {
                    Duration::from_millis(stable).saturating_sub(now.saturating_sub(since))
                }
                (false, Some(within), _, _) if goal.verdict != Verdict::CantCheck => {
                    Duration::from_millis(within).saturating_sub(now.saturating_sub(start))
                }
                _ => Duration::ZERO,
            };
            if !left.is_zero() {
                rest = Some(rest.map_or(left, |rest| rest.min(left)));
            }
        }
        match rest {
            None => return report,
            Some(rest) => source.wait(rest.min(STEP)),
        }
    }
}
