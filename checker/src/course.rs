//! All exercises of a folder.

use crate::exercise::Exercise;
use crate::load;
use crate::problem::{Problem, Source};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The exercises that could be loaded, in course order, and the problems of the others.
#[derive(Debug, Default)]
pub struct Course {
    /// Exercises, in the order of their paths (`exercises/NN-slug/<id>.yaml`).
    pub exercises: Vec<Exercise>,
    /// Problems of exercises that could not be loaded. The course continues without them.
    pub problems: Vec<Problem>,
    /// Translations, in the order of their paths.
    pub translations: Vec<Translation>,
}

/// A translation, `<id>.<language>.yaml` beside `<id>.yaml`.
#[derive(Debug, Clone)]
pub struct Translation {
    /// The language, such as `pl`.
    pub language: String,
    /// The exercise's id.
    pub exercise: String,
    /// The file.
    pub source: Source,
}

impl Course {
    /// The exercise with the id `id`.
    pub fn exercise(&self, id: &str) -> Option<&Exercise> {
        self.exercises.iter().find(|exercise| exercise.id == id)
    }
}

/// Loads every `*.yaml` under `folder`, at any depth, for the learner with `seed`. Files in an exercise's folder
/// (`<id>/`, beside `<id>.yaml`) are not exercises.
pub fn load_all(folder: &Path, seed: &str) -> Course {
    let (translations, exercises): (Vec<PathBuf>, Vec<PathBuf>) = yaml_files(folder)
        .into_iter()
        .partition(|path| load::translation::language_of(path).is_some());
    let mut course = collect(exercises.iter().map(|path| load::exercise(path, seed)));
    for path in translations {
        match load::source(&path) {
            Ok(source) => course
                .translations
                .extend(
                    load::translation::language_of(&path).map(|(language, exercise)| Translation {
                        language,
                        exercise,
                        source,
                    }),
                ),
            Err(problems) => course.problems.extend(problems),
        }
    }
    let known: Vec<&str> = course.exercises.iter().map(|one| one.id.as_str()).collect();
    for one in &course.translations {
        let beside = folder_has(&exercises, &one.exercise);
        if !known.contains(&one.exercise.as_str()) && !beside {
            let message = format!("a translation of `{}`, which does not exist", one.exercise);
            course
                .problems
                .push(Problem::new(&one.source, 0..0, message).of_rule("E20"));
        }
    }
    course
}

/// Whether one of `files` is the exercise `id`, broken or not.
fn folder_has(files: &[PathBuf], id: &str) -> bool {
    files
        .iter()
        .any(|path| path.file_stem().is_some_and(|stem| stem == id))
}

/// Makes a course from exercises loaded one by one, such as those inside the binary: a duplicate id is a problem of the
/// later exercise.
pub fn collect(loaded: impl IntoIterator<Item = Result<Exercise, Vec<Problem>>>) -> Course {
    let mut course = Course::default();
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for result in loaded {
        match result {
            Err(problems) => course.problems.extend(problems),
            Ok(exercise) => match owners.get(&exercise.id) {
                Some(file) => course.problems.push(
                    exercise
                        .at
                        .problem(format!("the id `{}` is taken by `{file}`", exercise.id))
                        .of_rule("E02"),
                ),
                None => {
                    owners.insert(exercise.id.clone(), exercise.source.file().to_owned());
                    course.exercises.push(exercise);
                }
            },
        }
    }
    course
}

/// The exercise files under `folder`, sorted by path, without translations.
pub fn exercise_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = yaml_files(folder);
    files.retain(|path| load::translation::language_of(path).is_none());
    files
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let is_own_folder = |path: &Path| path.is_dir() && path.with_extension("yaml").is_file();
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !is_own_folder(entry.path()))
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|ext| ext == "yaml") && path.is_file())
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "format: 1\nid: ID\ntitle: T\ngoals:\n  - id: g\n    say: S\n    \
        check: { container: { name: box } }\nsolutions:\n  - do: [docker run --name box busybox]\n";

    #[test]
    fn a_broken_file_is_told_and_the_others_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("02-b/two.yaml", &GOOD.replace("ID", "two"));
        write("01-a/one.yaml", &GOOD.replace("ID", "one"));
        write("01-a/one/compose.yaml", "not: an exercise");
        write("01-a/broken.yaml", "format: 1\nid: [");
        write("03-c/one.yaml", &GOOD.replace("ID", "one"));
        let course = load_all(folder.path(), "seed");
        let ids: Vec<&str> = course.exercises.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids, ["one", "two"]);
        assert_eq!(course.problems.len(), 2, "{:?}", course.problems);
        assert!(course.problems[0].file().ends_with("broken.yaml"));
        assert!(course.problems[1].message().contains("taken by"));
        assert!(course.exercise("one").unwrap().folder.is_some());
    }

    #[test]
    fn every_exercise_of_the_course_loads() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../exercises");
        let course = load_all(&folder, "");
        let told: Vec<String> = course.problems.iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "{}", told.join("\n\n"));
        assert!(!course.exercises.is_empty());
    }
}
