//! **E19** A message breaks the style. **E22** A line that cannot be wrapped is wider than 72 columns.
//!
//! A learner who had difficulties reads "simply" as a reproach. `why` is one line about the concept. A code block is
//! shown unwrapped, even on a narrow terminal and to a screen reader.

use crate::exercise::Exercise;
use crate::problem::{Place, Problem};

/// Words that blame or belittle.
const BANNED: &[&str] = &[
    "just",
    "simply",
    "obviously",
    "obvious",
    "easy",
    "easily",
    "trivial",
    "trivially",
    "of course",
    "you forgot",
    "you should have",
    "as everyone knows",
    "clearly",
];

/// Columns of a narrow terminal, minus the margin.
const WIDE: usize = 72;
/// Maximum characters of a line about a concept.
const WHY: usize = 100;

pub(crate) fn problems(exercise: &Exercise) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, text) in texts(exercise) {
        problems.extend(banned(at, text));
        problems.extend(wide(at, text));
    }
    for goal in &exercise.goals {
        if let Some(why) = &goal.why
            && why.chars().count() > WHY
        {
            let length = why.chars().count();
            problems.push(
                goal.at
                    .problem(format!(
                        "`why` of the goal `{}` has {length} characters",
                        goal.id
                    ))
                    .of_rule("E19")
                    .with_help(format!("name the concept in at most {WHY}")),
            );
        }
    }
    problems
}

/// Every text that a learner reads, with the best known place.
pub(super) fn texts(exercise: &Exercise) -> Vec<(&Place, &str)> {
    let whole = [
        &exercise.title,
        &exercise.story,
        &exercise.debrief,
        &exercise.differs_from_docker,
    ];
    let mut texts: Vec<(&Place, &str)> = whole.map(|text| (&exercise.at, text.as_str())).into();
    for goal in &exercise.goals {
        texts.push((&goal.at, &goal.say));
        texts.extend(goal.why.as_ref().map(|why| (&goal.at, why.as_str())));
        texts.extend(
            goal.question
                .as_ref()
                .map(|question| (&question.at, question.ask.as_str())),
        );
        texts.extend(goal.diagnoses.iter().map(|one| (&one.at, one.say.as_str())));
    }
    texts.extend(
        exercise
            .hints
            .iter()
            .map(|hint| (&hint.at, hint.say.as_str())),
    );
    texts
}

fn banned(at: &Place, text: &str) -> Option<Problem> {
    let lower = text.to_lowercase();
    let padded: String = lower
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    let padded = format!(
        " {} ",
        padded.split_whitespace().collect::<Vec<_>>().join(" ")
    );
    let word = BANNED
        .iter()
        .find(|word| padded.contains(&format!(" {word} ")))?;
    Some(
        at.problem(format!("a text of it says `{word}`"))
            .of_rule("E19")
            .with_help("say the fact without it"),
    )
}

fn wide(at: &Place, text: &str) -> Option<Problem> {
    let mut fenced = false;
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        let code = fenced && !fence || line.starts_with("    ");
        let columns = line.chars().count();
        if code && columns > WIDE {
            return Some(
                at.problem(format!(
                    "a line of code has {columns} columns: `{}`",
                    line.trim()
                ))
                .of_rule("E22")
                .with_help(format!("break it before column {WIDE}")),
            );
        }
    }
    None
}
