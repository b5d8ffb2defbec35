//! Judging: an exercise, a world and an attempt in, a report out. Pure: it only reads, and never waits.

use crate::answer;
use crate::checks::evaluate_all;
use crate::checks::outcome::{Outcome, Truth};
use crate::exercise::{Diagnosis, Exercise, Goal};
use crate::matcher::{describe_found, join, quote};
use crate::report::{
    DiagnosisReport, FORMAT, GoalReport, Holds, Report, UNANSWERED, Verdict, WRONG_ANSWER,
    exercise_digest,
};
use crate::world::World;
use crate::world::cached::Cached;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The learner's contribution to a check, beside the world.
#[derive(Debug, Clone, Default)]
pub struct Attempt {
    /// Which check of this exercise it is, from 1.
    pub number: u32,
    /// The answers so far, by goal.
    pub answers: BTreeMap<String, String>,
}

/// Judges every goal of `exercise`.
pub fn evaluate(exercise: &Exercise, world: &dyn World, attempt: &Attempt) -> Report {
    // Look at each thing once: all goals judge the same moment, and the cost is paid once.
    let world = &Cached::new(world);
    let mut goals: Vec<GoalReport> = Vec::new();
    for goal in &exercise.goals {
        let answer = attempt.answers.get(&goal.id).map(String::as_str);
        let first = goal.after.iter().find(|after| {
            let reached = |done: &&GoalReport| done.id == after.text;
            goals
                .iter()
                .find(reached)
                .is_some_and(|done| done.verdict != Verdict::Pass)
        });
        let report = match first {
            Some(after) => GoalReport {
                waiting_for: Some(after.text.clone()),
                ..blank(goal, Verdict::Waiting)
            },
            None => judge_goal(goal, world, answer),
        };
        goals.push(report);
    }
    Report {
        format: FORMAT,
        exercise: exercise.id.clone(),
        revision: exercise.revision,
        title: exercise.title.clone(),
        exercise_digest: exercise_digest(exercise),
        attempt: attempt.number,
        verdict: Report::overall(&goals),
        done: goals
            .iter()
            .filter(|goal| goal.verdict == Verdict::Pass)
            .count(),
        goals,
    }
}

fn blank(goal: &Goal, verdict: Verdict) -> GoalReport {
    let holds = match (&goal.question, goal.check.is_empty()) {
        (Some(_), true) => Holds::Answer,
        _ if goal.is_lasting() => Holds::Happened,
        _ => Holds::Now,
    };
    GoalReport {
        id: goal.id.clone(),
        say: goal.say.clone(),
        verdict,
        holds,
        expected: None,
        found: None,
        why: goal.why.clone(),
        look: goal.look.as_ref().map(|look| look.text.clone()),
        diagnosis: None,
        waiting_for: None,
        because: None,
        within_ms: goal.within.map(|time| time.as_millis() as u64),
        stable_ms: goal.stable.map(|time| time.as_millis() as u64),
    }
}

fn judge_goal(goal: &Goal, world: &dyn World, given: Option<&str>) -> GoalReport {
    let outcome = evaluate_all(&goal.check, world, None);
    match &outcome.truth {
        Truth::Blind(because) => GoalReport {
            because: Some(because.clone()),
            ..blank(goal, Verdict::CantCheck)
        },
        Truth::No => not_yet(goal, world, given, &outcome),
        Truth::Yes => match (&goal.question, given) {
            (None, _) => blank(goal, Verdict::Pass),
            (Some(question), Some(given)) if answer::is_right(question, given) => {
                blank(goal, Verdict::Pass)
            }
            (Some(question), given) => unanswered(goal, world, given, &outcome, &question.ask),
        },
    }
}

/// A goal whose checks fail.
fn not_yet(goal: &Goal, world: &dyn World, given: Option<&str>, outcome: &Outcome) -> GoalReport {
    let broken: Vec<_> = outcome
        .claims
        .iter()
        .filter(|claim| claim.truth == Truth::No)
        .collect();
    // Claims about the same subject report it once each; the first is the most basic one.
    let mut found: Vec<String> = broken.iter().map(|claim| claim.found.clone()).collect();
    found.dedup();
    let report = GoalReport {
        expected: Some(join(
            broken.iter().map(|claim| claim.expected.clone()),
            "and",
        )),
        found: Some(join(found, "and")),
        ..blank(goal, Verdict::NotYet)
    };
    with_diagnosis(report, goal, world, given, outcome)
}

/// A goal whose checks hold and whose question has no right answer yet. The right answer is not shown.
fn unanswered(
    goal: &Goal,
    world: &dyn World,
    given: Option<&str>,
    outcome: &Outcome,
    ask: &str,
) -> GoalReport {
    let mut report = blank(goal, Verdict::NotYet);
    let built_in = |id: &str, say: String| DiagnosisReport {
        id: id.to_owned(),
        say,
        recover: None,
    };
    let Some(given) = given else {
        report.expected = Some(format!("an answer to: {ask}"));
        report.found = Some("no answer yet".to_owned());
        report.diagnosis = Some(built_in(
            UNANSWERED,
            format!("This waits for an answer: {ask}"),
        ));
        return report;
    };
    report.expected = Some(format!("the answer to: {ask}"));
    report.found = Some(format!("the answer {}", quote(given)));
    let mut report = with_diagnosis(report, goal, world, Some(given), outcome);
    if report.diagnosis.is_none() {
        let say = format!("{} is not the answer.", quote(given));
        report.diagnosis = Some(built_in(WRONG_ANSWER, say));
    }
    report
}

/// Adds the first diagnosis that matches.
fn with_diagnosis(
    mut report: GoalReport,
    goal: &Goal,
    world: &dyn World,
    given: Option<&str>,
    failed: &Outcome,
) -> GoalReport {
    let answer = match (&goal.question, given) {
        (Some(question), Some(given)) => Some(answer::normalised(question, given)),
        _ => None,
    };
    for diagnosis in &goal.diagnoses {
        let Some(facts) = fits(diagnosis, world, answer.as_deref(), goal) else {
            continue;
        };
        let say = fill(&diagnosis.say, "found", &failed.facts);
        report.diagnosis = Some(DiagnosisReport {
            id: diagnosis.id.clone(),
            say: fill(&say, "when", &facts),
            recover: diagnosis.recover.clone(),
        });
        if let Some(look) = &diagnosis.look {
            report.look = Some(look.text.clone());
        }
        break;
    }
    report
}

/// The facts of a matching diagnosis. One that cannot be observed does not match.
fn fits(
    diagnosis: &Diagnosis,
    world: &dyn World,
    answer: Option<&str>,
    goal: &Goal,
) -> Option<Map<String, Value>> {
    let soften = goal
        .question
        .as_ref()
        .is_some_and(|question| !question.exact);
    let when: Vec<_> = diagnosis
        .when
        .iter()
        .map(|condition| {
            if soften {
                softened(condition)
            } else {
                condition.clone()
            }
        })
        .collect();
    let outcome = evaluate_all(&when, world, answer);
    (outcome.truth == Truth::Yes).then_some(outcome.facts)
}

fn softened(condition: &crate::checks::Condition) -> crate::checks::Condition {
    use crate::checks::Condition;
    let all = |inner: &[Condition]| inner.iter().map(softened).collect();
    match condition {
        Condition::Answer(matcher) => Condition::Answer(answer::softened(matcher)),
        Condition::Not(inner) => Condition::Not(all(inner)),
        Condition::All(inner) => Condition::All(all(inner)),
        Condition::Any(inner) => Condition::Any(all(inner)),
        check @ Condition::Check(_) => check.clone(),
    }
}

/// `text` with `{of.NAME}` replaced by the fact of that name: `found` is what the goal's check found, `when` what the
/// diagnosis did.
pub(crate) fn fill(text: &str, of: &str, facts: &Map<String, Value>) -> String {
    let start = format!("{{{of}.");
    let (mut done, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(open) = rest.find(&start) {
        let Some(close) = rest[open..].find('}') else {
            break;
        };
        let name = &rest[open + start.len()..open + close];
        done.push_str(&rest[..open]);
        match facts.get(name) {
            Some(Value::String(text)) => done.push_str(text),
            Some(Value::Null) | None => done.push_str("none"),
            Some(other) => done.push_str(&describe_found(other)),
        }
        rest = &rest[open + close + 1..];
    }
    done.push_str(rest);
    done
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
