//! **E26** A solution that fails with some value of a param.
//!
//! The other trials run with the values of one learner. Here the first solution runs with each value of `choose` and with
//! both ends of each range, so that no learner gets an exercise that cannot be solved.

use super::observe::Observation;
use super::plan;
use super::solution::failing;
use super::trial::{Kind, Trial};
use crate::exercise::Exercise;
use crate::load;
use crate::problem::Problem;
use std::collections::BTreeMap;

/// An exercise with other values.
#[derive(Debug, Clone)]
pub struct Variant {
    /// The values that differ, in words.
    pub values: String,
    /// The exercise with them.
    pub exercise: Exercise,
}

impl Variant {
    /// Its one trial: the first solution.
    pub fn trial(&self) -> Option<Trial> {
        let mut all = plan(&self.exercise).into_iter();
        let trial = all.find(|one| one.kind == Kind::Solution(0))?;
        Some(Trial {
            look_between: false,
            ..trial
        })
    }

    /// The problem that its trial reveals.
    pub fn judge(&self, seen: &Observation) -> Option<Problem> {
        let help = match (&seen.failure, seen.last()) {
            (Some(failure), _) => failure.describe(),
            (None, Some(look)) if !look.report.is_pass() => failing(&look.report),
            _ => return None,
        };
        let message = format!("with {} the solution does not pass", self.values);
        let problem = self.exercise.at.problem(message);
        Some(problem.of_rule("E26").with_help(help))
    }
}

/// As many variants as the longest list of values needs, each with another value of every param, and the problems of those
/// that do not load. A port must be `is_free`.
pub fn variants(
    exercise: &Exercise,
    is_free: &dyn Fn(u16) -> bool,
) -> (Vec<Variant>, Vec<Problem>) {
    let values = load::values(exercise, is_free);
    let rounds = values.values().map(Vec::len).max().unwrap_or(0);
    let (mut variants, mut problems) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let mut given = exercise.params.clone();
        for (name, all) in &values {
            given.insert(name.clone(), all[round.min(all.len() - 1)].clone());
        }
        if given == exercise.params {
            continue;
        }
        let words = differences(&exercise.params, &given);
        match load::with_values(exercise, &given) {
            Ok(exercise) => variants.push(Variant {
                values: words,
                exercise,
            }),
            Err(found) => problems.extend(
                found
                    .into_iter()
                    .map(|problem| problem.with_help(format!("this is the exercise with {words}"))),
            ),
        }
    }
    (variants, problems)
}

/// Those of `values` that differ from `usual`: ``{box} = `web` and {port} = `8000` ``.
fn differences(usual: &BTreeMap<String, String>, values: &BTreeMap<String, String>) -> String {
    let differ = values
        .iter()
        .filter(|(name, value)| usual.get(*name) != Some(*value));
    let words: Vec<String> = differ
        .map(|(name, value)| format!("{{{name}}} = `{value}`"))
        .collect();
    words.join(" and ")
}
