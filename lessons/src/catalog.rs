//! The whole course: lessons in order, exercises by id. A broken file is reported, and the course works without it.

use crate::lesson::{Lesson, Step};
use crate::problem::Problem;
use crate::progress::Edition;
use crate::source::{ContentFile, Source};
use checker::Exercise;
use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

/// The folder of the lessons in the course.
const LESSONS: &str = "lessons/content/";
/// The folder of the exercises in the course.
const EXERCISES: &str = "exercises/";

/// The course.
pub struct Catalog {
    /// The lessons, in order.
    pub lessons: Vec<Lesson>,
    /// What is wrong with lessons; those that can still be shown are in `lessons` too.
    pub problems: Vec<Problem>,
    exercises: BTreeMap<String, Entry>,
    files: Vec<ContentFile>,
    seed: String,
    /// The folder it comes from, unless it is the built-in course.
    folder: Option<PathBuf>,
}

/// An exercise's file. It is parsed on first use: a start needs one, not all.
struct Entry {
    path: String,
    /// Which draw of the learner's own values is in use.
    draw: Cell<usize>,
    loaded: [OnceCell<Result<Exercise, Vec<checker::Problem>>>; DRAWS],
}

/// How many draws of the learner's own values an exercise has.
pub const DRAWS: usize = 16;

/// A file that an exercise's workspace starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartFile {
    /// Relative to the workspace.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
    /// Whether it is executable.
    pub executable: bool,
}

impl Catalog {
    /// Reads the course from `source` for the learner with `seed`. Error: it cannot be read.
    pub fn load(source: &Source, seed: &str) -> io::Result<Self> {
        let mut catalog = Self::of_files(source.files()?, seed);
        if let Source::Folder(folder) = source {
            catalog.folder = Some(folder.clone());
        }
        Ok(catalog)
    }

    /// Builds the course from `files`.
    pub fn of_files(files: Vec<ContentFile>, seed: &str) -> Self {
        let (mut lessons, mut problems) = (Vec::<Lesson>::new(), Vec::new());
        let mut exercises = BTreeMap::new();
        for file in &files {
            if let Some(folder) = lesson_folder(&file.path) {
                let Some(text) = file.text() else {
                    problems.push(Problem::new(&file.path, 1, "the text is not UTF-8"));
                    continue;
                };
                match Lesson::parse(folder, &file.path, text, &mut problems) {
                    Ok(lesson) => lessons.push(lesson),
                    Err(problem) => problems.push(problem),
                }
            } else if let Some(id) = exercise_id(&file.path) {
                exercises.entry(id.to_owned()).or_insert_with(|| Entry {
                    path: file.path.clone(),
                    draw: Cell::new(0),
                    loaded: [const { OnceCell::new() }; DRAWS],
                });
            }
        }
        lessons.sort_by_key(|lesson| lesson.number);
        let mut catalog = Self {
            lessons,
            problems,
            exercises,
            files,
            seed: seed.to_owned(),
            folder: None,
        };
        catalog.check_links();
        catalog
    }

    /// Reports lessons that name something missing, or share a slug.
    fn check_links(&mut self) {
        let mut found = Vec::new();
        for (index, lesson) in self.lessons.iter().enumerate() {
            let mut report = |message: String| found.push(Problem::new(&lesson.path, 1, message));
            if let Some(other) = self.lessons[..index].iter().find(|o| o.slug == lesson.slug) {
                report(format!(
                    "the slug `{}` is taken by `{}`",
                    lesson.slug, other.path
                ));
            }
            for slug in &lesson.front.needs {
                if !self.lessons[..index]
                    .iter()
                    .any(|other| other.slug == *slug)
                {
                    report(format!(
                        "`needs` names `{slug}`, which is not an earlier lesson"
                    ));
                }
            }
            for id in &lesson.front.exercises {
                if !self.exercises.contains_key(id) {
                    report(format!(
                        "`exercises` names `{id}`, but there is no `{id}.yaml`"
                    ));
                }
            }
        }
        self.problems.extend(found);
    }

    /// The exercise `id`; `None` if there is none, or it is broken.
    pub fn exercise(&self, id: &str) -> Option<&Exercise> {
        self.read(id)?.as_ref().ok()
    }

    /// The edition of the exercise `id`, for the progress record.
    pub fn edition(&self, id: &str) -> Edition {
        let folder = self.folder.as_ref();
        Edition {
            digest: self.exercise(id).map(Exercise::digest).unwrap_or_default(),
            course: folder.map(|folder| folder.display().to_string()),
        }
    }

    /// The draw of the learner's own values in use for the exercise `id`.
    pub fn draw_of(&self, id: &str) -> usize {
        self.exercises.get(id).map_or(0, |entry| entry.draw.get())
    }

    /// Gives the exercise `id` the draw `draw` of the learner's own values; the last draw is followed by the first.
    pub fn draw(&self, id: &str, draw: usize) {
        if let Some(entry) = self.exercises.get(id) {
            entry.draw.set(draw % DRAWS);
        }
    }

    /// What is wrong with the exercise `id`; empty if nothing is.
    pub fn exercise_problems(&self, id: &str) -> &[checker::Problem] {
        match self.read(id) {
            Some(Err(problems)) => problems,
            _ => &[],
        }
    }

    fn read(&self, id: &str) -> Option<&Result<Exercise, Vec<checker::Problem>>> {
        let entry = self.exercises.get(id)?;
        let draw = entry.draw.get();
        Some(entry.loaded[draw].get_or_init(|| {
            let file = self.files.iter().find(|file| file.path == entry.path);
            let bytes = file.map_or(&[][..], |file| &file.bytes);
            let seed = match draw {
                0 => self.seed.clone(),
                draw => format!("{}#{draw}", self.seed),
            };
            let exercise = checker::load::bytes(&entry.path, bytes, &seed)?;
            if exercise.id != id {
                let message = format!("the file `{id}.yaml` holds the exercise `{}`", exercise.id);
                return Err(vec![exercise.at.problem(message)]);
            }
            Ok(exercise)
        }))
    }

    /// The ids of all exercise files, sorted.
    pub fn exercise_ids(&self) -> impl Iterator<Item = &str> {
        self.exercises.keys().map(String::as_str)
    }

    /// The place of the exercise `id`: indexes of the lesson and of its step.
    pub fn place_of(&self, id: &str) -> Option<(usize, usize)> {
        self.lessons.iter().enumerate().find_map(|(index, lesson)| {
            let is_it = |step: &Step| matches!(step, Step::Exercise(other) if other == id);
            Some((index, lesson.steps().iter().position(is_it)?))
        })
    }

    /// The steps of the lesson `lesson`, without exercises that are missing or broken.
    pub fn steps(&self, lesson: usize) -> Vec<Step> {
        let Some(lesson) = self.lessons.get(lesson) else {
            return Vec::new();
        };
        let mut steps = lesson.steps();
        steps.retain(|step| match step {
            Step::Page(_) => true,
            Step::Exercise(id) => self.exercise(id).is_some(),
        });
        steps
    }

    /// Every lesson's exercises that can be done, in course order, with the lesson's index.
    pub fn exercises(&self) -> impl Iterator<Item = (usize, &Exercise)> {
        self.lessons
            .iter()
            .enumerate()
            .flat_map(move |(index, lesson)| {
                let ids = lesson.front.exercises.iter();
                ids.filter_map(move |id| Some((index, self.exercise(id)?)))
            })
    }

    /// The files that the workspace of the exercise `id` starts with: those in the folder beside it, then those that it
    /// names itself.
    pub fn start_files(&self, id: &str) -> Vec<StartFile> {
        let Some(entry) = self.exercises.get(id) else {
            return Vec::new();
        };
        let folder = entry.path.strip_suffix(".yaml").unwrap_or(&entry.path);
        let beside = self.files.iter().filter_map(|file| {
            let path = file.path.strip_prefix(folder)?.strip_prefix('/')?;
            Some(StartFile {
                path: path.to_owned(),
                bytes: file.bytes.to_vec(),
                executable: file.executable,
            })
        });
        let own = self.exercise(id).map(|exercise| exercise.files.as_slice());
        let own = own.unwrap_or_default().iter().map(|file| StartFile {
            path: file.path.clone(),
            bytes: file.text.clone().into_bytes(),
            executable: file.text.starts_with("#!"),
        });
        beside.chain(own).collect()
    }

    /// The files beside the lesson `lesson`, which the folder of its pages starts with.
    pub fn lesson_files(&self, lesson: usize) -> Vec<StartFile> {
        let Some(lesson) = self.lessons.get(lesson) else {
            return Vec::new();
        };
        let folder = lesson.path.trim_end_matches("lesson.md");
        let beside = self.files.iter().filter_map(|file| {
            let path = file.path.strip_prefix(folder)?;
            (!path.starts_with("lesson.")).then(|| StartFile {
                path: path.to_owned(),
                bytes: file.bytes.to_vec(),
                executable: file.executable,
            })
        });
        beside.collect()
    }
}

/// `NN-slug`, if `path` is the text of a lesson.
fn lesson_folder(path: &str) -> Option<&str> {
    let (folder, file) = path.strip_prefix(LESSONS)?.split_once('/')?;
    (file == "lesson.md").then_some(folder)
}

/// The id, if `path` is an exercise: `exercises/NN-slug/<id>.yaml`, and nothing deeper.
fn exercise_id(path: &str) -> Option<&str> {
    let (_, file) = path.strip_prefix(EXERCISES)?.split_once('/')?;
    let id = file.strip_suffix(".yaml")?;
    // `first-run.pl.yaml` is a translation.
    (!id.contains('/') && !id.contains('.')).then_some(id)
}

#[cfg(test)]
#[path = "catalog/tests.rs"]
mod tests;
