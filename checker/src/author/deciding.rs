//! **E13** A condition that decides nothing.
//!
//! If the condition alone keeps no failing trial from passing, then its goal would be the same without it. Either it
//! duplicates another condition, or the mistake that it is for is missing from the wrong attempts.

use super::observe::Observation;
use crate::checks::Condition;
use crate::exercise::Exercise;
use crate::problem::{Place, Problem};
use std::collections::BTreeSet;

pub(crate) fn problems(exercise: &Exercise, seen: &[Observation]) -> Vec<Problem> {
    let last_counts = |one: &&Observation| one.trial.kind.must_fail();
    let mut decisive: BTreeSet<(usize, usize)> = BTreeSet::new();
    for one in seen {
        for look in &one.looks {
            // The looks before the end of a solution are trials that must fail.
            if last_counts(&one) || look.after < one.trial.steps.len() {
                decisive.extend(&look.decisive);
            }
        }
    }
    let mut problems = Vec::new();
    for (at, goal) in exercise.goals.iter().enumerate() {
        for (index, condition) in goal.check.iter().enumerate() {
            if !decisive.contains(&(at, index)) {
                problems.push(
                    place(condition)
                        .unwrap_or(&goal.at)
                        .problem(format!(
                            "this condition of the goal `{}` decides nothing",
                            goal.id
                        ))
                        .of_rule("E13")
                        .expected("no trial is rejected by it alone")
                        .with_help("add a wrong attempt that only it rejects, or leave it out"),
                );
            }
        }
    }
    problems
}

fn place(condition: &Condition) -> Option<&Place> {
    match condition {
        Condition::Check(check) => Some(&check.at),
        Condition::Answer(_) => None,
        Condition::Not(inner) | Condition::All(inner) | Condition::Any(inner) => {
            inner.iter().find_map(place)
        }
    }
}
