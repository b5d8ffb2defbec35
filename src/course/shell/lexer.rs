//! Parses enough of the shell's grammar to ask for the next line, to colour and to complete. `sh` does the rest.

use std::ops::Range;

/// Whether a line can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Completeness {
    /// It can be run.
    Complete,
    /// It continues: an open quote, a final backslash, an open here-document, a loop without its `done`.
    Continues,
}

/// A token of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// Its kind.
    pub(crate) kind: TokenKind,
    /// Its position, in bytes.
    pub(crate) range: Range<usize>,
    /// A word's text, without its quotes.
    pub(crate) text: String,
}

/// The kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A word that begins a command.
    Command,
    /// Any other word.
    Word,
    /// `| & ; < > ( )` and combinations.
    Operator,
    /// `# …` to the end of the line.
    Comment,
}

/// A line, split into tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lexed {
    /// The tokens, in order.
    pub(crate) tokens: Vec<Token>,
    /// Whether it can be run.
    pub(crate) completeness: Completeness,
}

/// Splits `line` into tokens; it may hold newlines.
pub(crate) fn lex(line: &str) -> Lexed {
    Lexer {
        line,
        at: 0,
        tokens: Vec::new(),
        documents: Vec::new(),
        open: false,
    }
    .run()
}

/// Whether `line` can be run.
pub(crate) fn completeness(line: &str) -> Completeness {
    lex(line).completeness
}

struct Lexer<'a> {
    line: &'a str,
    at: usize,
    tokens: Vec<Token>,
    /// Delimiters of the here-documents that start after this line; `true` for `<<-`.
    documents: Vec<(String, bool)>,
    open: bool,
}

impl Lexer<'_> {
    fn run(mut self) -> Lexed {
        let mut wants_document = None;
        while let Some(character) = self.peek() {
            match character {
                '\n' => {
                    self.at += 1;
                    self.skip_documents();
                    self.push_operator(self.at - 1);
                }
                ' ' | '\t' => self.at += 1,
                '#' => {
                    let start = self.at;
                    let rest = &self.line[start..];
                    self.at += rest.find('\n').unwrap_or(rest.len());
                    self.push(TokenKind::Comment, start, String::new());
                }
                '|' | '&' | ';' | '<' | '>' | '(' | ')' => {
                    let start = self.at;
                    if self.eat("<<-") {
                        wants_document = Some(true);
                    } else if self.line[start..].starts_with("<<") {
                        self.at += 2;
                        wants_document = Some(false);
                    } else {
                        self.at += 1;
                    }
                    self.push_operator(start);
                }
                _ => {
                    let kind = self.kind_of_next_word();
                    let start = self.at;
                    let text = self.word();
                    if let Some(tabs) = wants_document.take() {
                        self.documents.push((text.clone(), tabs));
                    }
                    self.push(kind, start, text);
                }
            }
        }
        let continues = self.open
            || !self.documents.is_empty()
            || ends_in_pipe(&self.tokens)
            || has_open_compound(&self.tokens);
        Lexed {
            tokens: self.tokens,
            completeness: if continues {
                Completeness::Continues
            } else {
                Completeness::Complete
            },
        }
    }

    fn peek(&self) -> Option<char> {
        self.line[self.at..].chars().next()
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.line[self.at..].starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn push(&mut self, kind: TokenKind, start: usize, text: String) {
        self.tokens.push(Token {
            kind,
            range: start..self.at,
            text,
        });
    }

    fn push_operator(&mut self, start: usize) {
        let text = self.line[start..self.at].to_owned();
        self.push(TokenKind::Operator, start, text);
    }

    /// A word starts a command at the start of the line, and after operators that end a command. Assignments before it
    /// do not count.
    fn kind_of_next_word(&self) -> TokenKind {
        for token in self.tokens.iter().rev() {
            match token.kind {
                TokenKind::Comment => {}
                TokenKind::Operator if matches!(&*token.text, "<" | ">" | "<<" | "<<-") => {
                    return TokenKind::Word;
                }
                TokenKind::Operator => return TokenKind::Command,
                TokenKind::Command if is_assignment(&token.text) => {}
                TokenKind::Command if LEADING.contains(&&*token.text) => return TokenKind::Command,
                TokenKind::Command | TokenKind::Word => return TokenKind::Word,
            }
        }
        TokenKind::Command
    }

    fn word(&mut self) -> String {
        let mut text = String::new();
        while let Some(character) = self.peek() {
            match character {
                ' ' | '\t' | '\n' | '|' | '&' | ';' | '<' | '>' | '(' | ')' => break,
                '\'' => {
                    self.at += 1;
                    self.quoted('\'', &mut text);
                }
                '"' => {
                    self.at += 1;
                    self.quoted('"', &mut text);
                }
                '\\' => {
                    self.at += 1;
                    match self.peek() {
                        None => self.open = true,
                        Some('\n') => self.at += 1,
                        Some(next) => {
                            text.push(next);
                            self.at += next.len_utf8();
                        }
                    }
                }
                '$' if self.line[self.at..].starts_with("$(") => {
                    let start = self.at;
                    self.substitution();
                    text.push_str(&self.line[start..self.at]);
                }
                other => {
                    text.push(other);
                    self.at += other.len_utf8();
                }
            }
        }
        text
    }

    /// Reads the rest of a quoted piece up to its end.
    fn quoted(&mut self, quote: char, text: &mut String) {
        loop {
            match self.peek() {
                None => {
                    self.open = true;
                    return;
                }
                Some(character) if character == quote => {
                    self.at += 1;
                    return;
                }
                Some('\\') if quote == '"' => {
                    self.at += 1;
                    if let Some(next) = self.peek() {
                        if !matches!(next, '"' | '\\' | '$' | '`' | '\n') {
                            text.push('\\');
                        }
                        if next != '\n' {
                            text.push(next);
                        }
                        self.at += next.len_utf8();
                    }
                }
                Some(character) => {
                    text.push(character);
                    self.at += character.len_utf8();
                }
            }
        }
    }

    /// `$( … )`, including nested ones and quotes inside.
    fn substitution(&mut self) {
        self.at += 2;
        let mut depth = 1;
        while let Some(character) = self.peek() {
            self.at += character.len_utf8();
            match character {
                '(' => depth += 1,
                ')' => depth -= 1,
                '\'' | '"' => self.quoted(character, &mut String::new()),
                '\\' => self.at += self.peek().map_or(0, char::len_utf8),
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
        self.open = true;
    }

    /// After the end of a line: skips the here-documents that it announced.
    fn skip_documents(&mut self) {
        for (end, tabs) in std::mem::take(&mut self.documents) {
            let mut closed = false;
            while self.at < self.line.len() {
                let rest = &self.line[self.at..];
                let line = rest.split('\n').next().unwrap_or(rest);
                self.at += (line.len() + 1).min(rest.len());
                let bare = if tabs {
                    line.trim_start_matches('\t')
                } else {
                    line
                };
                if bare == end {
                    closed = true;
                    break;
                }
            }
            if !closed {
                self.open = true;
            }
        }
    }
}

/// `NAME=value`.
fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

/// Words before a command.
const LEADING: [&str; 9] = [
    "do", "then", "else", "elif", "if", "while", "until", "!", "{",
];

/// `for`, `if`, `case` or `{` without its end, or an open `(`.
fn has_open_compound(tokens: &[Token]) -> bool {
    let depth: i32 = tokens
        .iter()
        .map(|token| match (token.kind, &*token.text) {
            (TokenKind::Command, "for" | "while" | "until" | "select" | "if" | "case" | "{")
            | (TokenKind::Operator, "(") => 1,
            (TokenKind::Command, "done" | "fi" | "esac" | "}") | (TokenKind::Operator, ")") => -1,
            _ => 0,
        })
        .sum();
    depth > 0
}

/// The complete lines of a paste: what the shell would run one after the other.
pub(crate) fn pieces(paste: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut open = String::new();
    for row in paste.lines() {
        if !open.is_empty() {
            open.push('\n');
        }
        open.push_str(row);
        if completeness(&open) == Completeness::Complete {
            pieces.push(std::mem::take(&mut open));
        }
    }
    if !open.is_empty() {
        pieces.push(open);
    }
    pieces
}

/// `docker ps |`: the command continues on the next line.
fn ends_in_pipe(tokens: &[Token]) -> bool {
    let last = tokens
        .iter()
        .rev()
        .find(|token| token.kind != TokenKind::Comment && token.text != "\n");
    let mut before = tokens.iter().rev().skip(1);
    last.is_some_and(|token| {
        token.kind == TokenKind::Operator
            && (token.text == "|"
                || (token.text == "&" && before.next().is_some_and(|other| other.text == "&")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incomplete_line_is_recognised() {
        use Completeness::{Complete, Continues};
        for (line, expected) in [
            ("", Complete),
            ("docker ps", Complete),
            ("docker run \\", Continues),
            ("docker run \\\n  busybox", Complete),
            ("echo 'open", Continues),
            ("echo \"open", Continues),
            ("echo 'it' \"is\"", Complete),
            ("echo it\\'s", Complete),
            ("docker rm $(docker ps -aq", Continues),
            ("docker rm $(docker ps -aq)", Complete),
            ("cat > f <<EOF", Continues),
            ("cat > f <<EOF\nFROM busybox", Continues),
            ("cat > f <<EOF\nFROM busybox\nEOF", Complete),
            ("cat > f <<'EOF'\nit's\nEOF\n", Complete),
            ("cat <<-E\n\tx\n\tE", Complete),
            ("docker ps |", Continues),
            ("true &&", Continues),
            ("sleep 1 &", Complete),
            ("echo # 'not open", Complete),
            ("echo a#'b'", Complete),
            ("for i in 1 2", Continues),
            ("for i in 1 2\ndo echo $i", Continues),
            ("for i in 1 2\ndo echo $i\ndone", Complete),
            ("for i in 1 2; do if true; then echo $i; fi; done", Complete),
            ("while true; do if true; then echo", Continues),
            ("if true; then", Continues),
            ("if true; then echo done; fi", Complete),
            ("echo for if {", Complete),
            ("f() {", Continues),
            ("f() { echo; }", Complete),
            ("(cd /tmp", Continues),
            ("(cd /tmp)", Complete),
            ("case x in", Continues),
            ("case x in x) echo;; esac", Complete),
            ("docker run busybox sh -c 'for i in 1'", Complete),
        ] {
            assert_eq!(completeness(line), expected, "{line:?}");
        }
    }

    #[test]
    fn a_paste_is_split_into_its_lines() {
        let check = |paste: &str, expected: &[&str]| assert_eq!(pieces(paste), expected);
        check("docker ps", &["docker ps"]);
        check("a\n\nb\n", &["a", "", "b"]);
        check(
            "cat > f <<E\nx\nE\nfor i in 1\ndo a\ndone\ncheck",
            &["cat > f <<E\nx\nE", "for i in 1\ndo a\ndone", "check"],
        );
        check("echo 'open\nb", &["echo 'open\nb"]);
    }

    fn check(line: &str, expected: &[(TokenKind, &str)]) {
        let lexed = lex(line);
        let seen: Vec<_> = lexed.tokens.iter().map(|t| (t.kind, &*t.text)).collect();
        assert_eq!(seen, expected, "{line:?}");
    }

    #[test]
    fn commands_words_and_operators_are_distinguished() {
        use TokenKind::{Command, Comment, Operator, Word};
        check(
            "docker ps -a",
            &[(Command, "docker"), (Word, "ps"), (Word, "-a")],
        );
        check(
            "A=1 docker ps | grep x",
            &[
                (Command, "A=1"),
                (Command, "docker"),
                (Word, "ps"),
                (Operator, "|"),
                (Command, "grep"),
                (Word, "x"),
            ],
        );
        check(
            "cat > 'a b' # c",
            &[
                (Command, "cat"),
                (Operator, ">"),
                (Word, "a b"),
                (Comment, ""),
            ],
        );
        check(
            "docker rm $(docker ps -aq)",
            &[
                (Command, "docker"),
                (Word, "rm"),
                (Word, "$(docker ps -aq)"),
            ],
        );
    }
}
