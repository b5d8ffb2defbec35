//! A problem in an exercise file: where it is, what was expected, and what would help.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The text of an exercise file, shared by all places that point into it.
#[derive(Debug, Clone)]
pub struct Source {
    file: Arc<str>,
    text: Arc<str>,
}

impl Source {
    /// `file` is the name to show, and `text` the contents.
    pub fn new(file: &str, text: &str) -> Self {
        Self {
            file: Arc::from(file),
            text: Arc::from(text),
        }
    }

    /// The file's name, as shown.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The file's contents.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The byte at `line` and `column` (both from 1, columns in characters), or the nearest one that exists.
    pub(crate) fn offset(&self, line: usize, column: usize) -> usize {
        let mut start = 0;
        for _ in 1..line {
            match self.text[start..].find('\n') {
                Some(end) => start += end + 1,
                None => return self.text.len(),
            }
        }
        let rest = self.text[start..].lines().next().unwrap_or("");
        let inside = rest
            .char_indices()
            .nth(column.saturating_sub(1))
            .map_or(rest.len(), |(at, _)| at);
        start + inside
    }

    /// Line and column (both from 1, columns in characters) of the byte at `offset`.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..self.floor(offset)];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (
            before.matches('\n').count() + 1,
            before[start..].chars().count() + 1,
        )
    }

    /// The nearest character boundary at or before `offset`.
    fn floor(&self, offset: usize) -> usize {
        let mut at = offset.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

/// A place in a file, kept by the decoded value so that later rules can point at it.
#[derive(Debug, Clone)]
pub struct Place {
    source: Source,
    span: Range<usize>,
}

impl Place {
    /// The bytes `span` of `source`.
    pub fn new(source: &Source, span: Range<usize>) -> Self {
        Self {
            source: source.clone(),
            span,
        }
    }

    /// A problem at this place.
    pub fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(&self.source, self.span.clone(), message)
    }

    /// Line and column, both from 1.
    pub fn line_column(&self) -> (usize, usize) {
        self.source.line_column(self.span.start)
    }
}

/// Places always compare equal: a place says where something was written, not what it means.
impl PartialEq for Place {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

/// The severity of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The exercise cannot be used as it is.
    Error,
    /// Worth attention.
    Warning,
}

/// A problem in an exercise.
#[derive(Debug, Clone)]
pub struct Problem {
    source: Source,
    span: Range<usize>,
    severity: Severity,
    rule: Option<&'static str>,
    message: String,
    label: Option<String>,
    help: Option<String>,
}

impl Problem {
    /// An error at the bytes `span` of `source`.
    pub fn new(source: &Source, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            source: source.clone(),
            span,
            severity: Severity::Error,
            rule: None,
            message: message.into(),
            label: None,
            help: None,
        }
    }

    /// Adds a short label beside the caret that says what was expected.
    #[must_use]
    pub fn expected(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds a suggestion.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Sets the violated rule, such as `E05`.
    #[must_use]
    pub fn of_rule(mut self, rule: &'static str) -> Self {
        self.rule = Some(rule);
        self
    }

    /// Makes it a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The file name, as given at loading.
    pub fn file(&self) -> &str {
        self.source.file()
    }

    /// Line and column, both from 1.
    pub fn line_column(&self) -> (usize, usize) {
        self.source.line_column(self.span.start)
    }

    /// The violated rule, if it is a numbered one.
    pub fn rule(&self) -> Option<&'static str> {
        self.rule
    }

    /// Its severity.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The problem, in one sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What was expected, if given.
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// The suggestion, if given.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The problem with its source line and a caret, over several lines; with colour if `coloured`.
    pub fn render(&self, coloured: bool) -> String {
        let (start, mut end) = (
            self.source.floor(self.span.start),
            self.source.floor(self.span.end),
        );
        // Mark only one line: the span of a mapping or block text would underline half the file.
        if let Some(line_end) = self.source.text()[start..end.max(start)].find('\n') {
            end = start + line_end;
        }
        let mut caret = AnnotationKind::Primary.span(start..end.max(start));
        if let Some(label) = &self.label {
            caret = caret.label(label.as_str());
        }
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut title = level.primary_title(self.message.as_str());
        if let Some(rule) = self.rule {
            title = title.id(rule);
        }
        let mut group = title.element(
            Snippet::source(self.source.text())
                .path(self.source.file())
                .annotation(caret),
        );
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if coloured {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.render(&[group])
    }

    /// The problem as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        let (line, column) = self.line_column();
        serde_json::json!({
            "file": self.file(),
            "line": line,
            "column": column,
            "severity": self.severity,
            "rule": self.rule,
            "message": self.message,
            "expected": self.label,
            "help": self.help,
        })
    }
}

/// As [`Problem::render`], without colour.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_characters() {
        let source = Source::new("x.yaml", "a: 1\nłódź: ls\n");
        let at = source.offset(2, 7);
        assert_eq!(&source.text()[at..at + 2], "ls");
        assert_eq!(source.line_column(at), (2, 7));
    }

    #[test]
    fn a_place_beyond_the_end_is_the_end() {
        let source = Source::new("x.yaml", "a: 1");
        assert_eq!(source.offset(9, 9), 4);
        assert_eq!(source.line_column(99), (1, 5));
    }

    #[test]
    fn a_problem_shows_file_line_caret_and_help() {
        let source = Source::new("x.yaml", "id: a\nhnits: []\n");
        let problem = Problem::new(&source, 6..11, "unknown field `hnits`")
            .expected("not a field of an exercise")
            .with_help("did you mean `hints`?");
        let text = problem.to_string();
        for part in [
            "x.yaml:2:1",
            "hnits: []",
            "^^^^^ not a field",
            "did you mean `hints`?",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }
}
