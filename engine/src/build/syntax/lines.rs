//! From the lines of a file to logical lines: one instruction each.
//!
//! A line that ends in the escape character continues in the next one; comment lines and empty lines in between are
//! skipped; `<<NAME` takes the lines up to `NAME` as a heredoc. Everything keeps its position, so that an error can
//! point at it.
//!
//! Source: Dockerfile reference, "Format", "Parser directives" and "Here-documents".

use super::directives::Directives;
use super::error::BuildError;
use super::heredoc::{self, Heredoc};
use super::source::{Source, Span, Word};
use std::ops::Range;

/// One instruction's text, its continuation lines joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogicalLine {
    /// The joined text, trimmed at both ends.
    pub(crate) text: String,
    /// The origins of the parts of `text`: (offset in `text`, offset in the source), ascending.
    pieces: Vec<(usize, usize)>,
    /// From the first byte to the last, heredocs not included.
    pub(crate) span: Span,
    /// The heredocs that follow it.
    pub(crate) heredocs: Vec<Heredoc>,
    /// The continuation contains an empty line: allowed, but deprecated.
    pub(crate) empty_continuation: bool,
}

/// A whole file, split into logical lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lines {
    pub(crate) directives: Directives,
    pub(crate) lines: Vec<LogicalLine>,
}

impl LogicalLine {
    /// The position of the bytes `range` of `text` in the source.
    pub(crate) fn span(&self, range: Range<usize>) -> Span {
        let start = self.source_offset(range.start);
        let end = match range.end > range.start {
            // The end belongs to the piece of the last byte; otherwise a word before a line break would extend past it.
            true => self.source_offset(range.end - 1) + 1,
            false => start,
        };
        Span {
            start,
            end: end.max(start),
        }
    }

    /// The bytes `range` of `text`, with their place.
    pub(crate) fn word(&self, range: Range<usize>) -> Word {
        Word {
            text: self.text[range.clone()].to_owned(),
            span: self.span(range),
        }
    }

    fn source_offset(&self, offset: usize) -> usize {
        let index = self.pieces.partition_point(|(own, _)| *own <= offset);
        match index
            .checked_sub(1)
            .and_then(|index| self.pieces.get(index))
        {
            Some((own, source)) => source + (offset - own),
            None => self.span.start,
        }
    }
}

/// Splits `source` into logical lines.
pub(crate) fn split(source: &Source) -> Result<Lines, BuildError> {
    let mut physical = Physical::new(&source.text);
    let mut directives = Directives::default();
    let mut lines = Vec::new();
    while let Some((start, line)) = physical.next() {
        directives.look_at(source, start, line)?;
        if is_comment(line) || line.trim().is_empty() {
            continue;
        }
        let mut joined = join(&mut physical, (start, line), directives.escape);
        if joined.text.is_empty() {
            continue;
        }
        if heredoc::may_follow(&joined.text) {
            joined.heredocs = heredocs(source, &mut physical, &joined)?;
        }
        lines.push(joined);
    }
    Ok(Lines { directives, lines })
}

/// Whether `line` is only a comment.
pub(crate) fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

/// Joins the line that starts at `first` with those that continue it.
fn join(physical: &mut Physical<'_>, first: (usize, &str), escape: char) -> LogicalLine {
    let (mut text, mut pieces) = (String::new(), Vec::new());
    let mut empty_continuation = false;
    let indent = first.1.len() - first.1.trim_start().len();
    let mut part = (first.0 + indent, &first.1[indent..]);
    loop {
        let (content, continues) = cut_continuation(part.1, escape);
        pieces.push((text.len(), part.0));
        text.push_str(content);
        if !continues {
            break;
        }
        let next = loop {
            match physical.next() {
                Some((_, line)) if is_comment(line) => {}
                Some((_, line)) if line.trim().is_empty() => empty_continuation = true,
                other => break other,
            }
        };
        match next {
            Some(next) => part = next,
            None => {
                // Nothing follows: an earlier mark continues nothing either.
                while let (rest, true) = cut_continuation(&text, escape) {
                    text.truncate(rest.len());
                }
                break;
            }
        }
    }
    finish(text, pieces, empty_continuation)
}

/// Trims the joined text at both ends, and moves its pieces accordingly.
fn finish(text: String, pieces: Vec<(usize, usize)>, empty_continuation: bool) -> LogicalLine {
    let cut = text.len() - text.trim_start().len();
    let mut line = LogicalLine {
        text: text.trim().to_owned(),
        pieces: Vec::new(),
        span: Span::default(),
        heredocs: Vec::new(),
        empty_continuation,
    };
    for (own, source) in pieces {
        if own >= cut {
            line.pieces.push((own - cut, source));
        } else {
            // The piece in which the text begins: the last such piece.
            line.pieces = vec![(0, source + (cut - own))];
        }
    }
    line.span = line.span(0..line.text.len());
    line
}

/// The line without its continuation mark, and whether it had one: the escape character followed only by white space
/// (of any kind, because the end of an instruction is trimmed of any kind). A doubled escape character is not a mark.
fn cut_continuation(line: &str, escape: char) -> (&str, bool) {
    let Some(before) = line.trim_end().strip_suffix(escape) else {
        return (line, false);
    };
    match before.ends_with(escape) {
        true => (line, false),
        false => (before, true),
    }
}

fn heredocs(
    source: &Source,
    physical: &mut Physical<'_>,
    line: &LogicalLine,
) -> Result<Vec<Heredoc>, BuildError> {
    let mut found = heredoc::announced(&line.text);
    for heredoc in &mut found {
        heredoc.span = line.span(heredoc.span.start..heredoc.span.end);
        loop {
            let Some((start, text)) = physical.next() else {
                return Err(source
                    .error(
                        heredoc.span,
                        format!("unterminated heredoc: no line `{}` follows", heredoc.name),
                    )
                    .with_hint(format!(
                        "end it with a line that holds only `{}`",
                        heredoc.name
                    ))
                    .in_parsing());
            };
            let candidate = match heredoc.chomp {
                true => text.trim_start_matches('\t'),
                false => text,
            };
            if candidate == heredoc.name {
                break;
            }
            heredoc
                .content
                .push_str(&source.text[start..physical.offset]);
        }
    }
    Ok(found)
}

/// Physical lines with their offsets, without line ends.
struct Physical<'a> {
    text: &'a str,
    /// The start of the next line.
    offset: usize,
}

impl<'a> Physical<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, offset: 0 }
    }
}

impl<'a> Iterator for Physical<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<(usize, &'a str)> {
        let start = self.offset;
        let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
        let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        self.offset = start + end;
        Some((start, rest[..end].trim_end_matches(['\r', '\n'])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let source = Source::new("Dockerfile", text.as_bytes());
        let lines = split(&source).unwrap();
        let found: Vec<&str> = lines.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn continuations_are_joined() {
        check("RUN a && \\\n  b\nCMD x\n", &["RUN a &&   b", "CMD x"]);
        check("RUN a \\  \n b", &["RUN a  b"]);
        check("RUN a\\\\\nCMD b", &["RUN a\\\\", "CMD b"]);
        check("RUN a \\", &["RUN a"]);
        check("\\\nRUN a", &["RUN a"]);
    }

    #[test]
    fn comments_and_empty_lines_inside_a_continuation_are_skipped() {
        check("RUN a \\\n# no\n   # neither\n\n  b", &["RUN a   b"]);
        check("# x\n  # y\n\nRUN # no comment", &["RUN # no comment"]);
    }

    #[test]
    fn line_ends_of_windows_are_no_part_of_the_text() {
        check("FROM a\r\nRUN b \\\r\n c\r\n", &["FROM a", "RUN b  c"]);
    }

    #[test]
    fn the_escape_character_can_be_a_backtick() {
        check(
            "# escape=`\nRUN a `\n b\nCOPY x c:\\\n",
            &["RUN a  b", "COPY x c:\\"],
        );
        check("\n# escape=`\nRUN a `\n", &["RUN a `"]);
    }

    #[test]
    fn heredocs_belong_to_their_line() {
        let source = Source::new("d", b"RUN <<A cat <<-B\n1\nA\n\t2\n\tB\nCMD x");
        let lines = split(&source).unwrap().lines;
        let contents: Vec<&str> = lines[0]
            .heredocs
            .iter()
            .map(|h| h.content.as_str())
            .collect();
        assert_eq!(contents, ["1\n", "\t2\n"]);
        assert_eq!(lines[1].text, "CMD x");
        check("CMD <<EOF\nRUN x", &["CMD <<EOF", "RUN x"]);
    }

    #[test]
    fn an_unterminated_heredoc_is_an_error_at_its_mark() {
        let error = split(&Source::new("d", b"FROM x\nRUN cat <<EOF\nhi\n")).unwrap_err();
        assert_eq!((error.line, error.column, error.length), (2, 9, 5));
    }

    #[test]
    fn words_after_a_continuation_know_their_place() {
        let source = Source::new("d", b"COPY a \\\n  # c\n  b /x");
        let lines = split(&source).unwrap().lines;
        let at = lines[0].text.find("b").unwrap();
        let span = lines[0].span(at..at + 1);
        assert_eq!(&source.text[span.start..span.end], "b");
        assert_eq!(source.position(span.start), (3, 3));
    }
}
