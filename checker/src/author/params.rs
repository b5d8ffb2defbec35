//! **E23** A param changes no check and no answer.
//!
//! A param exists so that a copied answer does not work; one that only decorates the story does not prevent copying.

use crate::exercise::Exercise;
use crate::load;
use crate::problem::Problem;

/// The number of seeds to compare; the chance that a choice of two stays the same for all of them is about one in a
/// thousand.
const SEEDS: usize = 12;

pub(crate) fn problems(exercise: &Exercise) -> Vec<Problem> {
    if exercise.params.is_empty() {
        return Vec::new();
    }
    let others: Vec<Exercise> = (0..SEEDS)
        .filter_map(|seed| {
            let seed = format!("learner {seed}");
            load::text(exercise.source.file(), exercise.source.text(), &seed).ok()
        })
        .collect();
    let mut problems = Vec::new();
    for (name, value) in &exercise.params {
        // Two learners who differ in this param alone would have the same task; those who differ in more must have
        // different ones.
        let decides = others
            .iter()
            .filter(|other| other.params.get(name) != Some(value))
            .any(|other| deciding(other) != deciding(exercise) && mentions(other, name));
        if !decides {
            problems.push(
                exercise
                    .at
                    .problem(format!("the param `{name}` changes no check and no answer"))
                    .of_rule("E23")
                    .with_help(format!("check for `{{{name}}}`, or leave the param out")),
            );
        }
    }
    problems
}

/// The checks and answers, as text.
fn deciding(exercise: &Exercise) -> String {
    let goals = exercise.goals.iter().map(|goal| {
        let answer = goal
            .question
            .as_ref()
            .map(|question| format!("{:?}", question.answer));
        let checks: Vec<String> = goal.check.iter().map(plain).collect();
        format!("{checks:?} {answer:?}")
    });
    goals.collect::<Vec<_>>().join("\n")
}

/// Whether the checks and answers contain the value of the param.
fn mentions(exercise: &Exercise, name: &str) -> bool {
    exercise
        .params
        .get(name)
        .is_some_and(|value| deciding(exercise).contains(value.as_str()))
}

/// A condition as text without its place, whose columns change with the values before it.
fn plain(condition: &crate::checks::Condition) -> String {
    use crate::checks::Condition;
    match condition {
        Condition::Check(check) => format!("{:?} {:?}", check.noun, check.given),
        Condition::Answer(matcher) => format!("{matcher:?}"),
        Condition::Not(inner) | Condition::All(inner) | Condition::Any(inner) => {
            inner.iter().map(plain).collect::<Vec<_>>().join(" ")
        }
    }
}
