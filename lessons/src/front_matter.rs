//! The head of a lesson's file, between two lines `---`. The only file of this crate that reads YAML.

use crate::problem::Problem;
use checker::near::nearest;
use serde::Deserialize;

/// The head of a lesson.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontMatter {
    /// The lesson's title.
    pub title: String,
    /// What the learner can do afterwards, in one sentence.
    pub goal: String,
    /// How long it takes, in minutes.
    pub minutes: u32,
    /// Lessons to do first, by slug.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Files of the engine that show how it works, such as `engine/src/sys/namespace.rs`.
    #[serde(default)]
    pub reads: Vec<String>,
    /// Images that its pages use, beside the starter images, such as `python:3.12-slim`.
    #[serde(default)]
    pub images: Vec<String>,
    /// Exercises, by id, in order.
    #[serde(default)]
    pub exercises: Vec<String>,
}

/// Every field, for "did you mean".
const FIELDS: [&str; 7] = [
    "title",
    "goal",
    "minutes",
    "needs",
    "reads",
    "images",
    "exercises",
];

/// Splits the lesson `text` of the file `path` into its head and body; the number is the line of the file where the
/// body begins. Error: what is wrong with the head, and where.
pub fn split<'a>(path: &str, text: &'a str) -> Result<(FrontMatter, &'a str, usize), Problem> {
    let missing = |line, message: &str| {
        Problem::new(path, line, message).with_hint("a lesson begins with `---`, fields, `---`")
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(rest) = text.strip_prefix("---\n") else {
        return Err(missing(1, "no front matter"));
    };
    let mut offset = 0;
    for (line, number) in rest.split_inclusive('\n').zip(2..) {
        if line.trim_end() == "---" {
            let head = parse(path, &rest[..offset])?;
            return Ok((head, &rest[offset + line.len()..], number + 1));
        }
        offset += line.len();
    }
    Err(missing(1, "the front matter does not end"))
}

/// Parses the fields, which begin on line 2 of the file.
fn parse(path: &str, yaml: &str) -> Result<FrontMatter, Problem> {
    // The leading blank line makes the parser's line numbers match the file.
    let padded = format!("\n{yaml}");
    let front: FrontMatter = serde_yaml::from_str(&padded).map_err(|error| {
        let error = error.without_snippet();
        let (line, column) = error.location().map_or((1, 1), |place| {
            (
                usize::try_from(place.line()).unwrap_or(1).max(1),
                usize::try_from(place.column()).unwrap_or(1).max(1),
            )
        });
        let text = error.to_string();
        let mut problem = Problem::new(path, line, first_line(&text));
        problem.column = column;
        match unknown_field(yaml) {
            Some((word, known)) if text.contains("unknown field") => {
                problem.message = format!("unknown field `{word}`");
                match known {
                    Some(known) => problem.with_hint(format!("did you mean `{known}`?")),
                    None => problem.with_hint(format!("the fields are {}", FIELDS.join(", "))),
                }
            }
            _ => {
                // The parser points at some key, but the field is missing from the whole mapping.
                if text.contains("missing field") {
                    (problem.line, problem.column) = (1, 1);
                }
                problem
            }
        }
    })?;
    if front.title.trim().is_empty() {
        return Err(Problem::new(path, 2, "`title` is empty"));
    }
    Ok(front)
}

/// The first unknown field at the margin, and the known one that was probably meant.
fn unknown_field(yaml: &str) -> Option<(&str, Option<&'static str>)> {
    yaml.lines()
        .filter(|line| line.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.trim())
        .find(|name| !FIELDS.contains(name))
        .map(|name| (name, nearest(name, FIELDS)))
}

/// The parser's message without its position.
fn first_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let line = line.split(" at line ").next().unwrap_or(line);
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "---\ntitle: T\ngoal: G\nminutes: 5\nexercises: [a, b]\n---\nbody\n";

    #[test]
    fn the_head_is_read_and_the_body_keeps_its_line() {
        let (front, body, line) = split("l.md", GOOD).unwrap();
        assert_eq!(front.exercises, ["a", "b"]);
        assert_eq!((body, line), ("body\n", 7));
    }

    fn check(text: &str, place: (usize, usize), parts: &[&str]) {
        let problem = split("l.md", text).unwrap_err();
        assert_eq!((problem.line, problem.column), place, "{problem}");
        for part in parts {
            assert!(problem.to_string().contains(part), "{problem}");
        }
    }

    #[test]
    fn each_problem_has_its_position() {
        check("title: T\n", (1, 1), &["no front matter"]);
        check("---\ntitle: T\n", (1, 1), &["does not end"]);
        check(
            &GOOD.replace("goal", "gaol"),
            (3, 1),
            &["unknown field `gaol`", "did you mean `goal`?"],
        );
        check(
            &GOOD.replace("goal", "wibble"),
            (3, 1),
            &["unknown field `wibble`", "minutes"],
        );
        check(
            &GOOD.replace("minutes: 5", "minutes: lots"),
            (4, 10),
            &["u32"],
        );
        check(
            &GOOD.replace("goal: G\n", "goal: G\ngoal: H\n"),
            (4, 1),
            &["duplicate"],
        );
        check(
            &GOOD.replace("title: T", "title: ''"),
            (2, 1),
            &["`title` is empty"],
        );
        check(
            &GOOD.replace("minutes: 5\n", ""),
            (1, 1),
            &["missing field", "minutes"],
        );
    }
}
