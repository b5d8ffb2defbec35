//! The trials that prove an exercise.

use super::words;
use crate::checks::{Condition, NounKind};
use crate::exercise::{Attempt, Exercise, Step};
use std::collections::BTreeMap;

/// A trial, starting from the fresh state.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Its purpose.
    pub kind: Kind,
    /// Its steps.
    pub steps: Vec<Step>,
    /// The answers, at every look.
    pub answers: BTreeMap<String, String>,
    /// Look before every step, not only at the end.
    pub look_between: bool,
}

/// The purpose of a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// No steps: must fail.
    Fresh,
    /// The solution with this index: must pass, at the end and not before.
    Solution(usize),
    /// A solution without one of its steps: must fail.
    Without {
        /// The solution's index.
        solution: usize,
        /// The step's index.
        step: usize,
    },
    /// The attempt to accept with this index: must pass.
    Accept(usize),
    /// The wrong attempt with this index: must be rejected as declared.
    Wrong(usize),
    /// The first solution with a slightly changed name: must fail.
    NearMiss {
        /// The name.
        name: String,
        /// The changed name.
        changed: String,
    },
}

impl Kind {
    /// Whether the trial must not pass.
    pub fn must_fail(&self) -> bool {
        !matches!(self, Self::Solution(_) | Self::Accept(_))
    }

    /// The trial's name in messages.
    pub fn describe(&self, exercise: &Exercise) -> String {
        let id = |all: &[Attempt], index: usize| {
            all.get(index)
                .map_or_else(|| index.to_string(), |one| one.id.clone())
        };
        match self {
            Self::Fresh => "fresh state".to_owned(),
            Self::Solution(index) => format!("solution `{}`", id(&exercise.solutions, *index)),
            Self::Without { solution, step } => format!(
                "solution `{}` without step {}",
                id(&exercise.solutions, *solution),
                step + 1
            ),
            Self::Accept(index) => format!("accept `{}`", id(&exercise.accept, *index)),
            Self::Wrong(index) => {
                let wrong = exercise.wrong.get(*index);
                let id = wrong.map_or_else(|| index.to_string(), |one| one.attempt.id.clone());
                format!("wrong `{id}`")
            }
            Self::NearMiss { name, changed } => {
                format!("near miss: `{changed}` instead of `{name}`")
            }
        }
    }
}

impl Trial {
    /// The step to repeat after a wrong attempt: its last build, if all that follows is docker commands, so that the same
    /// files are built again.
    pub fn last_build(&self) -> Option<&Step> {
        let Kind::Wrong(_) = self.kind else {
            return None;
        };
        let lines = |step: &Step| words::commands(&step.action.describe());
        let builds = |step: &&Step| {
            let line = step.action.describe();
            words::docker(&line).iter().any(|words| words[0] == "build")
        };
        let harmless = |words: &Vec<String>| {
            matches!(words[0].as_str(), "sleep" | "true")
                || words[0] == "docker" && words.get(1).is_none_or(|verb| verb != "cp")
        };
        let last = self.steps.iter().rposition(|step| builds(&step))?;
        let later = self.steps[last + 1..].iter().flat_map(lines);
        later
            .into_iter()
            .all(|words| harmless(&words))
            .then(|| &self.steps[last])
    }

    /// Whether the trial may use ports of the machine, which all sandboxes share, or check which server answers there:
    /// such trials run one at a time.
    pub fn takes_ports(&self, exercise: &Exercise) -> bool {
        let publishes = |step: &Step| {
            let line = step.action.describe();
            words::docker(&line).iter().any(|words| {
                matches!(words[0].as_str(), "run" | "create")
                    && words.iter().any(|word| {
                        // `-p 8080:80`, `-dp 8080:80`, `--publish=…`, `-P`, `--network host`.
                        word.starts_with("--publish")
                            || word.contains("host")
                            || (word.starts_with('-')
                                && !word.starts_with("--")
                                && word.contains(['p', 'P']))
                    })
            })
        };
        exercise.setup.iter().chain(&self.steps).any(publishes) || asks(exercise)
    }
}

/// Whether the exercise checks which server answers at a port.
fn asks(exercise: &Exercise) -> bool {
    fn is_http(condition: &Condition) -> bool {
        match condition {
            Condition::Check(check) => check.noun == NounKind::Http,
            Condition::Answer(_) => false,
            Condition::Not(inner) | Condition::All(inner) | Condition::Any(inner) => {
                inner.iter().any(is_http)
            }
        }
    }
    let goals = &exercise.goals;
    let diagnoses = goals.iter().flat_map(|goal| &goal.diagnoses);
    goals.iter().flat_map(|goal| &goal.check).any(is_http)
        || diagnoses.flat_map(|one| &one.when).any(is_http)
}
