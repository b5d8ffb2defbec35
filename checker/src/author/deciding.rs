//! **E13** A condition that decides nothing.
//!
//! If the condition alone keeps no failing trial from passing, then its goal would be the same without it. Either it
//! duplicates another condition, or the mistake that it is for is missing from the wrong attempts.
//!
//! **E12** A diagnosis that no trial produces.
//!
//! A message that no trial produces is untested. Either an earlier diagnosis catches the mistake, or no wrong attempt
//! makes it.
//!
//! **E14** A verdict differs between repeats. **E15** Checking changed the state.
//!
//! Either makes the verdict depend on luck: the second `check` could report something else.

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

pub(crate) fn unproduced(exercise: &Exercise, seen: &[Observation]) -> Vec<Problem> {
    let produced: BTreeSet<&str> = seen
        .iter()
        .flat_map(|one| &one.looks)
        .flat_map(|look| &look.report.goals)
        .filter_map(|goal| goal.diagnosis.as_ref())
        .map(|diagnosis| diagnosis.id.as_str())
        .collect();
    exercise
        .goals
        .iter()
        .flat_map(|goal| &goal.diagnoses)
        .filter(|diagnosis| !produced.contains(diagnosis.id.as_str()))
        .map(|diagnosis| {
            diagnosis
                .at
                .problem(format!(
                    "no trial produces the diagnosis `{}`",
                    diagnosis.id
                ))
                .of_rule("E12")
                .with_help(
                    "add a wrong attempt that expects it, or move it before those that hide it",
                )
        })
        .collect()
}

pub(crate) fn unsteady(exercise: &Exercise, seen: &[Observation]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for one in seen {
        let name = one.trial.kind.describe(exercise);
        if one.looks.iter().any(|look| !look.repeats) {
            problems.push(
                exercise
                    .at
                    .problem(format!("a second look gives another verdict ({name})"))
                    .of_rule("E14")
                    .with_help("give the goal `within` or `stable`, or check what does not change"),
            );
        }
        if one.looks.iter().any(|look| !look.untouched) {
            problems.push(
                exercise
                    .at
                    .problem(format!("checking changed the state ({name})"))
                    .of_rule("E15")
                    .with_help("this is a fault of docklings: please report it"),
            );
        }
    }
    problems
}
