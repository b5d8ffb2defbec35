//! **D01** A step ends otherwise on a real Docker Engine. **D02** A goal is judged otherwise there. **D03** It gets
//! another diagnosis there.
//!
//! An exercise teaches the truth if the same commands end, and are judged, alike on the engine that it is about. What a
//! Docker Engine does not show is no difference.

use super::observe::{Failure, Observation, said};
use crate::exercise::Exercise;
use crate::problem::{Place, Problem};
use crate::report::{GoalReport, Verdict};
use std::collections::BTreeMap;

/// What a Docker Engine does not show, each with the reason.
pub type Unseen = BTreeMap<(String, String), String>;

/// What differs between the same trial here (`ours`) and on a Docker Engine (`theirs`). `undecided` are the diagnoses that
/// the engine does not show enough for, by goal and id; what it does not show is added to `unseen`.
pub fn problems(
    exercise: &Exercise,
    ours: &Observation,
    theirs: &Observation,
    undecided: &Unseen,
    unseen: &mut Unseen,
) -> Vec<Problem> {
    let name = ours.trial.kind.describe(exercise);
    let mut problems = Vec::new();
    if ours.failure != theirs.failure {
        let words = |failure: &Option<Failure>| {
            failure
                .as_ref()
                .map_or("it can be carried out".to_owned(), Failure::describe)
        };
        problems.push(difference(
            exercise,
            &exercise.at,
            "D01",
            format!("{name} cannot be carried out alike"),
            &words(&ours.failure),
            &words(&theirs.failure),
        ));
        return problems;
    }
    for (index, (here, there)) in ours.done.iter().zip(&theirs.done).enumerate() {
        if here.code != there.code {
            let at = ours
                .trial
                .steps
                .get(index)
                .map_or(&exercise.at, |step| &step.at);
            let words = |done: &super::observe::Done| {
                format!("exit code {}, saying: {}", done.code, said(&done.output))
            };
            let what = format!("this step of {name} ends otherwise on Docker");
            problems.push(difference(
                exercise,
                at,
                "D01",
                what,
                &words(here),
                &words(there),
            ));
        }
    }
    let (Some(here), Some(there)) = (ours.last(), theirs.last()) else {
        return problems;
    };
    for (index, (here, there)) in here
        .report
        .goals
        .iter()
        .zip(&there.report.goals)
        .enumerate()
    {
        let not_shown =
            |what: String, because: &String| ((exercise.id.clone(), what), because.clone());
        if let Some(because) = &there.because {
            unseen.extend([not_shown(format!("goal `{}`", here.id), because)]);
            continue;
        }
        // It waits for a goal that the engine does not show.
        let waits_for = there.waiting_for.as_ref();
        if waits_for
            .is_some_and(|id| unseen.contains_key(&(exercise.id.clone(), format!("goal `{id}`"))))
        {
            continue;
        }
        let at = exercise
            .goals
            .get(index)
            .map_or(&exercise.at, |goal| &goal.at);
        let diagnosis = |goal: &GoalReport| goal.diagnosis.as_ref().map(|one| one.id.clone());
        let (rule, what) = if here.verdict != there.verdict {
            (
                "D02",
                format!(
                    "the goal `{}` is judged otherwise on Docker ({name})",
                    here.id
                ),
            )
        } else if diagnosis(here) != diagnosis(there) {
            let id = diagnosis(here).unwrap_or_default();
            if let Some(because) = undecided.get(&(here.id.clone(), id.clone())) {
                unseen.extend([not_shown(format!("diagnosis `{id}`"), because)]);
                continue;
            }
            (
                "D03",
                format!(
                    "the goal `{}` gets another diagnosis on Docker ({name})",
                    here.id
                ),
            )
        } else {
            continue;
        };
        problems.push(difference(
            exercise,
            at,
            rule,
            what,
            &judged(here),
            &judged(there),
        ));
    }
    problems
}

/// A difference; one that the exercise tells its learners about is a warning.
fn difference(
    exercise: &Exercise,
    at: &Place,
    rule: &'static str,
    what: String,
    here: &str,
    there: &str,
) -> Problem {
    let problem = at
        .problem(what)
        .of_rule(rule)
        .with_help(format!("here: {here}\non Docker: {there}"));
    if exercise.differs_from_docker.is_empty() {
        problem
    } else {
        problem.warning()
    }
}

fn judged(goal: &GoalReport) -> String {
    let diagnosis = goal.diagnosis.as_ref().map(|one| format!(" ({})", one.id));
    let found = goal.found.as_ref().map(|found| format!(", found {found}"));
    let verdict = match goal.verdict {
        Verdict::CantCheck => format!("CAN'T CHECK: {}", goal.because.clone().unwrap_or_default()),
        other => other.word().to_owned(),
    };
    format!(
        "{verdict}{}{}",
        diagnosis.unwrap_or_default(),
        found.unwrap_or_default()
    )
}
