//! What the learner has done, in one small file.
//!
//! Exercises are known by id and revision and lessons by slug, never by their place, so that a new edition of the course
//! loses nothing: an exercise whose checks changed is *to be confirmed*, and entries that the course does not know
//! (any more, or yet) are kept as they are.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// The version of the file's form. A file of a later version is refused, not damaged.
pub const FORMAT: u32 = 1;

/// What the learner has done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// See [`FORMAT`].
    pub format: u32,
    /// From which the learner's own values in exercises are made; empty until the first save.
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
    /// Fields of an edition that knows more.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A place in the course, in names that last.
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
}

/// What is known of a lesson.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LessonRecord {
    /// Titles of the pages that were shown.
    #[serde(default)]
    pub read: BTreeSet<String>,
    /// Fields of an edition that knows more.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Which of the exercises that share an id it was: for who collects progress files. It proves nothing, since the file is the
/// learner's to write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// The digest of its file, `sha256:…`.
    pub digest: String,
    /// The folder of the course (`DOCKLINGS_CONTENT`), unless it was the built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub course: Option<String>,
}

/// What is known of an exercise.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ExerciseRecord {
    /// The revision that the rest is about.
    #[serde(default)]
    pub revision: u32,
    /// When all goals were first reached, in RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<String>,
    /// What it was when they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<Edition>,
    /// Goals that have been reached at some time.
    #[serde(default)]
    pub passed: BTreeSet<String>,
    /// How often `check` was asked for and did not pass.
    #[serde(default)]
    pub attempts: u32,
    /// Hints that were shown, by their place in the exercise.
    #[serde(default)]
    pub hints: BTreeSet<usize>,
    /// The solution was shown before the exercise was done.
    #[serde(default)]
    pub solution_seen: bool,
    /// The learner went on without it.
    #[serde(default)]
    pub skipped: bool,
    /// Which draw of the learner's own values is in use: another one where a port of the first was taken.
    #[serde(default, skip_serializing_if = "is_first")]
    pub draw: usize,
    /// What was answered to the goals that ask, by goal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, String>,
    /// Fields of an edition that knows more.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

fn is_first(draw: &usize) -> bool {
    *draw == 0
}

/// One thing that the learner did. Changes, and not whole records, go to the file, so that two shells at once lose
/// nothing.
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
        /// What it was.
        edition: Edition,
    },
    /// Asked for a check that did not pass.
    Attempted(String),
    /// Saw a hint.
    Hinted {
        /// The exercise.
        exercise: String,
        /// The hint's place in it.
        hint: usize,
    },
    /// Saw the solution before the exercise was done.
    SawSolution(String),
    /// Left the exercise for later.
    Skipped(String),
    /// Answered the goal that asks.
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
        /// Which one, from 0.
        draw: usize,
    },
}

/// How an exercise stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing reached yet.
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
    /// One word, or few.
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
    /// Reads the file at `path`; a missing one is the beginning. Error: it is damaged, or of a later version.
    pub fn load(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
            Ok(bytes) => Self::parse(&bytes),
        }
    }

    /// Reads the file's `bytes`. Error: they are damaged, or of a later version.
    pub fn parse(bytes: &[u8]) -> io::Result<Self> {
        let invalid = |message: String| io::Error::new(io::ErrorKind::InvalidData, message);
        let value: Value = serde_json::from_slice(bytes)
            .map_err(|error| invalid(format!("not a progress file: {error}")))?;
        match value.get("format").and_then(Value::as_u64) {
            Some(format) if format > u64::from(FORMAT) => Err(invalid(format!(
                "written by a later docklings (format {format}, this one knows {FORMAT})"
            ))),
            Some(_) => serde_json::from_value(value)
                .map_err(|error| invalid(format!("not a progress file: {error}"))),
            None => Err(invalid("not a progress file: no `format`".to_owned())),
        }
    }

    /// Replaces the file at `path`, so that a crash leaves the old one or the new one, on the disk when this returns.
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

    /// Reads, changes and replaces the file while holding a lock beside it: two shells at once lose nothing.
    /// A change that changes nothing writes nothing. Returns what the file then holds.
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

    /// How the exercise `id` stands in a course where it has `revision`.
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

    /// The record of the exercise `id`, made if missing.
    pub fn exercise(&mut self, id: &str) -> &mut ExerciseRecord {
        self.exercises.entry(id.to_owned()).or_default()
    }

    /// Notes a change made at the moment `now`, in RFC 3339.
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

    /// Takes over from `other` whatever it has more: for a file brought from another machine.
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
    /// Forgets what belongs to the present attempt; keeps that it was once done, and what was looked at.
    pub fn start_over(&mut self) {
        self.passed.clear();
        self.answers.clear();
        self.skipped = false;
    }

    /// All goals of `revision` were reached at the moment `now`. Returns whether that is new.
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
        self.hints.extend(theirs.hints);
        self.solution_seen |= theirs.solution_seen;
    }
}

#[cfg(test)]
#[path = "progress/tests.rs"]
mod tests;
