//! **E10** A wrong attempt is accepted, or rejected by a goal or message other than the expected one. **E27** It passes
//! when its last build is repeated.
//!
//! The attempts are typical mistakes of learners; each must produce the message that was written for it.
//!
//! **W01** Fewer than two wrong attempts. **W02** No estimate of the minutes.
//!
//! An exercise without wrong attempts has never been seen to reject a mistake.

use super::observe::{Look, Observation};
use super::solution::failing;
use super::trial::Kind;
use crate::exercise::{Exercise, Expectation, Wrong};
use crate::problem::Problem;
use crate::report::{Report, Verdict};

/// The wrong attempts that were tried, each with what was seen and the look at its end.
pub(super) fn attempts<'a>(
    exercise: &'a Exercise,
    seen: &'a [Observation],
) -> impl Iterator<Item = (&'a Wrong, &'a Observation, &'a Look)> {
    seen.iter().filter_map(|one| {
        let Kind::Wrong(index) = one.trial.kind else {
            return None;
        };
        Some((exercise.wrong.get(index)?, one, one.last()?))
    })
}

pub(crate) fn problems(exercise: &Exercise, seen: &[Observation]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (wrong, one, look) in attempts(exercise, seen) {
        if look.report.is_pass() {
            problems.push(accepted(wrong));
            continue;
        }
        if one.rebuilt.as_ref().is_some_and(Report::is_pass) {
            let id = &wrong.attempt.id;
            problems.push(
                wrong
                    .attempt
                    .at
                    .problem(format!("`{id}` passes when its last build is repeated"))
                    .of_rule("E27")
                    .with_help("a build that takes everything from the cache must not be enough"),
            );
        }
        for expectation in &wrong.expect {
            problems.extend(unmet(wrong, expectation, &look.report, one));
        }
    }
    problems
}

fn accepted(wrong: &Wrong) -> Problem {
    let replaced = wrong
        .attempt
        .steps
        .iter()
        .any(|step| step.action.describe().contains("docker rm"));
    let help = if replaced {
        "a container of the same name is not the same container: add `same_as: setup`"
    } else {
        "no check tells it from a solution: add one that does"
    };
    wrong
        .attempt
        .at
        .problem(format!(
            "the wrong attempt `{}` is accepted",
            wrong.attempt.id
        ))
        .of_rule("E10")
        .with_help(help)
}

fn unmet(
    wrong: &Wrong,
    expectation: &Expectation,
    report: &Report,
    seen: &Observation,
) -> Option<Problem> {
    let goal = report.goal(&expectation.goal)?;
    let found = goal.diagnosis.as_ref().map(|one| one.id.as_str());
    let message = match (goal.verdict, &expectation.diagnosis) {
        (Verdict::NotYet, None) => return None,
        (Verdict::NotYet, Some(wanted)) if found == Some(wanted) => return None,
        (Verdict::NotYet, Some(wanted)) => format!(
            "the goal `{}` answers `{}` with {} instead of `{wanted}`",
            goal.id,
            wrong.attempt.id,
            found.map_or("no diagnosis".to_owned(), |found| format!("`{found}`"))
        ),
        (verdict, _) => format!(
            "the goal `{}` does not reject `{}`: it is {}",
            goal.id,
            wrong.attempt.id,
            verdict.word()
        ),
    };
    let mut help = failing(report);
    for done in seen.done.iter().filter(|done| done.code != 0) {
        help.push_str(&format!(
            "\n`{}` ended with exit code {}",
            done.command, done.code
        ));
    }
    Some(
        expectation
            .at
            .problem(message)
            .of_rule("E10")
            .with_help(help),
    )
}

pub(crate) fn habits(exercise: &Exercise) -> Vec<Problem> {
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
