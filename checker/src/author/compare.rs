//! **D01** A step ends differently on a real Docker Engine. **D02** A goal is judged differently there. **D03** It gets
//! a different diagnosis there.
//!
//! An exercise is accurate if the same commands have the same results and verdicts on a real Docker Engine. Facts that
//! a Docker Engine does not expose are not differences.

use super::observe::{Done, Failure, Observation, said};
use crate::exercise::Exercise;
use crate::problem::{Place, Problem};
use crate::report::{GoalReport, Verdict};
use std::collections::BTreeMap;

/// Facts that a Docker Engine does not expose, each with the reason.
pub type Unseen = BTreeMap<(String, String), String>;

/// Whether `line` contacts a registry.
///
/// Exercises use the practice hub and its made-up accounts; a Docker Engine would contact Docker Hub with both.
pub fn asks_a_registry(line: &str) -> bool {
    let words: Vec<&str> = line
        .split(|c: char| c.is_whitespace() || "\"'`;&|()".contains(c))
        .filter(|word| !word.is_empty() && *word != "image")
        .collect();
    words.windows(2).any(|pair| {
        pair[0] == "docker" && ["login", "logout", "pull", "push", "search"].contains(&pair[1])
    })
}

/// The differences between the same trial here (`ours`) and on a Docker Engine (`theirs`). `undecided` are the
/// diagnoses that the engine exposes too little for, by goal and id; other facts that it does not expose are added to
/// `unseen`.
pub fn problems(
    exercise: &Exercise,
    ours: &Observation,
    theirs: &Observation,
    undecided: &Unseen,
    unseen: &mut Unseen,
) -> Vec<Problem> {
    let name = ours.trial.kind.describe(exercise);
    if ours.failure != theirs.failure {
        let words = |failure: &Option<Failure>| {
            failure
                .as_ref()
                .map_or("it can be carried out".to_owned(), Failure::describe)
        };
        let what = format!("{name} cannot be carried out alike");
        let (here, there) = (words(&ours.failure), words(&theirs.failure));
        return vec![difference(
            exercise,
            &exercise.at,
            "D01",
            what,
            &here,
            &there,
        )];
    }
    let mut problems = steps(exercise, &name, ours, theirs);
    if let (Some(here), Some(there)) = (ours.last(), theirs.last()) {
        let goals = here.report.goals.iter().zip(&there.report.goals);
        for (index, (here, there)) in goals.enumerate() {
            if let Some(what) = not_shown(exercise, here, there, undecided, unseen) {
                unseen.extend(what);
                continue;
            }
            let at = exercise
                .goals
                .get(index)
                .map_or(&exercise.at, |goal| &goal.at);
            problems.extend(goal(exercise, &name, at, here, there));
        }
    }
    problems
}

/// Steps that end with a different exit code.
fn steps(
    exercise: &Exercise,
    name: &str,
    ours: &Observation,
    theirs: &Observation,
) -> Vec<Problem> {
    let words = |done: &Done| format!("exit code {}, saying: {}", done.code, said(&done.output));
    let pairs = ours.done.iter().zip(&theirs.done).enumerate();
    pairs
        .filter(|(_, (here, there))| here.code != there.code)
        .map(|(index, (here, there))| {
            let at = ours
                .trial
                .steps
                .get(index)
                .map_or(&exercise.at, |step| &step.at);
            let what = format!("this step of {name} ends otherwise on Docker");
            difference(exercise, at, "D01", what, &words(here), &words(there))
        })
        .collect()
}

/// `Some` if the engine exposes too little to compare a goal: what to note, unless it was noted already.
fn not_shown(
    exercise: &Exercise,
    here: &GoalReport,
    there: &GoalReport,
    undecided: &Unseen,
    unseen: &Unseen,
) -> Option<Option<((String, String), String)>> {
    let key = |what: String| (exercise.id.clone(), what);
    if let Some(because) = &there.because {
        return Some(Some((key(format!("goal `{}`", here.id)), because.clone())));
    }
    // The goal waits for a goal that the engine cannot show.
    let waits_for = there.waiting_for.as_ref();
    if waits_for.is_some_and(|id| unseen.contains_key(&key(format!("goal `{id}`")))) {
        return Some(None);
    }
    let id = diagnosis(here)?;
    let because = undecided.get(&(here.id.clone(), id.to_owned()))?;
    let differs = here.verdict == there.verdict && diagnosis(there) != Some(id);
    differs.then(|| Some((key(format!("diagnosis `{id}`")), because.clone())))
}

/// A goal with a different verdict or diagnosis.
fn goal(
    exercise: &Exercise,
    name: &str,
    at: &Place,
    here: &GoalReport,
    there: &GoalReport,
) -> Option<Problem> {
    let id = &here.id;
    let (rule, what) = if here.verdict != there.verdict {
        let what = format!("the goal `{id}` is judged otherwise on Docker ({name})");
        ("D02", what)
    } else if diagnosis(here) != diagnosis(there) {
        let what = format!("the goal `{id}` gets another diagnosis on Docker ({name})");
        ("D03", what)
    } else {
        return None;
    };
    let (here, there) = (judged(here), judged(there));
    Some(difference(exercise, at, rule, what, &here, &there))
}

fn diagnosis(goal: &GoalReport) -> Option<&str> {
    goal.diagnosis.as_ref().map(|one| one.id.as_str())
}

/// A difference; it is only a warning if the exercise mentions it to learners.
fn difference(
    exercise: &Exercise,
    at: &Place,
    rule: &'static str,
    what: String,
    here: &str,
    there: &str,
) -> Problem {
    let problem = at
        .problem(what)
        .of_rule(rule)
        .with_help(format!("here: {here}\non Docker: {there}"));
    if exercise.differs_from_docker.is_empty() {
        problem
    } else {
        problem.warning()
    }
}

fn judged(goal: &GoalReport) -> String {
    let diagnosis = goal.diagnosis.as_ref().map(|one| format!(" ({})", one.id));
    let found = goal.found.as_ref().map(|found| format!(", found {found}"));
    let verdict = match goal.verdict {
        Verdict::CantCheck => format!("CAN'T CHECK: {}", goal.because.clone().unwrap_or_default()),
        other => other.word().to_owned(),
    };
    format!(
        "{verdict}{}{}",
        diagnosis.unwrap_or_default(),
        found.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_asks_a_registry_is_seen_wherever_it_does() {
        for line in [
            "docker pull busybox",
            "docker image push a/b:1",
            "echo x | docker login -u a --password-stdin",
            "(docker logout)",
            "true;docker search x",
        ] {
            assert!(asks_a_registry(line), "{line}");
        }
        for line in [
            "docker run busybox push",
            "docker images",
            "docker tag pull push",
            "",
        ] {
            assert!(!asks_a_registry(line), "{line}");
        }
    }
}
