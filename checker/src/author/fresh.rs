//! **E05** The fresh state passes.
//!
//! An exercise that passes before it has begun teaches that checks mean nothing. It is the most common fault of checks.

use super::observe::Observation;
use super::trial::Kind;
use crate::exercise::Exercise;
use crate::problem::Problem;
use crate::report::Verdict;

pub(crate) fn problems(exercise: &Exercise, seen: &[Observation]) -> Vec<Problem> {
    let fresh = seen.iter().find(|one| one.trial.kind == Kind::Fresh);
    let Some(look) = fresh.and_then(Observation::last) else {
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
        _ => Vec::new(),
    }
}
