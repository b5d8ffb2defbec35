//! Proving an exercise: rules that read the file, and rules that observe trials of it.
//!
//! Pure: [`plan`] lists the trials, the caller runs them in disposable sandboxes and calls [`observe::look`] there,
//! and [`judge`] turns the observations into problems. A file has one rule or a few of a kind; its doc comment says
//! what they find and why that matters.

pub mod bundle;
pub mod clauses;
pub mod compare;
pub mod deciding;
pub mod fresh;
pub mod giveaway;
pub mod look;
pub mod near_miss;
pub mod needs;
pub mod observe;
pub mod params;
pub mod placeholders;
pub mod setup;
pub mod solution;
pub mod style;
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
    problems.extend(placeholders::untranslated(
        exercise,
        surroundings.translations,
    ));
    problems.extend(wrong::habits(exercise));
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
    problems.extend(solution::rejected(exercise, seen));
    problems.extend(deciding::unsteady(exercise, seen));
    problems.extend(clauses::judged(exercise, seen));
    problems.extend(fresh::misplaced(exercise, seen));
    if problems.is_empty() {
        // If the attempts do not behave as declared, the exercise's diagnoses and conditions cannot be judged.
        problems.extend(deciding::unproduced(exercise, seen));
        problems.extend(deciding::problems(exercise, seen));
    }
    problems.extend(fresh::unhelped(exercise, seen));
    problems
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
