//! What the learner has done, in one small file.
//!
//! Exercises are identified by id and revision and lessons by slug, never by position, so that a new edition of the
//! course loses nothing: an exercise whose checks changed is *to be confirmed*, and entries that this course does not
//! know are kept as they are.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// The version of the file format. A file of a later version is refused, not overwritten.
pub const FORMAT: u32 = 1;

/// What the learner has done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// See [`FORMAT`].
    pub format: u32,
    /// The seed for the learner's own values in exercises; empty until the first save.
    #[serde(default)]
    pub seed: String,
    /// Where the learner is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Position>,
    /// By lesson slug.
    #[serde(default)]
    pub lessons: BTreeMap<String, LessonRecord>,
    /// By exercise id.
    #[serde(default)]
    pub exercises: BTreeMap<String, ExerciseRecord>,
    /// Fields of a later edition.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A place in the course, by permanent names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The lesson's slug.
    pub lesson: String,
    /// The exercise's id, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exercise: Option<String>,
    /// The page's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// The learner has left this place for the playground.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub free: bool,
}

impl Position {
    /// The sandbox of the place.
    pub fn sandbox(&self) -> String {
        match &self.exercise {
            _ if self.free => crate::lesson::FREE.to_owned(),
            Some(id) => crate::lesson::exercise_sandbox(id),
            None => crate::lesson::sandbox_of(&self.lesson),
        }
    }
}

/// The record of a lesson.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LessonRecord {
    /// Titles of the pages that were shown.
    #[serde(default)]
    pub read: BTreeSet<String>,
    /// Fields of a later edition.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Distinguishes exercises that share an id, for instructors who collect progress files. It proves nothing, since the
/// learner can write the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// The digest of its file, `sha256:…`.
    pub digest: String,
    /// The folder of the course (`DOCKLINGS_CONTENT`), unless it was the built-in course.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub course: Option<String>,
}

/// The record of an exercise.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ExerciseRecord {
    /// The revision that the other fields describe.
    #[serde(default)]
    pub revision: u32,
    /// When all goals were first reached, in RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<String>,
    /// Its edition at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<Edition>,
    /// Goals reached at least once.
    #[serde(default)]
    pub passed: BTreeSet<String>,
    /// How often `check` did not pass.
    #[serde(default)]
    pub attempts: u32,
    /// Classic mistakes that were explained, by the diagnosis's id.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub met: BTreeSet<String>,
    /// Hints that were shown, by their index in the exercise.
    #[serde(default)]
    pub hints: BTreeSet<usize>,
    /// The solution was shown before the exercise was done.
    #[serde(default)]
    pub solution_seen: bool,
    /// The learner skipped it.
    #[serde(default)]
    pub skipped: bool,
    /// The draw of the learner's own values in use: a later one if a port of the first was taken.
    #[serde(default, skip_serializing_if = "is_first")]
    pub draw: usize,
    /// The answers to goals that ask a question, by goal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, String>,
    /// Fields of a later edition.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

fn is_first(draw: &usize) -> bool {
    *draw == 0
}

/// One thing that the learner did. Changes rather than whole records are written to the file, so that two shells at
/// once lose nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Is now at this place.
    At(Position),
    /// Saw the page `page` of the lesson `lesson`.
    Read {
        /// The lesson's slug.
        lesson: String,
        /// The page's title.
        page: String,
    },
    /// Reached these goals of an exercise.
    Passed {
        /// The exercise.
        exercise: String,
        /// Its goals.
        goals: Vec<String>,
    },
    /// Reached all goals.
    Finished {
        /// The exercise.
        exercise: String,
        /// Its revision.
        revision: u32,
        /// Its edition.
        edition: Edition,
    },
    /// Ran a check that did not pass.
    Attempted(String),
    /// Made mistakes that were explained.
    Met {
        /// The exercise.
        exercise: String,
        /// The diagnoses.
        mistakes: Vec<String>,
    },
    /// Saw a hint.
    Hinted {
        /// The exercise.
        exercise: String,
        /// The hint's index in it.
        hint: usize,
    },
    /// Saw the solution before the exercise was done.
    SawSolution(String),
    /// Left the exercise for later.
    Skipped(String),
    /// Answered the goal that asks a question.
    Answered {
        /// The exercise.
        exercise: String,
        /// The goal.
        goal: String,
        /// The answer.
        answer: String,
    },
    /// Started the exercise over.
    StartedOver(String),
    /// The exercise was set up with this draw of the learner's own values.
    Drawn {
        /// The exercise.
        exercise: String,
        /// The draw, from 0.
        draw: usize,
    },
}

/// The standing of an exercise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// No goal was reached yet.
    Open,
    /// Some goals were reached.
    Begun,
    /// Left for later.
    Skipped,
    /// Done, but its checks have changed since.
    ToConfirm,
    /// Done.
    Done,
}

impl Standing {
    /// In one word, or a few.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Begun => "begun",
            Self::Skipped => "skipped",
            Self::ToConfirm => "to confirm",
            Self::Done => "done",
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            format: FORMAT,
            seed: String::new(),
            at: None,
            lessons: BTreeMap::new(),
            exercises: BTreeMap::new(),
            other: Map::new(),
        }
    }
}

impl Progress {
    /// Reads the file at `path`; a missing file means no progress yet. Error: it is damaged, or of a later version.
    pub fn load(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
            Ok(bytes) => Self::parse(&bytes),
        }
    }

    /// Parses the file's `bytes`. Error: they are damaged, or of a later version.
    pub fn parse(bytes: &[u8]) -> io::Result<Self> {
        let invalid = |message: String| io::Error::new(io::ErrorKind::InvalidData, message);
        let value: Value = serde_json::from_slice(bytes)
            .map_err(|error| invalid(format!("not a progress file: {error}")))?;
        match value.get("format").and_then(Value::as_u64) {
            Some(format) if format > u64::from(FORMAT) => Err(invalid(format!(
                "written by a later docklings (format {format}; this one reads {FORMAT})"
            ))),
            Some(_) => serde_json::from_value(value)
                .map_err(|error| invalid(format!("not a progress file: {error}"))),
            None => Err(invalid("not a progress file: no `format`".to_owned())),
        }
    }

    /// Replaces the file at `path`. A crash leaves the old or the new file; the new one is on disk when this returns.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new()
            .prefix(".new-")
            .tempfile_in(folder)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")?;
        file.as_file().sync_data()?;
        file.persist(path).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    }

    /// Reads, changes and replaces the file while holding a lock beside it, so that two shells at once lose nothing. A
    /// change without effect writes nothing. Returns the new content.
    pub fn update(path: &Path, change: impl FnOnce(&mut Self)) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.with_extension("lock"))?;
        lock.lock()?;
        let before = Self::load(path)?;
        let mut progress = before.clone();
        change(&mut progress);
        if progress != before {
            progress.save(path)?;
        }
        Ok(progress)
    }

    /// The standing of the exercise `id` in a course where it has `revision`.
    pub fn standing(&self, id: &str, revision: u32) -> Standing {
        let Some(record) = self.exercises.get(id) else {
            return Standing::Open;
        };
        match record.done {
            Some(_) if record.revision >= revision => Standing::Done,
            Some(_) => Standing::ToConfirm,
            None if record.skipped => Standing::Skipped,
            None if record.passed.is_empty() => Standing::Open,
            None => Standing::Begun,
        }
    }

    /// The record of the exercise `id`, created if missing.
    pub fn exercise(&mut self, id: &str) -> &mut ExerciseRecord {
        self.exercises.entry(id.to_owned()).or_default()
    }

    /// Records a change made at the time `now`, in RFC 3339.
    pub fn apply(&mut self, change: &Change, now: &str) {
        match change {
            Change::At(position) => self.at = Some(position.clone()),
            Change::Read { lesson, page } => {
                let record = self.lessons.entry(lesson.clone()).or_default();
                record.read.insert(page.clone());
            }
            Change::Passed { exercise, goals } => {
                self.exercise(exercise).passed.extend(goals.iter().cloned());
            }
            Change::Finished {
                exercise,
                revision,
                edition,
            } => {
                let record = self.exercise(exercise);
                if record.finish(*revision, now) {
                    record.edition = Some(edition.clone());
                }
            }
            Change::Attempted(exercise) => self.exercise(exercise).attempts += 1,
            Change::Met { exercise, mistakes } => {
                self.exercise(exercise).met.extend(mistakes.iter().cloned());
            }
            Change::Hinted { exercise, hint } => {
                self.exercise(exercise).hints.insert(*hint);
            }
            Change::SawSolution(exercise) => self.exercise(exercise).solution_seen = true,
            Change::Skipped(exercise) => self.exercise(exercise).skipped = true,
            Change::Answered {
                exercise,
                goal,
                answer,
            } => {
                let answers = &mut self.exercise(exercise).answers;
                answers.insert(goal.clone(), answer.clone());
            }
            Change::StartedOver(exercise) => self.exercise(exercise).start_over(),
            Change::Drawn { exercise, draw } => self.exercise(exercise).draw = *draw,
        }
    }

    /// Adds what `other` has more, for a file from another machine.
    pub fn merge(&mut self, other: Self) {
        for (slug, theirs) in other.lessons {
            self.lessons
                .entry(slug)
                .or_default()
                .read
                .extend(theirs.read);
        }
        for (id, theirs) in other.exercises {
            match self.exercises.get_mut(&id) {
                None => {
                    self.exercises.insert(id, theirs);
                }
                Some(ours) => ours.merge(theirs),
            }
        }
        if self.at.is_none() {
            self.at = other.at;
        }
    }
}

impl ExerciseRecord {
    /// Clears the current attempt; keeps that it was once done, and what was looked at.
    pub fn start_over(&mut self) {
        self.passed.clear();
        self.answers.clear();
        self.skipped = false;
    }

    /// Records that all goals of `revision` were reached at the time `now`. Returns whether that is new.
    pub fn finish(&mut self, revision: u32, now: &str) -> bool {
        let is_new = self.done.is_none() || self.revision < revision;
        if is_new {
            self.done = Some(now.to_owned());
        }
        self.revision = revision;
        self.skipped = false;
        is_new
    }

    fn merge(&mut self, theirs: Self) {
        let further =
            (theirs.done.is_some(), theirs.revision) > (self.done.is_some(), self.revision);
        if further {
            self.done = theirs.done;
            self.edition = theirs.edition;
            self.revision = theirs.revision;
            self.skipped = false;
        }
        self.attempts = self.attempts.max(theirs.attempts);
        self.passed.extend(theirs.passed);
        self.met.extend(theirs.met);
        self.hints.extend(theirs.hints);
        self.solution_seen |= theirs.solution_seen;
    }
}

#[cfg(test)]
#[path = "progress/tests.rs"]
mod tests;
