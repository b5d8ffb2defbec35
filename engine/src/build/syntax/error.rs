//! An error in a Dockerfile: the message, the place, and a hint.

use crate::error::Error;
use crate::visible::is_obeyed;
use std::fmt;

/// How many characters of a long source line are shown.
const SHOWN: usize = 100;

/// An error at a place in a Dockerfile. `Display` gives the sentence, the place, the line and a caret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildError {
    /// The message, in Docker's words where Docker has one.
    pub message: String,
    /// The Dockerfile's name, as given.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The number of marked characters; at least 1.
    pub length: usize,
    /// The text of the line.
    pub source_line: String,
    /// The hint.
    pub hint: Option<String>,
}

/// Whether a line has a remark behind its instruction, which is not a comment in a Dockerfile.
fn has_remark(line: &str) -> bool {
    let line = line.trim_end();
    line.contains(" #") || (line.contains(" (") && line.ends_with(')')) || line.starts_with("~~")
}

impl BuildError {
    /// Adds a hint; a remark behind the instruction is what misled it, so the hint is about that.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(match has_remark(&self.source_line) {
            true => "a comment needs a line of its own that begins with `#`".to_owned(),
            false => hint.into(),
        });
        self
    }

    /// Prepends Docker's `dockerfile parse error on line N: `.
    #[must_use]
    pub(crate) fn in_parsing(mut self) -> Self {
        self.message = format!(
            "dockerfile parse error on line {}: {}",
            self.line, self.message
        );
        self
    }

    /// The line with a caret under the place, as lines of text.
    ///
    /// ```text
    ///  --> Dockerfile:3:1
    ///   |
    /// 3 | RUNN echo
    ///   | ^^^^
    /// ```
    pub fn excerpt(&self) -> String {
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        let (line, before) = self.window();
        let caret = "^".repeat(self.length.min(SHOWN));
        format!(
            "{gutter}--> {}:{}:{}\n{gutter} |\n{number} | {line}\n{gutter} | {}{caret}",
            self.file,
            self.line,
            self.column,
            " ".repeat(before)
        )
    }

    /// The part of the line to show, and the number of its characters before the caret. A tab becomes one blank, so
    /// that the caret is in the right column on any terminal.
    fn window(&self) -> (String, usize) {
        let chars: Vec<char> = self
            .source_line
            .chars()
            .map(|c| if is_obeyed(c) { ' ' } else { c })
            .collect();
        let before = self.column.saturating_sub(1).min(chars.len());
        if chars.len() <= SHOWN {
            return (
                chars.iter().collect::<String>().trim_end().to_owned(),
                before,
            );
        }
        let start = before.saturating_sub(SHOWN / 3);
        let end = (start + SHOWN).min(chars.len());
        let mut text: String = chars[start..end].iter().collect();
        let mut shift = 0;
        if start > 0 {
            text.insert(0, '…');
            shift = 1;
        }
        if end < chars.len() {
            text.push('…');
        }
        (text, before - start + shift)
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.message, self.excerpt())
    }
}

impl std::error::Error for BuildError {}

impl From<BuildError> for Error {
    fn from(error: BuildError) -> Self {
        let plain = Error::invalid(error.to_string());
        match error.hint {
            Some(hint) => plain.with_hint(hint),
            None => plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(source_line: &str, column: usize, length: usize) -> BuildError {
        BuildError {
            message: "unknown instruction: RUNN".to_owned(),
            file: "Dockerfile".to_owned(),
            line: 12,
            column,
            length,
            source_line: source_line.to_owned(),
            hint: None,
        }
    }

    #[test]
    fn the_caret_stands_under_the_place() {
        assert_eq!(
            error("\tRUNN echo", 2, 4).to_string(),
            "unknown instruction: RUNN\n  --> Dockerfile:12:2\n   |\n12 |  RUNN echo\n   |  ^^^^"
        );
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let excerpt = error(&"x".repeat(500), 300, 3).excerpt();
        assert!(excerpt.lines().all(|line| line.chars().count() < 120));
        assert!(excerpt.contains("…x") && excerpt.ends_with("^^^"));
    }
}
