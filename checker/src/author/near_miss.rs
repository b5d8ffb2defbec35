//! **E09** A near miss passes: a solution with one slightly changed name, or an answer with an extra letter.
//!
//! Half of the checks in the best known Docker course accept `my-web-old` for `web`. Names here are literal, but a
//! check may still forget to name the thing.

use super::observe::Observation;
use super::trial::{Kind, Trial};
use super::words::replace_name;
use crate::checks::{Arg, Check, Condition, Given};
use crate::exercise::{Action, Exercise};
use crate::problem::Problem;
use std::collections::BTreeSet;

/// The first solution, once for each name that it creates and that a check mentions.
pub(crate) fn trials(exercise: &Exercise) -> Vec<Trial> {
    let Some(solution) = exercise.solutions.first() else {
        return Vec::new();
    };
    names(exercise)
        .into_iter()
        .filter_map(|name| {
            let changed = format!("{name}2");
            let mut steps = solution.steps.clone();
            for step in &mut steps {
                match &mut step.action {
                    Action::Run(line) => *line = replace_name(line, &name, &changed),
                    Action::Terminal { command, .. } => {
                        *command = replace_name(command, &name, &changed);
                    }
                    Action::Write { path, .. } => *path = replace_name(path, &name, &changed),
                }
            }
            (steps != solution.steps).then(|| Trial {
                kind: Kind::NearMiss { name, changed },
                steps,
                answers: solution.answers.clone(),
                look_between: false,
            })
        })
        .collect()
}

/// Names in checks that are in neither the setup nor the start files: a solution cannot change those.
fn names(exercise: &Exercise) -> BTreeSet<String> {
    let conditions = exercise.goals.iter().flat_map(|goal| &goal.check);
    let mut names = BTreeSet::new();
    for condition in conditions {
        collect(condition, &mut names);
    }
    let before: Vec<String> = exercise
        .setup
        .iter()
        .map(|step| step.action.describe())
        .collect();
    names.retain(|name| {
        let in_setup = before
            .iter()
            .any(|line| replace_name(line, name, "\0") != *line);
        let in_files = exercise.files.iter().any(|file| file.path == *name);
        !in_setup && !in_files && name.len() > 1
    });
    names
}

fn collect(condition: &Condition, names: &mut BTreeSet<String>) {
    match condition {
        Condition::Check(check) => names.extend(named(check)),
        Condition::All(inner) => inner.iter().for_each(|one| collect(one, names)),
        // A thing that must not exist, or is one of several alternatives, need not have this name.
        Condition::Not(_) | Condition::Any(_) | Condition::Answer(_) => {}
    }
}

/// The name of the thing that a check is about. An image's tag is part of the name.
fn named(check: &Check) -> Option<String> {
    let is_name = |given: &&Given| matches!(given.field.name, "name" | "container" | "volume");
    let name = match &check.given.iter().find(is_name)?.arg {
        Arg::Name(name) => name.clone(),
        _ => return None,
    };
    check.wants("exists").then_some(name)
}

pub(crate) fn problems(exercise: &Exercise, seen: &[Observation]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for one in seen {
        let Some(look) = one.last() else { continue };
        if let Kind::NearMiss { name, changed } = &one.trial.kind
            && look.report.is_pass()
        {
            let message = format!("a solution with `{changed}` instead of `{name}` passes");
            problems.push(
                exercise
                    .at
                    .problem(message)
                    .of_rule("E09")
                    .with_help(format!("some check must name `{name}`")),
            );
        }
        for goal in &look.too_lenient {
            let goal = &exercise.goals[*goal];
            let at = goal
                .question
                .as_ref()
                .map_or(&goal.at, |question| &question.at);
            let message = format!("the goal `{}` takes an answer with a letter more", goal.id);
            problems.push(
                at.problem(message)
                    .of_rule("E09")
                    .with_help("compare the whole answer, or list the ones that are right"),
            );
        }
        if !look.too_lenient.is_empty() {
            break;
        }
    }
    problems
}
