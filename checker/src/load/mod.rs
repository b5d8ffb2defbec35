//! Reading exercise files: strict, and all problems at once.
//!
//! Text → [`yaml`] → a tree with the place of every node → [`params`] filled in → [`decode`]d into [`Exercise`]. Errors
//! are a list of [`Problem`]s, each with file, line, column, source line and caret. Any input gives one of the two;
//! nothing panics and nothing hangs.

pub(crate) mod attempt;
pub(crate) mod condition;
pub(crate) mod cross;
pub(crate) mod decode;
pub(crate) mod exercise;
pub(crate) mod goal;
pub(crate) mod matcher;
pub(crate) mod node;
pub(crate) mod params;
pub mod translation;
pub(crate) mod yaml;

use crate::exercise::Exercise;
use crate::problem::{Problem, Source};
use std::collections::BTreeMap;
use std::path::Path;

/// The largest file that is read; the longest exercise of the course has about 10 kB.
const MAX_BYTES: usize = 512 * 1024;

/// Decodes the exercise in `text`, for the learner with `seed`; `file` is the name to show in problems.
pub fn text(file: &str, text: &str, seed: &str) -> Result<Exercise, Vec<Problem>> {
    bytes(file, text.as_bytes(), seed)
}

/// As [`text`], from arbitrary bytes.
pub fn bytes(file: &str, bytes: &[u8], seed: &str) -> Result<Exercise, Vec<Problem>> {
    let source = decoded(file, bytes)?;
    let document = yaml::parse(&source).map_err(|problem| vec![problem.of_rule("E01")])?;
    exercise::exercise(&source, document, seed, &BTreeMap::new())
}

/// The same exercise for a learner who has the values in `given`.
pub(crate) fn with_values(
    exercise: &Exercise,
    given: &BTreeMap<String, String>,
) -> Result<Exercise, Vec<Problem>> {
    let source = &exercise.source;
    let document = yaml::parse(source).map_err(|problem| vec![problem.of_rule("E01")])?;
    let mut other = exercise::exercise(source, document, "", given)?;
    other.folder.clone_from(&exercise.folder);
    Ok(other)
}

/// The values of `exercise`'s params that every learner's lie among: each choice, and the ends of each range. Of a port,
/// the ends are those that `is_free`, and no two params get the same one.
pub(crate) fn values(
    exercise: &Exercise,
    is_free: &dyn Fn(u16) -> bool,
) -> BTreeMap<String, Vec<String>> {
    match yaml::parse(&exercise.source) {
        Ok(document) => params::values(&document, is_free),
        Err(_) => BTreeMap::new(),
    }
}

/// The text of a file of this course, or why it is not one.
fn decoded(file: &str, bytes: &[u8]) -> Result<Source, Vec<Problem>> {
    let refuse = |message: String| {
        let problem = Problem::new(&Source::new(file, ""), 0..0, message).of_rule("E01");
        Err(vec![problem])
    };
    if bytes.len() > MAX_BYTES {
        return refuse(format!(
            "the file has {} bytes; an exercise has at most {MAX_BYTES}",
            bytes.len()
        ));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(file, text)),
        Err(error) => {
            // The text before it is valid, and shows the place.
            let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
            let at = valid.len();
            let problem = Problem::new(&Source::new(file, &valid), at..at, "the text is not UTF-8");
            Err(vec![
                problem
                    .of_rule("E01")
                    .expected("the first byte that is not text comes after this")
                    .with_help("save the file as UTF-8"),
            ])
        }
    }
}

/// Reads the file at `path`.
pub fn source(path: &Path) -> Result<Source, Vec<Problem>> {
    let file = path.display().to_string();
    let refuse = |message: String| vec![Problem::new(&Source::new(&file, ""), 0..0, message)];
    let size =
        std::fs::metadata(path).map_err(|error| refuse(format!("cannot read it: {error}")))?;
    if size.len() > MAX_BYTES as u64 {
        return Err(refuse(format!(
            "the file has {} bytes; an exercise has at most {MAX_BYTES}",
            size.len()
        )));
    }
    let read = std::fs::read(path).map_err(|error| refuse(format!("cannot read it: {error}")))?;
    decoded(&file, &read)
}

/// Reads and decodes the exercise file at `path`.
pub fn exercise(path: &Path, seed: &str) -> Result<Exercise, Vec<Problem>> {
    let source = source(path)?;
    let mut exercise = text(source.file(), source.text(), seed)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    if stem != exercise.id {
        let message = format!(
            "the file `{stem}.yaml` holds the exercise `{}`",
            exercise.id
        );
        return Err(vec![exercise.at.problem(message).of_rule("E02").with_help(
            format!(
                "name the file `{}.yaml`, or change the id back",
                exercise.id
            ),
        )]);
    }
    exercise.folder = Some(path.with_extension("")).filter(|folder| folder.is_dir());
    Ok(exercise)
}

#[cfg(test)]
mod tests;
