//! **W01** Fewer than two wrong attempts. **W02** No estimate of the minutes.
//!
//! An exercise without wrong attempts has never been seen to reject a mistake.

use crate::exercise::Exercise;
use crate::problem::Problem;

pub(crate) fn problems(exercise: &Exercise) -> Vec<Problem> {
    let mut problems = Vec::new();
    if exercise.wrong.len() < 2 {
        problems.push(
            exercise
                .at
                .problem(format!(
                    "{} wrong attempts; two or more are wanted",
                    exercise.wrong.len()
                ))
                .of_rule("W01")
                .warning()
                .with_help("write down the mistakes that learners make, under `wrong`"),
        );
    }
    if exercise.minutes.is_none() {
        problems.push(
            exercise
                .at
                .problem("no estimate of how long it takes")
                .of_rule("W02")
                .warning()
                .with_help("add `minutes:`"),
        );
    }
    problems
}
