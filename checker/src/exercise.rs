//! An exercise, as its author wrote it and with the learner's values filled in.
//!
//! Plain data: [`crate::load`] makes it, [`crate::evaluate()`] judges with it, the shell shows it.
//! `docs/authoring.md` teaches the file format.

use crate::checks::Condition;
use crate::matcher::Matcher;
use crate::problem::{Place, Source};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// One exercise.
#[derive(Debug, Clone)]
pub struct Exercise {
    /// The file that it was read from.
    pub source: Source,
    /// The folder beside the file with the same name as the exercise, whose contents the workspace starts with.
    pub folder: Option<PathBuf>,
    /// Its identity. It never changes: progress is recorded under it.
    pub id: String,
    /// Bumped when a check changes its meaning.
    pub revision: u32,
    /// One line.
    pub title: String,
    /// The concepts that it trains.
    pub concepts: Vec<String>,
    /// Ids of exercises to do first.
    pub needs: Vec<Word>,
    /// Images that it uses, beside the starter images, such as `python:3.12-slim`.
    pub images: Vec<Word>,
    /// How long it takes; `None` if the author did not say.
    pub minutes: Option<u32>,
    /// The learner's values, by name.
    pub params: BTreeMap<String, String>,
    /// The values that are ports of the machine.
    pub ports: Vec<u16>,
    /// Files of the workspace at the start: path and text.
    pub files: Vec<StartFile>,
    /// The steps that prepare the sandbox before the learner begins.
    pub setup: Vec<Step>,
    /// Markdown: the situation.
    pub story: String,
    /// The to-do list.
    pub goals: Vec<Goal>,
    /// Hints, in the order of the file.
    pub hints: Vec<Hint>,
    /// The solutions; the first is the one to show.
    pub solutions: Vec<Attempt>,
    /// Unusual solutions that are also correct.
    pub accept: Vec<Attempt>,
    /// Mistakes that must be rejected.
    pub wrong: Vec<Wrong>,
    /// What the story demands, each in the story's own words.
    pub clauses: Vec<Word>,
    /// Markdown: the text after success.
    pub debrief: String,
    /// How real Docker differs here; empty if it does not.
    pub differs_from_docker: String,
    /// The id's place.
    pub at: Place,
}

/// A word and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// The word.
    pub text: String,
    /// Its place.
    pub at: Place,
}

impl Exercise {
    /// The names of the images that it uses, beside the starter images.
    pub fn image_names(&self) -> Vec<String> {
        self.images.iter().map(|image| image.text.clone()).collect()
    }

    /// The digest of its file, `sha256:…`: distinguishes it from other exercises with the same id.
    pub fn digest(&self) -> String {
        crate::digest::of_text(self.source.text())
    }
}

/// A file of the workspace at the start.
#[derive(Debug, Clone, PartialEq)]
pub struct StartFile {
    /// Relative to the workspace, and inside it.
    pub path: String,
    /// Its contents.
    pub text: String,
    /// Its place.
    pub at: Place,
}

/// One goal: a line of the to-do list, and what decides it.
#[derive(Debug, Clone)]
pub struct Goal {
    /// Its identity within the exercise.
    pub id: String,
    /// The goal, in the words shown to the learner.
    pub say: String,
    /// All of these must hold.
    pub check: Vec<Condition>,
    /// And this must be answered.
    pub question: Option<Question>,
    /// The concept behind it, at most 100 characters.
    pub why: Option<String>,
    /// A read-only docker command that shows the state.
    pub look: Option<Word>,
    /// How long to wait after a command for it to become true.
    pub within: Option<Duration>,
    /// How long it must have been true.
    pub stable: Option<Duration>,
    /// Goals that must be reached first.
    pub after: Vec<Word>,
    /// Recognised mistakes, most specific first.
    pub diagnoses: Vec<Diagnosis>,
    /// The id's place.
    pub at: Place,
}

impl Goal {
    /// Whether a reached goal stays reached, because it is about an event, rather than about a state that may change.
    pub fn is_lasting(&self) -> bool {
        !self.check.is_empty() && self.check.iter().all(Condition::is_lasting)
    }
}

/// A question to the learner.
#[derive(Debug, Clone)]
pub struct Question {
    /// The question.
    pub ask: String,
    /// The answers to choose from; empty for a free answer.
    pub choices: Vec<String>,
    /// The condition on the answer.
    pub answer: Matcher,
    /// Compare as typed, instead of ignoring case, quotes and blanks around it.
    pub exact: bool,
    /// The answer's place.
    pub at: Place,
}

/// A recognised mistake.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    /// Its identity within the exercise.
    pub id: String,
    /// The conditions of this mistake; empty matches any failure.
    pub when: Vec<Condition>,
    /// The message: about the state, not the person. `{found.count}` and the like are filled in.
    pub say: String,
    /// A read-only docker command that shows it, instead of the goal's.
    pub look: Option<Word>,
    /// A command that gets the exercise back on track, such as `reset`.
    pub recover: Option<String>,
    /// Its message also fits the state in which nothing has been done yet.
    pub fresh: bool,
    /// The id's place.
    pub at: Place,
}

/// How much a hint gives away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Where to look.
    Nudge,
    /// What to understand.
    Concept,
    /// Nearly the answer.
    Near,
}

/// A hint.
#[derive(Debug, Clone)]
pub struct Hint {
    /// Diagnoses or goals that it belongs to; empty means it always applies.
    pub for_: Vec<Word>,
    /// How much it gives away.
    pub level: Level,
    /// The text.
    pub say: String,
    /// Its place.
    pub at: Place,
}

/// A step of the setup, or of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its action.
    pub action: Action,
    /// The attempt also works without this step.
    pub optional: bool,
    /// Its place.
    pub at: Place,
}

/// The action of a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Runs a line with `sh -c` in the workspace.
    Run(String),
    /// Writes a file of the workspace.
    Write {
        /// Relative to the workspace, and inside it.
        path: String,
        /// Its contents.
        text: String,
    },
    /// Runs a line on a terminal and types input.
    Terminal {
        /// The line.
        command: String,
        /// The input.
        input: String,
    },
}

impl Action {
    /// A one-line description.
    pub fn describe(&self) -> String {
        match self {
            Self::Run(command) => command.clone(),
            Self::Write { path, .. } => format!("(write {path})"),
            Self::Terminal { command, input } => format!("{command}  (type {input:?})"),
        }
    }
}

/// A possible way to do the exercise, right or wrong.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its identity within the exercise; numbered if the author gave none.
    pub id: String,
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// Answers by goal.
    pub answers: BTreeMap<String, String>,
    /// Its place.
    pub at: Place,
}

/// An attempt that must be rejected.
#[derive(Debug, Clone)]
pub struct Wrong {
    /// The steps.
    pub attempt: Attempt,
    /// The goals that must reject it, each with the expected diagnosis.
    pub expect: Vec<Expectation>,
    /// The only clause of the story that it breaks.
    pub breaks: Option<Word>,
}

/// How a goal must judge a wrong attempt.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// The goal.
    pub goal: String,
    /// The diagnosis; `None` accepts any (`not-yet` in the file).
    pub diagnosis: Option<String>,
    /// Its place.
    pub at: Place,
}
