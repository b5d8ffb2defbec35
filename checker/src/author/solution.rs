//! **E06** A solution fails. **E07** A strict prefix of a solution passes. **E08** A solution without one of its
//! commands passes.
//!
//! The first makes the exercise impossible; the others mean that a part of it is not checked. An optional command is
//! marked `optional`.
//!
//! **E11** An attempt to accept is rejected.
//!
//! Rejecting a correct solution is worse than having no check. Only the required result counts, not the way to it.

use super::observe::{Look, Observation, said};
use super::trial::Kind;
use crate::exercise::{Attempt, Exercise};
use crate::problem::Problem;
use crate::report::{Report, Verdict};

pub(crate) fn problems(exercise: &Exercise, seen: &[Observation]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for one in seen {
        match &one.trial.kind {
            Kind::Solution(index) => {
                if let Some(attempt) = exercise.solutions.get(*index) {
                    passes(attempt, one, "solution", "E06", &mut problems);
                    prefixes(attempt, one, &mut problems);
                }
            }
            Kind::Without { solution, step } => {
                let left_out = exercise
                    .solutions
                    .get(*solution)
                    .and_then(|one| one.steps.get(*step));
                if let (Some(left_out), Some(look)) = (left_out, one.last())
                    && look.report.is_pass()
                {
                    problems.push(
                        left_out
                            .at
                            .problem("the solution passes without this step")
                            .of_rule("E08")
                            .with_help("check what the step is for, or mark it `optional: true`"),
                    );
                }
            }
            _ => {}
        }
    }
    problems
}

/// Reports that `attempt` does not pass, although it must.
pub(crate) fn passes(
    attempt: &Attempt,
    seen: &Observation,
    what: &str,
    rule: &'static str,
    problems: &mut Vec<Problem>,
) {
    let Some(look) = seen.last() else { return };
    if look.report.is_pass() {
        return;
    }
    let mut help = failing(&look.report);
    // A command that failed is the likely cause.
    if let Some(done) = seen.done.iter().find(|done| done.code != 0) {
        let said = said(&done.output);
        help.push_str(&format!(
            "\n`{}` ended with exit code {} and said: {said}",
            done.command, done.code
        ));
    }
    let message = format!("the {what} `{}` does not pass", attempt.id);
    problems.push(attempt.at.problem(message).of_rule(rule).with_help(help));
}

/// The goals that do not pass, with what was expected and found.
pub(crate) fn failing(report: &Report) -> String {
    let lines = report
        .goals
        .iter()
        .filter(|goal| goal.verdict != Verdict::Pass)
        .map(|goal| {
            let because = match (&goal.because, &goal.expected, &goal.found) {
                (Some(because), _, _) => format!(": {because}"),
                (_, Some(expected), Some(found)) => format!(": expected {expected}, found {found}"),
                _ => String::new(),
            };
            let diagnosis = goal
                .diagnosis
                .as_ref()
                .map_or_else(String::new, |one| format!(" ({})", one.id));
            format!(
                "goal `{}` is {}{diagnosis}{because}",
                goal.id,
                goal.verdict.word()
            )
        });
    lines.collect::<Vec<_>>().join("\n")
}

/// Reports that a solution passes before its last relevant step.
fn prefixes(attempt: &Attempt, seen: &Observation, problems: &mut Vec<Problem>) {
    let counts = |look: &&Look| {
        attempt.steps[look.after..]
            .iter()
            .any(|step| !step.optional)
    };
    let early = seen
        .looks
        .iter()
        .filter(|look| look.after < attempt.steps.len())
        .filter(counts)
        .find(|look| look.report.is_pass());
    if let Some(look) = early {
        let rest = attempt.steps[look.after..]
            .iter()
            .find(|step| !step.optional);
        let at = rest.map_or(&attempt.at, |step| &step.at);
        problems.push(
            at.problem(format!(
                "the solution `{}` passes before this step",
                attempt.id
            ))
            .of_rule("E07")
            .with_help("check what the step is for, or mark it `optional: true`"),
        );
    }
}

pub(crate) fn rejected(exercise: &Exercise, seen: &[Observation]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for one in seen {
        if let Kind::Accept(index) = one.trial.kind
            && let Some(attempt) = exercise.accept.get(index)
        {
            passes(attempt, one, "attempt to accept", "E11", &mut problems);
        }
    }
    problems
}
