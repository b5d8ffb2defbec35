//! Splits a template's text into tokens.
//!
//! Source: Go's `text/template` documentation § Actions and § Text and spaces.

use super::left_out;

/// The kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Everything outside `{{ }}`.
    Text,
    /// `{{`
    Open,
    /// `}}`
    Close,
    /// Blanks between words.
    Space,
    /// `.`
    Dot,
    /// `.Name`
    Field,
    /// `$` or `$name`
    Variable,
    /// A function's name.
    Identifier,
    /// `if`, `range`, `end` and so on.
    Keyword,
    /// `true` or `false`.
    Bool,
    /// `12`, `0x1f`, `1.5`.
    Number,
    /// `"…"`, quotes included.
    Quoted,
    /// `` `…` ``, quotes included.
    Raw,
    /// `|`
    Pipe,
    /// `(`
    LeftParen,
    /// `)`
    RightParen,
    /// `:=`
    Declare,
    /// Another printable character, such as the comma in `$i, $e`.
    Other,
    /// The text cannot be split further; the token is the error message.
    Error,
    /// The end of the template.
    End,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// Its position in bytes.
    pub(super) at: usize,
    /// Its line, from 1.
    pub(super) line: usize,
}

const KEYWORDS: [&str; 6] = ["else", "end", "if", "nil", "range", "with"];

/// Splits `source` into tokens. The last one is always `End` or `Error`.
pub(super) fn lex(source: &str) -> Vec<Token> {
    let mut lexer = Lexer {
        source,
        at: 0,
        parens: 0,
        tokens: Vec::new(),
        counted: (0, 1),
    };
    if let Err(complaint) = lexer.text() {
        let at = lexer.at;
        lexer.push(Kind::Error, at, complaint);
    }
    lexer.tokens
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    parens: usize,
    tokens: Vec<Token>,
    /// A position in the text and its line, so that each newline is counted once.
    counted: (usize, usize),
}

/// What a trim marker removes.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn push(&mut self, kind: Kind, at: usize, text: String) {
        let (from, line) = self.counted;
        let newlines = self.source.as_bytes()[from.min(at)..at]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count();
        self.counted = (at.max(from), line + newlines);
        self.tokens.push(Token {
            kind,
            text,
            at,
            line: line + newlines,
        });
    }

    /// Pushes the text between `start` and the current position.
    fn push_from(&mut self, kind: Kind, start: usize) {
        let text = self.source[start..self.at].to_owned();
        self.push(kind, start, text);
    }

    /// Text and actions alternately, to the end.
    fn text(&mut self) -> Result<(), String> {
        let mut trim_left = false;
        loop {
            let start = self.at;
            let open = self.rest().find("{{");
            self.at = open.map_or(self.source.len(), |offset| start + offset);
            let after = self.rest().get(2..).unwrap_or_default();
            let mut body = &self.source[start..self.at];
            let trim_right = open.is_some() && trims(after);
            if trim_left {
                body = body.trim_start_matches(BLANKS);
            }
            if trim_right {
                body = body.trim_end_matches(BLANKS);
            }
            if !body.is_empty() {
                let body = body.to_owned();
                self.push(Kind::Text, start, body);
            }
            if open.is_none() {
                let end = self.at;
                self.push(Kind::End, end, String::new());
                return Ok(());
            }
            trim_left = self.action(trim_right)?;
        }
    }

    /// One `{{ … }}`; returns whether it ends with a trim marker.
    fn action(&mut self, trim: bool) -> Result<bool, String> {
        let start = self.at;
        let skipped = if trim { 3 } else { 2 };
        if self.source[start + skipped..]
            .trim_start_matches(BLANKS)
            .starts_with("/*")
        {
            return Err(left_out("{{/*"));
        }
        self.at += 2;
        self.push_from(Kind::Open, start);
        self.at += skipped - 2;
        self.parens = 0;
        loop {
            if let Some(marker) = closing(self.rest()) {
                if self.parens > 0 {
                    return Err("unclosed left paren".into());
                }
                self.at += marker;
                let start = self.at;
                self.at += 2;
                self.push_from(Kind::Close, start);
                return Ok(marker > 0);
            }
            self.word()?;
        }
    }

    /// One token inside an action.
    fn word(&mut self) -> Result<(), String> {
        let start = self.at;
        let Some(first) = self.rest().chars().next() else {
            return Err("unclosed action".into());
        };
        self.at += first.len_utf8();
        let next = self.rest().chars().next();
        match first {
            blank if BLANKS.contains(&blank) => {
                // The blank before `-}}` belongs to the marker.
                while closing(self.rest()).is_none()
                    && self.rest().starts_with(|c| BLANKS.contains(&c))
                {
                    self.at += 1;
                }
                self.push_from(Kind::Space, start);
            }
            ':' if next == Some('=') => {
                self.at += 1;
                self.push_from(Kind::Declare, start);
            }
            ':' => return Err("expected :=".into()),
            '=' => return Err(left_out("=")),
            '|' => self.push_from(Kind::Pipe, start),
            '"' => self.quoted(start)?,
            '\'' => return Err(left_out("'")),
            '`' => {
                let Some(end) = self.rest().find('`') else {
                    return Err("unterminated raw quoted string".into());
                };
                self.at += end + 1;
                self.push_from(Kind::Raw, start);
            }
            '$' => self.name(start, Kind::Variable)?,
            '.' if !next.is_some_and(|c| c.is_ascii_digit()) => self.name(start, Kind::Field)?,
            '.' | '+' | '-' | '0'..='9' => self.number(start)?,
            letter if is_word(letter) => self.name(start, Kind::Identifier)?,
            '(' => {
                self.parens += 1;
                self.push_from(Kind::LeftParen, start);
            }
            ')' => {
                if self.parens == 0 {
                    return Err("unexpected right paren".into());
                }
                self.parens -= 1;
                self.push_from(Kind::RightParen, start);
            }
            other if other.is_ascii_graphic() => self.push_from(Kind::Other, start),
            other => {
                return Err(format!(
                    "unrecognized character in action: {}",
                    code_point(other)
                ));
            }
        }
        Ok(())
    }

    /// The rest of `.Name`, `$name` or `name`.
    fn name(&mut self, start: usize, kind: Kind) -> Result<(), String> {
        let length = self
            .rest()
            .find(|c| !is_word(c))
            .unwrap_or(self.rest().len());
        self.at += length;
        if let Some(next) = self.rest().chars().next()
            && !BLANKS.contains(&next)
            && !".,|:)(".contains(next)
            && !self.rest().starts_with("}}")
        {
            return Err(format!("bad character {}", code_point(next)));
        }
        let kind = match (kind, &self.source[start..self.at]) {
            (Kind::Field, ".") => Kind::Dot,
            (Kind::Identifier, "true" | "false") => Kind::Bool,
            (Kind::Identifier, word) if KEYWORDS.contains(&word) => Kind::Keyword,
            (kind, _) => kind,
        };
        self.push_from(kind, start);
        Ok(())
    }

    fn quoted(&mut self, start: usize) -> Result<(), String> {
        let mut escaped = false;
        for (offset, c) in self.rest().char_indices() {
            match c {
                '\n' => break,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    self.at += offset + 1;
                    self.push_from(Kind::Quoted, start);
                    return Ok(());
                }
                _ => {}
            }
        }
        Err("unterminated quoted string".to_owned())
    }

    /// A number; the parser validates it.
    fn number(&mut self, start: usize) -> Result<(), String> {
        let rest = self.rest();
        let length = rest.find(|c| !(c == '.' || is_word(c)));
        self.at += length.unwrap_or(rest.len());
        self.push_from(Kind::Number, start);
        Ok(())
    }
}

/// Whether the text after `{{` is a trim marker: a minus and a blank.
fn trims(after: &str) -> bool {
    let mut chars = after.chars();
    chars.next() == Some('-') && chars.next().is_some_and(|c| BLANKS.contains(&c))
}

/// If `rest` begins with `}}` or ` -}}`, the length of the text before the braces.
fn closing(rest: &str) -> Option<usize> {
    if rest.starts_with("}}") {
        return Some(0);
    }
    (rest.starts_with(BLANKS) && rest[1..].starts_with("-}}")).then_some(2)
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Go's `%#U`: `U+0040 '@'`.
fn code_point(c: char) -> String {
    if c.is_control() {
        format!("U+{:04X}", u32::from(c))
    } else {
        format!("U+{:04X} '{c}'", u32::from(c))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: &[&str]) {
        let found: Vec<_> = lex(source)
            .into_iter()
            .filter(|token| !matches!(token.kind, Kind::Space | Kind::End))
            .map(|token| token.text)
            .collect();
        assert_eq!(found, expected, "{source}");
    }

    #[test]
    fn text_and_words_are_cut_apart() {
        check("a{{.B.C}}d", &["a", "{{", ".B", ".C", "}}", "d"]);
        check(
            "{{ $x := 1 | f }}",
            &["{{", "$x", ":=", "1", "|", "f", "}}"],
        );
        check(r#"{{"a\"}}"}}"#, &["{{", r#""a\"}}""#, "}}"]);
        check("{{`raw\n`}}", &["{{", "`raw\n`", "}}"]);
        check("{{-3}} {{.5}}", &["{{", "-3", "}}", " ", "{{", ".5", "}}"]);
    }

    #[test]
    fn trim_markers_eat_blanks_on_their_side() {
        check("a \n{{- 1 -}}\t b", &["a", "{{", "1", "}}", "b"]);
    }

    #[test]
    fn what_cannot_be_cut_is_told() {
        for (source, complaint) in [
            ("{{.A", "unclosed action"),
            ("{{\"x}}", "unterminated quoted string"),
            ("{{`x}}", "unterminated raw quoted string"),
            ("{{(1}}", "unclosed left paren"),
            ("{{.A@}}", "bad character U+0040 '@'"),
            ("{{:}}", "expected :="),
            ("{{\u{1}}}", "unrecognized character in action: U+0001"),
        ] {
            let tokens = lex(source);
            let last = tokens.last().unwrap();
            assert_eq!((last.kind, last.text.as_str()), (Kind::Error, complaint));
        }
    }
}
