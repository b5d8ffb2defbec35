//! Rules about the whole exercise: used names must exist, and be unique.

use crate::exercise::{Attempt, Exercise, Goal};
use crate::near::nearest;
use crate::problem::{Place, Problem};
use std::collections::BTreeSet;

/// Diagnoses that every goal with a question has.
pub(crate) use crate::report::BUILT_IN;

/// All problems with the exercise's names.
pub(crate) fn problems(exercise: &Exercise) -> Vec<Problem> {
    let mut problems = Vec::new();
    let goals: Vec<&str> = exercise.goals.iter().map(|goal| goal.id.as_str()).collect();
    let mut diagnoses: Vec<&str> = exercise
        .goals
        .iter()
        .flat_map(|goal| &goal.diagnoses)
        .map(|diagnosis| diagnosis.id.as_str())
        .collect();
    unique(
        &mut problems,
        "goal",
        exercise
            .goals
            .iter()
            .map(|goal| (goal.id.as_str(), &goal.at)),
    );
    unique(
        &mut problems,
        "diagnosis",
        exercise
            .goals
            .iter()
            .flat_map(|goal| &goal.diagnoses)
            .map(|one| (one.id.as_str(), &one.at)),
    );
    let wrong = exercise.wrong.iter().map(|wrong| &wrong.attempt);
    let attempts: Vec<&Attempt> = exercise
        .solutions
        .iter()
        .chain(&exercise.accept)
        .chain(wrong)
        .collect();
    unique(
        &mut problems,
        "attempt",
        attempts.iter().map(|one| (one.id.as_str(), &one.at)),
    );
    if exercise.solutions.is_empty() {
        problems.push(
            exercise
                .at
                .problem("an exercise without a solution")
                .of_rule("E01"),
        );
    }
    diagnoses.extend(BUILT_IN);

    for (index, goal) in exercise.goals.iter().enumerate() {
        goal_problems(goal, &goals[..index], &mut problems);
    }
    let targets: Vec<&str> = goals.iter().chain(&diagnoses).copied().collect();
    for word in exercise.hints.iter().flat_map(|hint| &hint.for_) {
        if !targets.contains(&word.text.as_str()) {
            problems.push(missing(&word.at, "diagnosis or goal", &word.text, &targets));
        }
    }
    let questions: Vec<&str> = exercise
        .goals
        .iter()
        .filter(|goal| goal.question.is_some())
        .map(|goal| goal.id.as_str())
        .collect();
    for attempt in &attempts {
        for goal in attempt.answers.keys() {
            if !questions.contains(&goal.as_str()) {
                problems.push(missing(
                    &attempt.at,
                    "goal with a question",
                    goal,
                    &questions,
                ));
            }
        }
    }
    let clauses: Vec<&str> = exercise
        .clauses
        .iter()
        .map(|one| one.text.as_str())
        .collect();
    for broken in exercise.wrong.iter().filter_map(|one| one.breaks.as_ref()) {
        if !clauses.contains(&broken.text.as_str()) {
            problems.push(missing(&broken.at, "clause", &broken.text, &clauses));
        }
    }
    for expectation in exercise.wrong.iter().flat_map(|wrong| &wrong.expect) {
        expectation_problem(exercise, expectation, &goals, &mut problems);
    }
    problems
}

/// Problems of a single goal; `earlier` are the goals before it.
fn goal_problems(goal: &Goal, earlier: &[&str], problems: &mut Vec<Problem>) {
    for after in &goal.after {
        // Only earlier goals, which also rules out a cycle.
        if !earlier.contains(&after.text.as_str()) {
            problems.push(missing(&after.at, "earlier goal", &after.text, earlier));
        }
    }
    for diagnosis in &goal.diagnoses {
        if BUILT_IN.contains(&diagnosis.id.as_str()) || diagnosis.id == "not-yet" {
            problems.push(
                diagnosis
                    .at
                    .problem(format!("`{}` is a word of its own", diagnosis.id))
                    .of_rule("E01")
                    .with_help("give the diagnosis another id"),
            );
        }
    }
}

fn expectation_problem(
    exercise: &Exercise,
    expectation: &crate::exercise::Expectation,
    goals: &[&str],
    problems: &mut Vec<Problem>,
) {
    let Some(goal) = exercise
        .goals
        .iter()
        .find(|goal| goal.id == expectation.goal)
    else {
        problems.push(missing(&expectation.at, "goal", &expectation.goal, goals));
        return;
    };
    let Some(diagnosis) = &expectation.diagnosis else {
        return;
    };
    let mut own: Vec<&str> = goal.diagnoses.iter().map(|one| one.id.as_str()).collect();
    if goal.question.is_some() {
        own.extend(BUILT_IN);
    }
    own.push("not-yet");
    if !own.contains(&diagnosis.as_str()) {
        let kind = format!("diagnosis of the goal `{}`", goal.id);
        problems.push(missing(&expectation.at, &kind, diagnosis, &own));
    }
}

fn missing(at: &Place, kind: &str, name: &str, known: &[&str]) -> Problem {
    let problem = at
        .problem(format!("there is no {kind} `{name}`"))
        .of_rule("E01");
    match nearest(name, known.iter().copied()) {
        Some(near) => problem.with_help(format!("did you mean `{near}`?")),
        None if known.is_empty() => problem,
        None => {
            let list: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            problem.with_help(format!("there are {}", list.join(", ")))
        }
    }
}

fn unique<'e>(
    problems: &mut Vec<Problem>,
    kind: &str,
    names: impl Iterator<Item = (&'e str, &'e Place)>,
) {
    let mut seen = BTreeSet::new();
    for (name, at) in names {
        if !seen.insert(name) {
            let message = format!("two {kind}s are called `{name}`");
            problems.push(
                at.problem(message)
                    .of_rule("E02")
                    .expected("the second one"),
            );
        }
    }
}
