//! **E12** A diagnosis that no trial produces.
//!
//! A message that no trial produces is untested. Either an earlier diagnosis catches the mistake, or no wrong attempt
//! makes it.

use super::observe::Observation;
use crate::exercise::Exercise;
use crate::problem::Problem;
use std::collections::BTreeSet;

pub(crate) fn problems(exercise: &Exercise, seen: &[Observation]) -> Vec<Problem> {
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
