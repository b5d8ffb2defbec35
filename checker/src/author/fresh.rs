//! **E05** The fresh state passes. **W03** No hint fits it.
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
