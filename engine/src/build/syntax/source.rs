//! A Dockerfile's text, and the positions of its words.

use super::error::BuildError;
use std::ops::Range;

/// The text of a Dockerfile and the name to show in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Such as `Dockerfile` or `docker/app.Dockerfile`.
    pub name: String,
    /// The text, without a byte order mark.
    pub text: String,
}

/// A place in the text: bytes `start..end`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// A piece of text as written, including quotes and variables, and its position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Word {
    /// The text.
    pub text: String,
    /// Its place.
    pub span: Span,
}

impl Source {
    /// Reads `bytes`; invalid UTF-8 becomes U+FFFD, and a byte order mark is removed.
    pub fn new(name: impl Into<String>, bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        Self {
            name: name.into(),
            text: text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned(),
        }
    }

    /// Line and column of byte `offset`, both counted from 1; a column is a character.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let offset = self.floor(offset);
        let before = &self.text[..offset];
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (line, before[start..].chars().count() + 1)
    }

    /// The text of line `number`, counted from 1, without its line end.
    pub fn line(&self, number: usize) -> &str {
        self.text
            .split('\n')
            .nth(number.saturating_sub(1))
            .unwrap_or_default()
            .trim_end_matches('\r')
    }

    /// An error at `span`. A span over several lines is cut at the end of its first line.
    pub fn error(&self, span: Span, message: impl Into<String>) -> BuildError {
        let (line, column) = self.position(span.start);
        let source_line = self.line(line).to_owned();
        let (start, end) = (self.floor(span.start), self.floor(span.end));
        let wanted = self.text.get(start..end).map_or(1, |text| {
            text.split(['\r', '\n'])
                .next()
                .unwrap_or_default()
                .chars()
                .count()
        });
        let room = (source_line.chars().count() + 1).saturating_sub(column);
        BuildError {
            message: message.into(),
            file: self.name.clone(),
            line,
            column,
            length: wanted.min(room).max(1),
            source_line,
            hint: None,
        }
    }

    /// `offset`, moved back to the start of a character.
    fn floor(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self {
            start: range.start,
            end: range.end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let source = Source::new("Dockerfile", "FROM ż\nRUN x\r\n".as_bytes());
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position(5), (1, 6));
        assert_eq!(source.position(8), (2, 1));
        assert_eq!(source.position(999), (3, 1));
        assert_eq!(source.line(2), "RUN x");
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        assert_eq!(Source::new("d", b"\xef\xbb\xbfFROM x").text, "FROM x");
    }

    #[test]
    fn an_error_over_several_lines_marks_the_first() {
        let source = Source::new("d", b"RUN a \\\n  b\n");
        let error = source.error(Span { start: 4, end: 11 }, "x");
        assert_eq!((error.line, error.column, error.length), (1, 5, 3));
    }
}
