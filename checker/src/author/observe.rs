//! Observing the world during a trial: the report, and the other facts that the rules need.

use super::trial::Trial;
use crate::checks::evaluate_all;
use crate::checks::outcome::Truth;
use crate::evaluate::{Attempt, evaluate};
use crate::exercise::Exercise;
use crate::report::{Report, Verdict};
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What was observed during a trial.
#[derive(Debug, Clone)]
pub struct Observation {
    /// The trial.
    pub trial: Trial,
    /// The executed steps, without the setup.
    pub done: Vec<Done>,
    /// Looks, in order; the last is the one at the end.
    pub looks: Vec<Look>,
    /// The report after the last build was repeated, if it was.
    pub rebuilt: Option<Report>,
    /// Why the trial could not be completed, if it could not.
    pub failure: Option<Failure>,
}

/// Why a trial could not be completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// This step of the setup (by index) failed: its exit code and output.
    Setup(usize, i32, String),
    /// This step of the trial did not end in time.
    Stuck(usize),
    /// Something else: the machine's or the engine's fault.
    Machine(String),
}

impl Failure {
    /// In words.
    pub fn describe(&self) -> String {
        match self {
            Self::Setup(step, code, output) => format!(
                "step {} of the setup ends with exit code {code}, saying: {}",
                step + 1,
                said(output)
            ),
            Self::Stuck(step) => format!("step {} does not end", step + 1),
            Self::Machine(cause) => cause.clone(),
        }
    }
}

/// An executed step.
#[derive(Debug, Clone)]
pub struct Done {
    /// The step, in words.
    pub command: String,
    /// Its exit code.
    pub code: i32,
    /// What it printed.
    pub output: String,
}

/// The most informative line of `output`: one that mentions an error, else the last.
pub(crate) fn said(output: &str) -> &str {
    let mut lines = output
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let tells = |line: &&str| {
        ["docker: ", "Error", "ERROR"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let error = lines.clone().find(tells);
    error.or_else(|| lines.next_back()).unwrap_or("nothing")
}

/// One look.
#[derive(Debug, Clone)]
pub struct Look {
    /// The number of steps before it.
    pub after: usize,
    /// The report.
    pub report: Report,
    /// Judging again, with the conditions in the opposite order, gave the same verdicts.
    pub repeats: bool,
    /// The state digests before and after judging are equal.
    pub untouched: bool,
    /// Conditions (goal, index) that alone kept their goal from passing.
    pub decisive: BTreeSet<(usize, usize)>,
    /// Goals whose question accepts a slightly wrong answer.
    pub too_lenient: BTreeSet<usize>,
}

impl Observation {
    /// The look at the end.
    pub fn last(&self) -> Option<&Look> {
        self.looks.last()
    }
}

/// How long a negative trial waits for `within`: long enough for a process to end.
pub const NEGATIVE_WAIT: Duration = Duration::from_secs(1);

/// The exercise with its waits limited to `limit`, for trials that must fail.
pub fn hurried(exercise: &Exercise, limit: Duration) -> Exercise {
    let mut exercise = exercise.clone();
    for goal in &mut exercise.goals {
        goal.within = goal.within.map(|within| within.min(limit));
    }
    exercise
}

/// The minimum for the `within` of a trial that must pass: on a busy machine everything is late, which is not the
/// exercise's fault.
const POSITIVE_WAIT: Duration = Duration::from_secs(30);

/// The exercise with the waits for `trial`.
pub fn paced(exercise: &Exercise, trial: &Trial) -> Exercise {
    if trial.kind.must_fail() {
        return hurried(exercise, NEGATIVE_WAIT);
    }
    let mut exercise = exercise.clone();
    for goal in &mut exercise.goals {
        goal.within = goal.within.map(|within| within.max(POSITIVE_WAIT));
    }
    exercise
}

/// Turns `report`, which was just made from `world`, into a look. `untouched` is the result of the caller's digests.
pub fn look(
    exercise: &Exercise,
    world: &dyn World,
    trial: &Trial,
    after: usize,
    report: Report,
    untouched: bool,
) -> Look {
    let attempt = Attempt {
        number: report.attempt,
        answers: trial.answers.clone(),
    };
    let mut turned = exercise.clone();
    for goal in &mut turned.goals {
        goal.check.reverse();
    }
    let again = evaluate(&turned, world, &attempt);
    let verdicts = |report: &Report| -> Vec<Verdict> {
        report.goals.iter().map(|goal| goal.verdict).collect()
    };
    Look {
        after,
        repeats: verdicts(&again) == verdicts(&report),
        untouched,
        decisive: decisive(exercise, world),
        too_lenient: too_lenient(exercise, world, &attempt),
        report,
    }
}

/// The conditions that alone keep their goal from passing.
fn decisive(exercise: &Exercise, world: &dyn World) -> BTreeSet<(usize, usize)> {
    let mut found = BTreeSet::new();
    for (at, goal) in exercise.goals.iter().enumerate() {
        let failing: Vec<usize> = goal
            .check
            .iter()
            .enumerate()
            .filter(|(_, one)| {
                evaluate_all(std::slice::from_ref(one), world, None).truth == Truth::No
            })
            .map(|(index, _)| index)
            .collect();
        if let [only] = failing.as_slice() {
            found.insert((at, *only));
        }
    }
    found
}

/// Diagnoses that `world` cannot decide, by goal and diagnosis, each with the reason.
pub fn undecided(exercise: &Exercise, world: &dyn World) -> BTreeMap<(String, String), String> {
    let mut found = BTreeMap::new();
    for goal in &exercise.goals {
        for diagnosis in &goal.diagnoses {
            if let Truth::Blind(because) = evaluate_all(&diagnosis.when, world, None).truth {
                found.insert((goal.id.clone(), diagnosis.id.clone()), because);
            }
        }
    }
    found
}

/// Questions that accept more than the right answer.
fn too_lenient(exercise: &Exercise, world: &dyn World, attempt: &Attempt) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    for (at, goal) in exercise.goals.iter().enumerate() {
        let Some(answer) = attempt.answers.get(&goal.id) else {
            continue;
        };
        if goal.question.is_none() {
            continue;
        }
        let mut other = attempt.clone();
        other.answers.insert(goal.id.clone(), format!("{answer}x"));
        let report = evaluate(exercise, world, &other);
        if report.goals[at].verdict == Verdict::Pass {
            found.insert(at);
        }
    }
    found
}
