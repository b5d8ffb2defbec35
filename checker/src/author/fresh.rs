//! **E05** The fresh state passes. **E28** It gets a message about a mistake. **W03** No hint fits it.
//!
//! An exercise that passes before it has begun teaches that checks mean nothing. It is the most common fault of checks. A
//! learner who has not begun may need a hint more than others.

use super::observe::{Look, Observation};
use super::trial::Kind;
use crate::exercise::Exercise;
use crate::hints;
use crate::problem::Problem;
use crate::report::Verdict;
use std::collections::BTreeSet;

pub(crate) fn problems(exercise: &Exercise, seen: &[Observation]) -> Vec<Problem> {
    let Some(look) = look(seen) else {
        return Vec::new();
    };
    match look.report.verdict {
        Verdict::Pass => vec![
            exercise
                .at
                .problem("the fresh state passes: nothing has to be done")
                .of_rule("E05")
                .with_help("check something that only a solution brings about"),
        ],
        Verdict::CantCheck => {
            let blind = look
                .report
                .goals
                .iter()
                .find_map(|goal| goal.because.clone());
            vec![
                exercise
                    .at
                    .problem(format!(
                        "the fresh state cannot be checked: {}",
                        blind.unwrap_or_default()
                    ))
                    .of_rule("E05"),
            ]
        }
        Verdict::NotYet | Verdict::Waiting => Vec::new(),
    }
}

fn look(seen: &[Observation]) -> Option<&Look> {
    let mut all = seen.iter();
    all.find(|one| one.trial.kind == Kind::Fresh)?.last()
}

/// Diagnoses that the fresh state gets without being marked for it, and marked ones that it does not get. A learner who has
/// done nothing must not read what they did wrong.
pub(crate) fn misplaced(exercise: &Exercise, seen: &[Observation]) -> Vec<Problem> {
    let Some(look) = look(seen) else {
        return Vec::new();
    };
    let shown: Vec<&str> = look
        .report
        .goals
        .iter()
        .filter_map(|goal| Some(goal.diagnosis.as_ref()?.id.as_str()))
        .collect();
    let diagnoses = exercise.goals.iter().flat_map(|goal| &goal.diagnoses);
    diagnoses
        .filter(|one| one.fresh != shown.contains(&one.id.as_str()))
        .map(|one| {
            let (message, help) = match one.fresh {
                false => (
                    format!("the fresh state gets the message `{}`", one.id),
                    "ask in `when` for something that was done, or, if it fits there, add `fresh: true`",
                ),
                true => (
                    format!("the fresh state does not get the message `{}`", one.id),
                    "leave out `fresh: true`",
                ),
            };
            one.at.problem(message).of_rule("E28").with_help(help)
        })
        .collect()
}

/// The fresh state, if `hint` has nothing to say in it.
pub(crate) fn unhelped(exercise: &Exercise, seen: &[Observation]) -> Option<Problem> {
    let hint = hints::next(exercise, &look(seen)?.report, &BTreeSet::new());
    let none = hint.is_none();
    none.then(|| {
        exercise
            .at
            .problem("no hint fits the fresh state")
            .of_rule("W03")
            .warning()
            .with_help("add a hint for the first goal, or for any")
    })
}
