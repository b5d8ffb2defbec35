//! A logical line split into keyword, flags, and the rest, which each instruction parses itself.

use super::error::BuildError;
use super::heredoc::Heredoc;
use super::lines::LogicalLine;
use super::source::{Source, Span, Word};
use super::words;
use crate::near::nearest;
use serde_json::Value;
use std::ops::Range;

/// The parts of a logical line.
pub(crate) struct Statement<'a> {
    /// The file.
    pub(crate) source: &'a Source,
    /// The file's escape character.
    pub(crate) escape: char,
    /// The first word, in capitals.
    pub(crate) keyword: Word,
    line: &'a LogicalLine,
    /// Where the keyword starts in the line.
    start: usize,
    flags: Vec<Flag>,
    rest: Range<usize>,
}

/// `--name` or `--name=value`.
#[derive(Debug, Clone)]
struct Flag {
    name: String,
    /// Quotes and escapes removed, variables not yet expanded.
    value: Option<Word>,
    span: Span,
}

/// The kinds of flags that an instruction accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlagKind {
    /// `--name=value`, once.
    Value,
    /// `--name=value`, several times.
    Values,
    /// `--name`, `--name=true` or `--name=false`.
    Switch,
}

/// The flags of one statement, already validated.
pub(crate) struct Flags {
    flags: Vec<Flag>,
}

impl Flags {
    /// The value of the flag called `name`.
    pub(crate) fn value(&self, name: &str) -> Option<Word> {
        self.values(name).pop()
    }

    /// All values of the flag called `name`.
    pub(crate) fn values(&self, name: &str) -> Vec<Word> {
        let named = self.flags.iter().filter(|flag| flag.name == name);
        named.filter_map(|flag| flag.value.clone()).collect()
    }

    /// Whether the flag called `name` is present.
    pub(crate) fn given(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| flag.name == name)
    }

    /// Whether the switch called `name` is on.
    pub(crate) fn switch(&self, name: &str) -> bool {
        let off = |flag: &Flag| {
            let value = flag.value.as_ref().map(|value| value.text.as_str());
            value.is_some_and(|value| value.eq_ignore_ascii_case("false"))
        };
        self.flags
            .iter()
            .any(|flag| flag.name == name && !off(flag))
    }
}

impl<'a> Statement<'a> {
    /// Splits `line`.
    pub(crate) fn new(source: &'a Source, escape: char, line: &'a LogicalLine) -> Self {
        Self::at(source, escape, line, 0)
    }

    /// The statement inside this one: what ONBUILD stores for later.
    pub(crate) fn inner(&self) -> Self {
        Self::at(self.source, self.escape, self.line, self.rest.start)
    }

    fn at(source: &'a Source, escape: char, line: &'a LogicalLine, start: usize) -> Self {
        let text = &line.text[start..];
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let mut keyword = line.word(start..start + end);
        keyword.text = keyword.text.to_ascii_uppercase();
        let mut statement = Self {
            source,
            escape,
            keyword,
            line,
            start,
            flags: Vec::new(),
            rest: start + end..line.text.len(),
        };
        statement.take_flags();
        statement
    }

    fn take_flags(&mut self) {
        loop {
            let text = &self.line.text[self.rest.clone()];
            self.rest.start += text.len() - text.trim_start().len();
            let text = &self.line.text[self.rest.clone()];
            if !text.starts_with("--") {
                return;
            }
            let Some(word) = words::split(text, self.escape).into_iter().next() else {
                return;
            };
            let range = self.rest.start..self.rest.start + word.end;
            self.rest.start = range.end;
            let text = &self.line.text[range.start + 2..range.end];
            if text.is_empty() {
                // `--` alone ends the flags.
                let text = &self.line.text[self.rest.clone()];
                self.rest.start += text.len() - text.trim_start().len();
                return;
            }
            let (name, value) = match text.split_once('=') {
                None => (text, None),
                Some((name, value)) => {
                    let start = range.start + 2 + name.len() + 1;
                    let word = Word {
                        text: unquoted(value, self.escape),
                        span: self.line.span(start..range.end),
                    };
                    (name, Some(word))
                }
            };
            self.flags.push(Flag {
                name: name.to_owned(),
                value,
                span: self.line.span(range),
            });
        }
    }

    /// Everything after keyword and flags.
    pub(crate) fn rest(&self) -> Word {
        self.line.word(self.rest.clone())
    }

    /// The whole statement on one line, its keyword in capitals.
    pub(crate) fn text(&self) -> String {
        let after = &self.line.text[self.start + self.keyword.text.len()..];
        format!("{}{after}", self.keyword.text)
    }

    /// The statement as it is written.
    pub(crate) fn written(&self) -> &str {
        &self.line.text[self.start..]
    }

    /// The position of the statement.
    pub(crate) fn span(&self) -> Span {
        self.line.span
    }

    /// The heredocs that follow it.
    pub(crate) fn heredocs(&self) -> &[Heredoc] {
        &self.line.heredocs
    }

    /// An error at `span`.
    pub(crate) fn error(&self, span: Span, message: impl Into<String>) -> BuildError {
        self.source.error(span, message).in_parsing()
    }

    /// An error at the keyword.
    pub(crate) fn error_here(&self, message: impl Into<String>) -> BuildError {
        self.error(self.keyword.span, message)
    }

    /// The flags, which must be among `allowed`.
    pub(crate) fn flags(&self, allowed: &[(&str, FlagKind)]) -> Result<Flags, BuildError> {
        let mut seen: Vec<&str> = Vec::new();
        for flag in &self.flags {
            let name = flag.name.as_str();
            let Some((_, kind)) = allowed.iter().find(|(allowed, _)| *allowed == name) else {
                return Err(self.unknown_flag(flag, allowed));
            };
            if seen.contains(&name) && *kind != FlagKind::Values {
                return Err(self.error(flag.span, format!("duplicate flag specified: {name}")));
            }
            seen.push(name);
            match (&flag.value, kind) {
                (None, FlagKind::Value | FlagKind::Values) => {
                    let message = format!("missing a value on flag: {name}");
                    return Err(self
                        .error(flag.span, message)
                        .with_hint(format!("write it as `--{name}=…`")));
                }
                (Some(value), FlagKind::Switch)
                    if !["true", "false"]
                        .iter()
                        .any(|word| value.text.eq_ignore_ascii_case(word)) =>
                {
                    let message = format!(
                        "expecting boolean value for flag {name}, not: {}",
                        value.text
                    );
                    return Err(self.error(flag.span, message));
                }
                _ => {}
            }
        }
        Ok(Flags {
            flags: self.flags.clone(),
        })
    }

    fn unknown_flag(&self, flag: &Flag, allowed: &[(&str, FlagKind)]) -> BuildError {
        let name = &flag.name;
        let meant = nearest(name, allowed.iter().map(|(name, _)| *name));
        let message = match meant {
            Some(meant) => format!("unknown flag: --{name} (did you mean {meant}?)"),
            None => format!("unknown flag: --{name}"),
        };
        let error = self.error(flag.span, message);
        if meant.is_some() {
            return error;
        }
        match allowed {
            [] => error.with_hint(format!("{} takes no flags", self.keyword.text)),
            allowed => {
                let names: Vec<String> = allowed
                    .iter()
                    .map(|(name, _)| format!("`--{name}`"))
                    .collect();
                error.with_hint(format!("{} takes {}", self.keyword.text, names.join(", ")))
            }
        }
    }

    /// The rest as words split at blanks, ignoring quotes.
    pub(crate) fn plain_words(&self) -> Vec<Word> {
        let rest = &self.line.text[self.rest.clone()];
        let base = self.rest.start;
        let mut words = Vec::new();
        let mut start = None;
        for (at, c) in rest.char_indices().chain([(rest.len(), ' ')]) {
            match (c.is_whitespace(), start) {
                (false, None) => start = Some(at),
                (true, Some(from)) => {
                    words.push(self.line.word(base + from..base + at));
                    start = None;
                }
                _ => {}
            }
        }
        words
    }

    /// The rest as words split at blanks outside quotes; quotes are kept.
    pub(crate) fn quoted_words(&self) -> Vec<Word> {
        let base = self.rest.start;
        words::split(&self.line.text[self.rest.clone()], self.escape)
            .into_iter()
            .map(|range| self.line.word(base + range.start..base + range.end))
            .collect()
    }

    /// The rest as a JSON array of strings; `None` if it is not JSON at all, but the shell form.
    pub(crate) fn json(&self) -> Result<Option<Vec<Word>>, BuildError> {
        let rest = self.rest();
        if !rest.text.starts_with('[') {
            return Ok(None);
        }
        let Ok(values) = serde_json::from_str::<Vec<Value>>(&rest.text) else {
            return Ok(None);
        };
        let mut words = Vec::new();
        for value in values {
            let Value::String(text) = value else {
                return Err(self.error(
                    rest.span,
                    "when using JSON array syntax, arrays must be comprised of strings only",
                ));
            };
            words.push(Word {
                text,
                span: rest.span,
            });
        }
        Ok(Some(words))
    }

    /// The rest as JSON, or as words split at blanks. The flag says whether it was JSON.
    pub(crate) fn list(&self) -> Result<(Vec<Word>, bool), BuildError> {
        Ok(match self.json()? {
            Some(words) => (words, true),
            None => (self.plain_words(), false),
        })
    }

    /// The rest, which must not be empty.
    pub(crate) fn exactly_one(&self) -> Result<Word, BuildError> {
        let rest = self.rest();
        if rest.text.is_empty() {
            return Err(self.requires("exactly one argument"));
        }
        Ok(rest)
    }

    /// `KEYWORD requires …`.
    pub(crate) fn requires(&self, what: &str) -> BuildError {
        self.error_here(format!("{} requires {what}", self.keyword.text))
    }

    /// Checks that variables and quotes in `word` are well formed.
    pub(crate) fn check_word(&self, word: &Word) -> Result<(), BuildError> {
        let rules = words::Rules {
            syntax_only: true,
            ..words::Rules::default()
        };
        words::Expander::new(self.escape, &|_| None, rules)
            .expand(&word.text)
            .map_err(|error| self.error(place(word, &error.at), error.message))?;
        Ok(())
    }
}

/// The position of the bytes `at` of `word` in the source.
pub(crate) fn place(word: &Word, at: &Range<usize>) -> Span {
    let start = (word.span.start + at.start).min(word.span.end);
    Span {
        start,
        end: (word.span.start + at.end).clamp(start, word.span.end),
    }
}

/// `text` without quotes and escapes.
fn unquoted(text: &str, escape: char) -> String {
    let (mut out, mut quote) = (String::new(), None);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            _ if c == escape && quote != Some('\'') => out.extend(chars.next()),
            _ => out.push(c),
        }
    }
    out
}
