//! **E11** An attempt to accept is rejected.
//!
//! Rejecting a correct solution is worse than having no check. Only the required result counts, not the way to it.

use super::observe::Observation;
use super::solution::passes;
use super::trial::Kind;
use crate::exercise::Exercise;
use crate::problem::Problem;

pub(crate) fn problems(exercise: &Exercise, seen: &[Observation]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for one in seen {
        if let Kind::Accept(index) = one.trial.kind
            && let Some(attempt) = exercise.accept.get(index)
        {
            passes(attempt, one, "attempt to accept", "E11", &mut problems);
        }
    }
    problems
}
