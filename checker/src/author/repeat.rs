//! **E14** A verdict differs between repeats. **E15** Checking changed the state.
//!
//! Either makes the verdict depend on luck: the second `check` could report something else.

use super::observe::Observation;
use crate::exercise::Exercise;
use crate::problem::Problem;

pub(crate) fn problems(exercise: &Exercise, seen: &[Observation]) -> Vec<Problem> {
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
