//! **E20** A translation is missing, stale, or has different texts or placeholders.
//!
//! A learner who sees a half-translated text, or an unfilled placeholder, thinks that it is part of the task. A course
//! is translated as a whole: once one exercise has a language, the others are expected to have it too.

use crate::course::Translation;
use crate::exercise::Exercise;
use crate::load::translation;
use crate::problem::Problem;
use std::collections::BTreeSet;

pub(crate) fn problems(exercise: &Exercise, all: &[Translation]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut missing: BTreeSet<&str> = all.iter().map(|one| one.language.as_str()).collect();
    for one in all.iter().filter(|one| one.exercise == exercise.id) {
        missing.remove(one.language.as_str());
        problems.extend(translation::problems(exercise, &one.source));
    }
    for language in missing {
        problems.push(
            exercise
                .at
                .problem(format!(
                    "no translation into `{language}`, which others have"
                ))
                .of_rule("E20")
                .warning()
                .with_help(format!("write `{}.{language}.yaml` beside it", exercise.id)),
        );
    }
    problems
}
