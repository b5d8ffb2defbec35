//! **E25** A clause of the story that no wrong attempt breaks, or that the story does not contain.
//!
//! A story says what to do and how: `without starting it`, `from this one file`. For each such clause an attempt breaks it
//! and does everything else; without it, nothing shows that the clause is checked.

use super::observe::Observation;
use super::solution::failing;
use super::wrong::attempts;
use crate::exercise::Exercise;
use crate::problem::Problem;
use crate::report::Verdict;

/// The clauses without an attempt, and those that are not in the story.
pub(crate) fn problems(exercise: &Exercise) -> Vec<Problem> {
    let story = plain(&exercise.story);
    let mut problems = Vec::new();
    for clause in &exercise.clauses {
        if !story.contains(&plain(&clause.text)) {
            problems.push(
                clause
                    .at
                    .problem(format!("the story does not say `{}`", clause.text))
                    .of_rule("E25")
                    .with_help("a clause is a part of the story, word for word"),
            );
        }
        let mut broken = exercise.wrong.iter().filter_map(|one| one.breaks.as_ref());
        if !broken.any(|one| one.text == clause.text) {
            problems.push(
                clause
                    .at
                    .problem(format!("no wrong attempt breaks `{}`", clause.text))
                    .of_rule("E25")
                    .with_help(format!(
                        "add one that does everything else, with `breaks: {}`",
                        clause.text
                    )),
            );
        }
    }
    problems
}

/// Attempts that break more than their clause: a goal that they do not name rejects them, too.
pub(crate) fn judged(exercise: &Exercise, seen: &[Observation]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (wrong, _, look) in attempts(exercise, seen) {
        let Some(clause) = &wrong.breaks else {
            continue;
        };
        let is_expected = |goal: &str| wrong.expect.iter().any(|one| one.goal == goal);
        let other = look
            .report
            .goals
            .iter()
            .find(|goal| goal.verdict == Verdict::NotYet && !is_expected(&goal.id));
        if let Some(goal) = other {
            problems.push(
                clause
                    .at
                    .problem(format!(
                        "`{}` breaks more than this clause: `{}` rejects it, too",
                        wrong.attempt.id, goal.id
                    ))
                    .of_rule("E25")
                    .with_help(failing(&look.report)),
            );
        }
    }
    problems
}

/// The words, each separated by one blank.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
