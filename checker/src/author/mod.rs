//! Proving an exercise: rules that read the file, and rules that observe trials of it.
//!
//! Pure: [`plan`] lists the trials, the caller runs them in disposable sandboxes and calls [`observe::look`] there,
//! and [`judge`] turns the observations into problems. One file per rule; its doc comment says what it finds and why
//! that matters.

pub mod accept;
pub mod bundle;
pub mod clauses;
pub mod compare;
pub mod deciding;
pub mod diagnosis;
pub mod fresh;
pub mod giveaway;
pub mod habits;
pub mod look;
pub mod near_miss;
pub mod needs;
pub mod observe;
pub mod params;
pub mod placeholders;
pub mod repeat;
pub mod setup;
pub mod solution;
pub mod style;
pub mod translations;
pub mod trial;
pub mod values;
pub mod words;
pub mod wrong;

use crate::course::Translation;
use crate::exercise::{Attempt, Exercise};
use crate::problem::Problem;
use observe::Observation;
use std::collections::BTreeMap;
use trial::{Kind, Trial};

/// A rule for authors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Its number, as shown with a problem.
    pub id: &'static str,
    /// What it finds.
    pub finds: &'static str,
    /// Whether it needs trials of the exercise, not only its text.
    pub tries: bool,
}

const fn rule(id: &'static str, finds: &'static str, tries: bool) -> Rule {
    Rule { id, finds, tries }
}

/// All rules.
pub const RULES: [Rule; 35] = [
    rule("E00", "the setup fails, or a step does not end", true),
    rule("E01", "the file is not an exercise of format 1", false),
    rule(
        "E02",
        "an id is used twice, or is not the file's name",
        false,
    ),
    rule("E03", "a goal that nothing decides", false),
    rule("E04", "a check that belongs to no goal", false),
    rule("E05", "the fresh state passes", true),
    rule("E06", "a solution fails", true),
    rule("E07", "a strict prefix of a solution passes", true),
    rule("E08", "a solution without one of its commands passes", true),
    rule(
        "E09",
        "a near miss, such as another name or answer, passes",
        true,
    ),
    rule(
        "E10",
        "a wrong attempt is accepted, or rejected by another goal or message",
        true,
    ),
    rule("E11", "an attempt to accept is rejected", true),
    rule("E12", "a diagnosis that no trial produces", true),
    rule("E13", "a condition that decides nothing", true),
    rule("E14", "a verdict differs between repeats", true),
    rule("E15", "checking changed the state", true),
    rule("E16", "an image that is not in the bundle", false),
    rule("E17", "`look` is not a read-only command", false),
    rule("E18", "a hint gives a solution away", false),
    rule("E19", "a message breaks the style", false),
    rule(
        "E20",
        "a translation is missing, stale, or has other texts or placeholders",
        false,
    ),
    rule("E21", "`needs` names nothing, or goes in a circle", false),
    rule(
        "E22",
        "a line that cannot be wrapped is wider than 72 columns",
        false,
    ),
    rule("E23", "a param changes no check and no answer", false),
    rule(
        "E24",
        "a message has a placeholder that nothing fills",
        false,
    ),
    rule(
        "E25",
        "a clause of the story that no wrong attempt breaks alone",
        true,
    ),
    rule(
        "E26",
        "a value of a param with which the solution fails",
        true,
    ),
    rule(
        "E27",
        "a wrong attempt passes when its last build is repeated",
        true,
    ),
    rule("E28", "a message about a mistake in the fresh state", true),
    rule("D01", "a step ends otherwise on a real Docker Engine", true),
    rule(
        "D02",
        "a goal is judged otherwise on a real Docker Engine",
        true,
    ),
    rule(
        "D03",
        "a goal gets another diagnosis on a real Docker Engine",
        true,
    ),
    rule("W01", "fewer than two wrong attempts", false),
    rule("W02", "no estimate of the minutes", false),
    rule("W03", "no hint fits the fresh state", true),
];

/// The facts about the rest of the course that the rules need.
#[derive(Debug, Default)]
pub struct Surroundings<'c> {
    /// All exercises, in course order.
    pub exercises: &'c [Exercise],
    /// References of the images in every new sandbox.
    pub bundle: &'c [String],
    /// The translations of the course.
    pub translations: &'c [Translation],
}

/// All trials.
pub fn plan(exercise: &Exercise) -> Vec<Trial> {
    let trial = |kind, attempt: &Attempt| Trial {
        kind,
        steps: attempt.steps.clone(),
        answers: attempt.answers.clone(),
        look_between: false,
    };
    let mut trials = vec![Trial {
        kind: Kind::Fresh,
        steps: Vec::new(),
        answers: BTreeMap::new(),
        look_between: false,
    }];
    for (solution, attempt) in exercise.solutions.iter().enumerate() {
        trials.push(Trial {
            look_between: true,
            ..trial(Kind::Solution(solution), attempt)
        });
        // Without its last step, a solution is its own prefix, which is already observed in between.
        for step in 0..attempt.steps.len().saturating_sub(1) {
            if attempt.steps[step].optional {
                continue;
            }
            let mut without = trial(Kind::Without { solution, step }, attempt);
            without.steps.remove(step);
            trials.push(without);
        }
    }
    let accept = exercise.accept.iter().enumerate();
    trials.extend(accept.map(|(index, attempt)| trial(Kind::Accept(index), attempt)));
    let wrong = exercise.wrong.iter().enumerate();
    trials.extend(wrong.map(|(index, wrong)| trial(Kind::Wrong(index), &wrong.attempt)));
    trials.extend(near_miss::trials(exercise));
    trials
}

/// Problems that need no trials.
pub fn read(exercise: &Exercise, surroundings: &Surroundings<'_>) -> Vec<Problem> {
    let mut problems = bundle::problems(exercise, surroundings.bundle);
    problems.extend(look::problems(exercise));
    problems.extend(giveaway::problems(exercise));
    problems.extend(style::problems(exercise));
    problems.extend(needs::problems(exercise, surroundings.exercises));
    problems.extend(params::problems(exercise));
    problems.extend(placeholders::problems(exercise));
    problems.extend(translations::problems(exercise, surroundings.translations));
    problems.extend(habits::problems(exercise));
    problems.extend(clauses::problems(exercise));
    problems
}

/// Problems that the trials revealed.
pub fn judge(exercise: &Exercise, seen: &[Observation]) -> Vec<Problem> {
    let broken = setup::problems(exercise, seen);
    if !broken.is_empty() {
        // The other observations are not about the exercise itself.
        return broken;
    }
    let mut problems = fresh::problems(exercise, seen);
    problems.extend(solution::problems(exercise, seen));
    problems.extend(near_miss::problems(exercise, seen));
    problems.extend(wrong::problems(exercise, seen));
    problems.extend(accept::problems(exercise, seen));
    problems.extend(repeat::problems(exercise, seen));
    problems.extend(clauses::judged(exercise, seen));
    problems.extend(fresh::misplaced(exercise, seen));
    if problems.is_empty() {
        // If the attempts do not behave as declared, the exercise's diagnoses and conditions cannot be judged.
        problems.extend(diagnosis::problems(exercise, seen));
        problems.extend(deciding::problems(exercise, seen));
    }
    problems.extend(fresh::unhelped(exercise, seen));
    problems
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
