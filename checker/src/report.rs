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

    /// The first goal that the learner can work on.
    pub fn next_goal(&self) -> Option<&GoalReport> {
        self.goals
            .iter()
            .find(|goal| goal.verdict == Verdict::NotYet)
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

/// How to show a report as text.
#[derive(Debug, Clone, Copy, Default)]
pub struct TextOptions {
    /// Expand every goal, not only the first one to work on.
    pub all: bool,
    /// Never shorten a finding.
    pub full: bool,
}

/// A line of the text form. The caller adds colour, wraps and prints.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The verdict whose word comes first, if any.
    pub verdict: Option<Verdict>,
    /// The label at the start: a goal's id, `Expected`, `Found`, …
    pub label: String,
    /// The rest.
    pub text: String,
}

/// The number of characters that are shown of a finding, unless all of it is requested.
const SHOWN: usize = 400;

impl Report {
    /// The report as lines of text.
    pub fn lines(&self, options: TextOptions) -> Vec<Line> {
        let mut lines = vec![Line {
            verdict: Some(self.verdict),
            label: format!("{} of {} done", self.done, self.goals.len()),
            text: format!("{}, attempt {}", self.exercise, self.attempt),
        }];
        let mut expanded = false;
        for goal in &self.goals {
            let open = matches!(goal.verdict, Verdict::NotYet | Verdict::CantCheck);
            let expand = open && (options.all || !expanded);
            lines.extend(goal.lines(expand, options.full));
            expanded |= expand;
        }
        lines
    }

    /// The report as plain text.
    pub fn text(&self, options: TextOptions) -> String {
        let mut text = String::new();
        for line in self.lines(options) {
            let head = match line.verdict {
                Some(verdict) => format!("{:<12}{}", verdict.word(), line.label),
                None => format!("  {:<10}", line.label),
            };
            text.push_str(format!("{head}  {}", line.text).trim_end());
            text.push('\n');
        }
        text
    }
}

impl GoalReport {
    fn lines(&self, expand: bool, full: bool) -> Vec<Line> {
        let short = match (self.verdict, &self.diagnosis, &self.waiting_for) {
            (Verdict::NotYet, Some(diagnosis), _) if !expand => {
                format!("{} ({})", self.say, diagnosis.id)
            }
            (Verdict::Waiting, _, Some(goal)) => format!("{} (waits for {goal})", self.say),
            _ => self.say.clone(),
        };
        let mut lines = vec![Line {
            verdict: Some(self.verdict),
            label: self.id.clone(),
            text: short,
        }];
        if !expand {
            return lines;
        }
        let mut detail = |label: &str, text: Option<String>| {
            lines.extend(text.filter(|text| !text.is_empty()).map(|text| Line {
                verdict: None,
                label: label.to_owned(),
                text,
            }));
        };
        if let Some(because) = &self.because {
            detail(
                "Cause",
                Some(format!(
                    "{because}; this is not your mistake and does not count"
                )),
            );
        }
        detail("Expected", self.expected.clone());
        detail(
            "Found",
            self.found.as_deref().map(|found| shorten(found, full)),
        );
        if let Some(diagnosis) = &self.diagnosis {
            detail("So", Some(diagnosis.say.clone()));
        }
        detail("Why", self.why.clone());
        detail("Look", self.look.clone());
        if let Some(diagnosis) = &self.diagnosis {
            detail("Back", diagnosis.recover.clone());
            detail(
                "Message",
                Some(format!("{} (looks wrong? report this id)", diagnosis.id)),
            );
        }
        lines
    }
}

fn shorten(found: &str, full: bool) -> String {
    let length = found.chars().count();
    if full || length <= SHOWN {
        return found.to_owned();
    }
    let start: String = found.chars().take(SHOWN).collect();
    format!("{start} (first {SHOWN} of {length} characters, `check --full` shows all)")
}

/// `sha256:` digest of an exercise's file.
pub(crate) fn exercise_digest(exercise: &Exercise) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(exercise.source.text().as_bytes());
    format!("sha256:{}", crate::world::hex(&digest))
}
