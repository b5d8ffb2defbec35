//! **E23** A param changes no check and no answer.
//!
//! A param is there so that a copied answer does not fit; one that only decorates the story lets copying work.

use crate::exercise::Exercise;
use crate::load;
use crate::problem::Problem;

/// Seeds to compare; with this many, a choice of two that stays the same is one in a thousand.
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
        // Two learners who differ in this param alone would need the same; those who differ in more must differ too.
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

/// What decides: checks and answers, as text.
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

/// Whether what decides has the value of the param in it.
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
