//! **E00** The setup fails, or a step does not end.
//!
//! Such an exercise cannot even begin. A step that does not end would also block the learner's prompt: an attempt that
//! needs a running container uses `-d`.

use super::observe::{Failure, Observation, said};
use crate::exercise::Exercise;
use crate::problem::Problem;

pub(crate) fn problems(exercise: &Exercise, seen: &[Observation]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for one in seen {
        let Some(failure) = &one.failure else {
            continue;
        };
        problems.push(match failure {
            Failure::Setup(step, code, output) => {
                let at = exercise
                    .setup
                    .get(*step)
                    .map_or(&exercise.at, |step| &step.at);
                let said = said(output);
                at.problem(format!(
                    "this step of the setup ended with exit code {code}"
                ))
                .expected(format!("it said: {said}"))
                .with_help("add `|| true` if it is meant to fail")
            }
            Failure::Stuck(step) => {
                let at = one
                    .trial
                    .steps
                    .get(*step)
                    .map_or(&exercise.at, |step| &step.at);
                let name = one.trial.kind.describe(exercise);
                at.problem(format!("this step does not end ({name})"))
                    .with_help("run it in the background with `-d`, or give it an end")
            }
            Failure::Machine(cause) => {
                let name = one.trial.kind.describe(exercise);
                exercise.at.problem(format!("cannot try {name}: {cause}"))
            }
        });
        // The same setup fails in every trial.
        if matches!(failure, Failure::Setup(..) | Failure::Machine(_)) {
            break;
        }
    }
    problems
        .into_iter()
        .map(|problem| problem.of_rule("E00"))
        .collect()
}
