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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_file_line_and_column() {
        let problem = Problem::new("a/lesson.md", 3, "unknown field `titel`").with_hint("`title`");
        assert_eq!(
            problem.to_string(),
            "a/lesson.md:3:1: unknown field `titel`\nhint: `title`"
        );
    }
}
