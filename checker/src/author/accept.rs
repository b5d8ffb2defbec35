//! **E11** An attempt to accept is rejected.
//!
//! Right work that is told to be wrong is worse than no check. What counts is what the exercise asks for, not how it
//! was reached.

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
