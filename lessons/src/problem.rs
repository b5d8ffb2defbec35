//! What is wrong with a file of the course, and where. For its author, never for the learner.

use std::fmt;

/// One problem at one position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The path of the file in the course.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, lower case and without a final period.
    pub message: String,
    /// What helps.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem on line `line` of `path`.
    pub fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            column: 1,
            message: message.into(),
            hint: None,
        }
    }

    /// Adds what helps.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// `path:line:column: message`, with the hint on its own line.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            column,
            message,
            hint,
        } = self;
        write!(f, "{path}:{line}:{column}: {message}")?;
        match hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

/// The entry of `known` that `word` was probably meant to be.
pub fn did_you_mean<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (distance(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 6)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be added, removed, replaced, or swapped with a neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_is_not() {
        let known = ["next", "back", "hint", "help", "solution"];
        for (word, expected) in [
            ("nxet", Some("next")),
            ("hnit", Some("hint")),
            ("soltuion", Some("solution")),
            ("nex", Some("next")),
            ("docker", None),
            ("ls", None),
            ("hello", None),
        ] {
            assert_eq!(did_you_mean(word, &known), expected, "{word}");
        }
    }

    #[test]
    fn a_problem_names_file_line_and_column() {
        let problem = Problem::new("a/lesson.md", 3, "unknown field `titel`").with_hint("`title`");
        assert_eq!(
            problem.to_string(),
            "a/lesson.md:3:1: unknown field `titel`\nhint: `title`"
        );
    }
}
