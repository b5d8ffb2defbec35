//! What judging an exercise gives: a verdict for each goal, as data, as JSON and as text.

use crate::exercise::Exercise;
use serde::Serialize;

/// The version of the JSON form. It is raised when a field changes its meaning or goes away.
pub const FORMAT: u32 = 1;

/// How a goal, or the whole exercise, stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Reached.
    Pass,
    /// Not reached.
    NotYet,
    /// An earlier goal has to be reached first.
    Waiting,
    /// It could not be observed, which is never the learner's fault.
    CantCheck,
}

impl Verdict {
    /// The word that carries the verdict.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::NotYet => "NOT YET",
            Self::Waiting => "WAITING",
            Self::CantCheck => "CAN'T CHECK",
        }
    }
}

/// Whether a pass stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// It is about something that happened, and stays until `reset`.
    Happened,
    /// It is about the state now, and may be lost again.
    Now,
    /// It is about an answer.
    Answer,
}

/// The judgement of an exercise.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Report {
    /// The version of this form: 1.
    pub format: u32,
    /// The exercise's id.
    pub exercise: String,
    /// The exercise's revision.
    pub revision: u32,
    /// The exercise's title.
    pub title: String,
    /// `sha256:` digest of the exercise's file.
    pub exercise_digest: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// The verdict of the whole.
    pub verdict: Verdict,
    /// How many goals are reached.
    pub done: usize,
    /// The goals, in their order.
    pub goals: Vec<GoalReport>,
}

/// The judgement of a goal.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct GoalReport {
    /// The goal's id.
    pub id: String,
    /// What the learner is asked to reach.
    pub say: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// Whether a pass stays.
    pub holds: Holds,
    /// Of NOT YET: what was expected.
    pub expected: Option<String>,
    /// Of NOT YET: what was found.
    pub found: Option<String>,
    /// The concept behind it.
    pub why: Option<String>,
    /// A read-only command that shows the state.
    pub look: Option<String>,
    /// The mistake that was recognised.
    pub diagnosis: Option<DiagnosisReport>,
    /// Of WAITING: the goal to reach first.
    pub waiting_for: Option<String>,
    /// Of CAN'T CHECK: the cause.
    pub because: Option<String>,
    /// How long to wait for it to come true, in milliseconds.
    pub within_ms: Option<u64>,
    /// How long it must have been true, in milliseconds.
    pub stable_ms: Option<u64>,
}

/// A mistake that was recognised.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct DiagnosisReport {
    /// Its id.
    pub id: String,
    /// What to tell.
    pub say: String,
    /// What puts the exercise back on its way.
    pub recover: Option<String>,
}

impl Report {
    /// The verdict of the whole: a failure is more important than an unobservable goal.
    pub(crate) fn overall(goals: &[GoalReport]) -> Verdict {
        let any = |verdict| goals.iter().any(|goal| goal.verdict == verdict);
        if any(Verdict::NotYet) {
            Verdict::NotYet
        } else if any(Verdict::CantCheck) {
            Verdict::CantCheck
        } else if any(Verdict::Waiting) {
            Verdict::NotYet
        } else {
            Verdict::Pass
        }
    }

    /// Whether every goal is reached.
    pub fn is_pass(&self) -> bool {
        self.verdict == Verdict::Pass
    }

    /// The exit code of `docklings check`: 0 all pass, 1 not yet, 3 can't check (2 is wrong usage).
    pub fn exit_code(&self) -> u8 {
        match self.verdict {
            Verdict::Pass => 0,
            Verdict::NotYet | Verdict::Waiting => 1,
            Verdict::CantCheck => 3,
        }
    }

    /// The judgement of the goal with this id.
    pub fn goal(&self, id: &str) -> Option<&GoalReport> {
        self.goals.iter().find(|goal| goal.id == id)
    }

    /// The first goal that the learner can work on; one that only waits for an answer comes last.
    pub fn next_goal(&self) -> Option<&GoalReport> {
        let open = || {
            self.goals
                .iter()
                .filter(|goal| goal.verdict == Verdict::NotYet)
        };
        open()
            .find(|goal| !goal.is_diagnosed(UNANSWERED))
            .or_else(|| open().next())
    }

    /// The report as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The JSON Schema (draft 7) of [`Report::to_json`].
    pub fn schema() -> serde_json::Value {
        let settings = schemars::generate::SchemaSettings::draft07();
        settings
            .into_generator()
            .into_root_schema_for::<Self>()
            .to_value()
    }
}

/// The diagnosis of a goal whose question has no answer yet.
pub(crate) const UNANSWERED: &str = "unanswered";
/// The diagnosis of a wrong answer, if no other one fits.
pub(crate) const WRONG_ANSWER: &str = "wrong-answer";

/// The diagnoses that need no author.
pub const BUILT_IN: [&str; 2] = [UNANSWERED, WRONG_ANSWER];

/// A line of the text form. The caller adds colour, wraps and prints.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The verdict whose word comes first, if any.
    pub verdict: Option<Verdict>,
    /// The label at the start: a goal's number, `Expected`, `Found`, …; empty before a sentence.
    pub label: &'static str,
    /// The rest.
    pub text: String,
}

/// The number of characters that are shown of a finding, unless all of it is requested.
const SHOWN: usize = 400;

impl Report {
    /// The report as lines of text: what was recognised of every open goal, and the details of the one to work on.
    /// `verbose` adds ids, and the details of every open goal in full.
    pub fn lines(&self, verbose: bool) -> Vec<Line> {
        let mut text = format!("{} of {} done", self.done, self.goals.len());
        if verbose {
            text.push_str(&format!(": {}, attempt {}", self.exercise, self.attempt));
        }
        let mut lines = vec![Line {
            verdict: Some(self.verdict),
            label: "",
            text,
        }];
        let blind = || {
            self.goals
                .iter()
                .find(|goal| goal.verdict == Verdict::CantCheck)
        };
        let next = self.next_goal().or_else(blind).map(|goal| &goal.id);
        for goal in &self.goals {
            lines.extend(self.lines_of(goal, verbose, next == Some(&goal.id)));
        }
        lines
    }

    /// The lines about one goal, with its details.
    pub fn lines_about(&self, id: &str) -> Vec<Line> {
        let goal = self.goal(id);
        goal.map_or_else(Vec::new, |goal| self.lines_of(goal, false, true))
    }

    fn lines_of(&self, goal: &GoalReport, verbose: bool, detailed: bool) -> Vec<Line> {
        let number = |id: &str| 1 + self.goals.iter().take_while(|goal| goal.id != id).count();
        let mut say = format!("{}. {}", number(&goal.id), goal.say);
        if let Some(first) = &goal.waiting_for {
            say.push_str(&format!(" (after goal {})", number(first)));
        }
        if verbose {
            say.push_str(&format!(" ({})", goal.id));
        }
        let mut lines = vec![Line {
            verdict: Some(goal.verdict),
            label: "",
            text: say,
        }];
        lines.extend(goal.details(verbose, detailed || verbose));
        lines
    }

    /// The report as plain text.
    pub fn text(&self, verbose: bool) -> String {
        let mut text = String::new();
        for line in self.lines(verbose) {
            let head = match line.verdict {
                Some(verdict) => format!("{:<12}", verdict.word()),
                None if line.label.is_empty() => "    ".to_owned(),
                None => format!("    {:<10}", line.label),
            };
            text.push_str(format!("{head}{}", line.text).trim_end());
            text.push('\n');
        }
        text
    }
}

impl GoalReport {
    fn is_diagnosed(&self, id: &str) -> bool {
        self.diagnosis
            .as_ref()
            .is_some_and(|diagnosis| diagnosis.id == id)
    }

    fn details(&self, verbose: bool, detailed: bool) -> Vec<Line> {
        let mut lines = Vec::new();
        if !matches!(self.verdict, Verdict::NotYet | Verdict::CantCheck) {
            return lines;
        }
        let mut detail = |label: &'static str, text: Option<String>| {
            lines.extend(text.filter(|text| !text.is_empty()).map(|text| Line {
                verdict: None,
                label,
                text,
            }));
        };
        let because = self.because.as_ref();
        detail(
            "Cause",
            because
                .map(|because| format!("{because}; this is not your mistake and does not count")),
        );
        let diagnosis = self.diagnosis.as_ref();
        detail("", diagnosis.map(|diagnosis| diagnosis.say.clone()));
        if !detailed {
            return lines;
        }
        // About an answer, they would repeat the sentence.
        if verbose || !(self.is_diagnosed(UNANSWERED) || self.is_diagnosed(WRONG_ANSWER)) {
            detail("Expected", self.expected.clone());
            let found = self.found.as_deref();
            detail("Found", found.map(|found| shorten(found, verbose)));
        }
        detail("Why", self.why.clone());
        detail("Look", self.look.clone());
        let recover = diagnosis.and_then(|diagnosis| diagnosis.recover.as_ref());
        detail(
            "",
            recover.map(|recover| format!("To start over: `{recover}`.")),
        );
        if verbose {
            let id = diagnosis.map(|diagnosis| format!("`{}`", diagnosis.id));
            detail("Diagnosis", id);
        }
        lines
    }
}

/// A finding for the learner: without the list of other events, and not too long.
fn shorten(found: &str, verbose: bool) -> String {
    if verbose {
        return found.to_owned();
    }
    let found = match found.split_once("none, only ") {
        Some((before, _)) => format!("{before}none"),
        None => found.to_owned(),
    };
    let length = found.chars().count();
    if length <= SHOWN {
        return found;
    }
    let start: String = found.chars().take(SHOWN).collect();
    format!("{start} (first {SHOWN} of {length} characters, `check --verbose` shows all)")
}

/// `sha256:` digest of an exercise's file.
pub(crate) fn exercise_digest(exercise: &Exercise) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(exercise.source.text().as_bytes());
    format!("sha256:{}", crate::world::hex(&digest))
}
