//! **E24** A message has a placeholder that is never filled in.
//!
//! A learner who reads `{box}`, or `none` where a number belongs, looks for the mistake in their own work.
//!
//! **E20** A translation is missing, stale, or has different texts or placeholders.
//!
//! A learner who sees a half-translated text, or an unfilled placeholder, thinks that it is part of the task. A course
//! is translated as a whole: once one exercise has a language, the others are expected to have it too.

use super::style::texts;
use crate::checks::Condition;
use crate::course::Translation;
use crate::exercise::Exercise;
use crate::load::{params, translation};
use crate::problem::{Place, Problem};
use std::collections::BTreeSet;

pub(crate) fn problems(exercise: &Exercise) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut filled = BTreeSet::new();
    for goal in &exercise.goals {
        for diagnosis in &goal.diagnoses {
            filled.insert(diagnosis.say.as_str());
            let shown = |of: &str| match of {
                "found" => shown(&goal.check),
                _ => shown(&diagnosis.when),
            };
            for name in placeholders(&diagnosis.say) {
                match name.split_once('.') {
                    Some((of, fact)) if shown(of).contains(fact) => {}
                    Some((of, _)) => {
                        let known: Vec<&str> = shown(of).into_iter().collect();
                        let help = match known.as_slice() {
                            [] => format!("`{{{of}.…}}` shows nothing here"),
                            known => format!("it shows `{}`", known.join("`, `")),
                        };
                        problems.push(unfilled(&diagnosis.at, name).with_help(help));
                    }
                    None => problems.push(unfilled(&diagnosis.at, name)),
                }
            }
        }
    }
    for (at, text) in texts(exercise) {
        if !filled.contains(text) {
            problems.extend(placeholders(text).into_iter().map(|name| {
                let help = match name.contains('.') {
                    true => "only the `say` of a diagnosis shows what was found",
                    false => "add it to `params`",
                };
                unfilled(at, name).with_help(help)
            }));
        }
    }
    problems
}

fn unfilled(at: &Place, name: &str) -> Problem {
    at.problem(format!("nothing fills `{{{name}}}`"))
        .of_rule("E24")
}

/// The facts that these conditions can show.
fn shown(conditions: &[Condition]) -> BTreeSet<&'static str> {
    let of_one = |condition: &Condition| -> BTreeSet<&'static str> {
        match condition {
            Condition::Check(check) => check.noun.noun().shows().collect(),
            Condition::Answer(_) => BTreeSet::from(["answer"]),
            Condition::Not(inner) | Condition::All(inner) | Condition::Any(inner) => shown(inner),
        }
    };
    conditions.iter().flat_map(of_one).collect()
}

/// The names in braces that look like a param, `found.NAME` or `when.NAME`. Params are already filled in.
fn placeholders(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices('{') {
        let rest = &text[at + 1..];
        let Some(close) = rest.find('}') else { break };
        let name = &rest[..close];
        let plain = match name.split_once('.') {
            Some(("found" | "when", fact)) => fact,
            _ => name,
        };
        // `${name}` is the shell's, `{{name}}` a template's.
        if params::is_name(plain) && !text[..at].ends_with(['$', '{']) {
            names.push(name);
        }
    }
    names
}

pub(crate) fn untranslated(exercise: &Exercise, all: &[Translation]) -> Vec<Problem> {
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
