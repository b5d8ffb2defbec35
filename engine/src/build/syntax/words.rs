//! Splitting text into words, and expanding variables in them.
//!
//! **What Docker does.** `$name`, `${name}`, `${name:-word}`, `${name:+word}`, `${name:?word}` (and without the colon),
//! `${name#pattern}`, `##`, `%`, `%%`, `${name/pattern/replacement}`, `//`; single quotes keep everything, double
//! quotes keep blanks; the escape character keeps the next character. An unset variable is empty.
//! **What we leave out.** Nothing of the reference; nesting deeper than [`DEPTH`] is refused.
//!
//! Source: Dockerfile reference, "Environment replacement".

use super::glob;
use std::ops::Range;

/// The maximum nesting of `${a:-${b:-…}}`.
const DEPTH: usize = 64;

/// Looks up a variable; `None` if it is not set.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The differences between uses of the expander.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rules {
    /// An unset variable stays as written.
    pub(crate) keep_unset: bool,
    /// Only the syntax is checked: `${x:?}` is not an error.
    pub(crate) syntax_only: bool,
    /// The text of a file, not a word: quotes and blanks are kept.
    pub(crate) whole_text: bool,
}

/// Expands variables and removes quotes.
pub(crate) struct Expander<'a> {
    escape: char,
    lookup: Lookup<'a>,
    rules: Rules,
}

/// The result of an expansion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Expanded {
    /// The text, quotes removed.
    pub(crate) text: String,
    /// Offsets in `text` of blanks that separate words: those neither quoted nor escaped.
    blanks: Vec<usize>,
    /// Names of variables that were used without a default and are not set.
    pub(crate) unset: Vec<String>,
}

/// A failed expansion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExpandError {
    /// The message.
    pub(crate) message: String,
    /// The position in the text.
    pub(crate) at: Range<usize>,
}

impl Expanded {
    /// The words of the text.
    pub(crate) fn words(&self) -> Vec<String> {
        let (mut words, mut start) = (Vec::new(), 0);
        let ends = self.blanks.iter().copied().chain([self.text.len()]);
        for end in ends {
            if end > start {
                words.push(self.text[start..end].to_owned());
            }
            let blank = self.text[end..].chars().next().map_or(0, char::len_utf8);
            start = end + blank;
        }
        words
    }

    /// Adds `text`; its blanks separate words if `splits`.
    fn push(&mut self, text: &str, splits: bool) {
        if splits {
            let base = self.text.len();
            let blanks = text.char_indices().filter(|(_, c)| c.is_whitespace());
            self.blanks.extend(blanks.map(|(at, _)| base + at));
        }
        self.text.push_str(text);
    }
}

/// Splits `text` at blanks outside quotes. The words keep their quotes and escapes.
pub(crate) fn split(text: &str, escape: char) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match quote {
            Some(open) if c == open => quote = None,
            Some('\'') => {}
            _ if c == escape => {
                start.get_or_insert(at);
                chars.next();
            }
            Some(_) => {}
            None if c.is_whitespace() => {
                if let Some(start) = start.take() {
                    words.push(start..at);
                }
            }
            None => {
                start.get_or_insert(at);
                if c == '\'' || c == '"' {
                    quote = Some(c);
                }
            }
        }
    }
    if let Some(start) = start {
        words.push(start..text.len());
    }
    words
}

impl<'a> Expander<'a> {
    pub(crate) fn new(escape: char, lookup: Lookup<'a>, rules: Rules) -> Self {
        Self {
            escape,
            lookup,
            rules,
        }
    }

    /// Expands `text` as one word.
    pub(crate) fn expand(&self, text: &str) -> Result<Expanded, ExpandError> {
        let mut run = Run {
            expander: self,
            text,
            at: 0,
            depth: 0,
            unset: Vec::new(),
        };
        let mut out = run.until(None, false)?;
        out.unset = run.unset;
        Ok(out)
    }
}

/// An expansion in progress.
struct Run<'a> {
    expander: &'a Expander<'a>,
    text: &'a str,
    at: usize,
    depth: usize,
    unset: Vec<String>,
}

impl Run<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn fail<T>(&self, start: usize, message: impl Into<String>) -> Result<T, ExpandError> {
        Err(ExpandError {
            message: message.into(),
            at: start..self.at.max(start),
        })
    }

    /// Reads up to `stop`, which is consumed, or to the end. With `pattern`, escapes stay for the pattern parser.
    fn until(&mut self, stop: Option<char>, pattern: bool) -> Result<Expanded, ExpandError> {
        let start = self.at;
        let mut out = Expanded::default();
        let whole_text = self.expander.rules.whole_text;
        while let Some(c) = self.peek() {
            if Some(c) == stop {
                self.next();
                return Ok(out);
            }
            match c {
                '\'' if !whole_text => self.single_quoted(&mut out)?,
                '"' if !whole_text => self.double_quoted(&mut out)?,
                '$' => {
                    let value = self.dollar()?;
                    out.push(&value, true);
                }
                c if c == self.expander.escape => self.escaped(&mut out, pattern),
                c => {
                    self.next();
                    out.push(c.encode_utf8(&mut [0; 4]), true);
                }
            }
        }
        match stop {
            None => Ok(out),
            Some('}') => self.fail(start, "syntax error: missing '}'"),
            Some(stop) => self.fail(
                start,
                format!("unexpected end of statement while looking for matching {stop}"),
            ),
        }
    }

    fn escaped(&mut self, out: &mut Expanded, pattern: bool) {
        let mut buffer = [0; 4];
        self.next();
        if pattern {
            // A pattern always reads the backslash as its escape.
            out.push("\\", false);
        }
        if let Some(c) = self.next() {
            out.push(c.encode_utf8(&mut buffer), false);
        }
    }

    fn single_quoted(&mut self, out: &mut Expanded) -> Result<(), ExpandError> {
        let start = self.at;
        self.next();
        let rest = &self.text[self.at..];
        let Some(end) = rest.find('\'') else {
            self.at = self.text.len();
            return self.fail(
                start,
                "unexpected end of statement while looking for matching single-quote",
            );
        };
        out.push(&rest[..end], false);
        self.at += end + 1;
        Ok(())
    }

    fn double_quoted(&mut self, out: &mut Expanded) -> Result<(), ExpandError> {
        let start = self.at;
        self.next();
        loop {
            match self.peek() {
                None => {
                    return self.fail(
                        start,
                        "unexpected end of statement while looking for matching double-quote",
                    );
                }
                Some('"') => {
                    self.next();
                    return Ok(());
                }
                Some('$') => {
                    let value = self.dollar()?;
                    out.push(&value, false);
                }
                Some(c) => {
                    self.next();
                    let guarded =
                        |next: char| matches!(next, '"' | '$') || next == self.expander.escape;
                    let kept = match self.peek() {
                        Some(next) if c == self.expander.escape && guarded(next) => {
                            self.next();
                            next
                        }
                        _ => c,
                    };
                    out.push(kept.encode_utf8(&mut [0; 4]), false);
                }
            }
        }
    }

    /// `$name`, `${…}`, or a lone dollar.
    fn dollar(&mut self) -> Result<String, ExpandError> {
        let start = self.at;
        self.next();
        if self.peek() != Some('{') {
            let name = self.name();
            if name.is_empty() {
                return Ok("$".to_owned());
            }
            return Ok(match self.value(&name) {
                Some(value) => value,
                None if self.expander.rules.keep_unset => self.text[start..self.at].to_owned(),
                None => self.missing(name),
            });
        }
        self.next();
        if self.depth == DEPTH {
            return self.fail(start, "substitution is nested too deeply");
        }
        self.depth += 1;
        let value = self.braced(start);
        self.depth -= 1;
        value
    }

    /// The rest after `${`.
    fn braced(&mut self, start: usize) -> Result<String, ExpandError> {
        match self.peek() {
            None => return self.fail(start, "syntax error: missing '}'"),
            Some('{' | '}' | ':') => {
                self.next();
                return self.fail(start, "syntax error: bad substitution");
            }
            Some(_) => {}
        }
        let name = self.name();
        let value = self.value(&name);
        let result = match self.next() {
            None => return self.fail(start, "syntax error: missing '}'"),
            Some('}') => match &value {
                Some(value) => value.clone(),
                None => self.missing(name),
            },
            Some(':') => match self.next() {
                Some(c @ ('-' | '+' | '?')) => self.default(start, &name, &value, c, true)?,
                Some(c) => {
                    return self.fail(
                        start,
                        format!("unsupported modifier (:{c}) in substitution"),
                    );
                }
                None => return self.fail(start, "syntax error: missing '}'"),
            },
            Some(c @ ('-' | '+' | '?')) => self.default(start, &name, &value, c, false)?,
            Some(c @ ('#' | '%')) => self.trim(c, value.as_deref().unwrap_or_default())?,
            Some('/') => self.replace(value.as_deref().unwrap_or_default())?,
            Some(c) => {
                return self.fail(start, format!("unsupported modifier ({c}) in substitution"));
            }
        };
        match value.is_none() && self.expander.rules.keep_unset {
            true => Ok(self.text[start..self.at].to_owned()),
            false => Ok(result),
        }
    }

    /// `-word`, `+word`, `?word`; with a colon an empty value counts as unset.
    fn default(
        &mut self,
        start: usize,
        name: &str,
        value: &Option<String>,
        kind: char,
        colon: bool,
    ) -> Result<String, ExpandError> {
        let word = self.until(Some('}'), false)?.text;
        let value = value.clone().filter(|value| !(colon && value.is_empty()));
        match (kind, value) {
            ('-', value) => Ok(value.unwrap_or(word)),
            ('+', Some(_)) => Ok(word),
            ('+', None) => Ok(String::new()),
            (_, Some(value)) => Ok(value),
            (_, None) if self.expander.rules.syntax_only => Ok(String::new()),
            (_, None) if !word.is_empty() => self.fail(start, format!("{name}: {word}")),
            (_, None) if colon => self.fail(start, format!("{name}: is not allowed to be empty")),
            (_, None) => self.fail(start, format!("{name}: is not allowed to be unset")),
        }
    }

    /// `#pattern` and `%pattern` remove the shortest match at the start or the end; doubled, the longest.
    fn trim(&mut self, kind: char, value: &str) -> Result<String, ExpandError> {
        let longest = self.peek() == Some(kind);
        if longest {
            self.next();
        }
        let pattern = self.until(Some('}'), true)?.text;
        let found = match kind {
            '#' => glob::prefix(&pattern, value, longest).map(|end| &value[end..]),
            _ => glob::suffix(&pattern, value, longest).map(|start| &value[..start]),
        };
        Ok(found.unwrap_or(value).to_owned())
    }

    /// `/pattern/replacement` replaces the first match; `//` all of them.
    fn replace(&mut self, value: &str) -> Result<String, ExpandError> {
        let all = self.peek() == Some('/');
        if all {
            self.next();
        }
        let pattern = self.until(Some('/'), true)?.text;
        let replacement = self.until(Some('}'), false)?.text;
        Ok(glob::replace(&pattern, value, &replacement, all))
    }

    /// A name: letters, digits and `_`; only digits if it begins with one; or one special character.
    fn name(&mut self) -> String {
        let rest = &self.text[self.at..];
        let length = match rest.chars().next() {
            Some(c) if c.is_ascii_digit() => rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len()),
            Some('@' | '*' | '#' | '?' | '-' | '$' | '!') => 1,
            _ => rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len()),
        };
        self.at += length;
        rest[..length].to_owned()
    }

    fn value(&self, name: &str) -> Option<String> {
        (self.expander.lookup)(name)
    }

    fn missing(&mut self, name: String) -> String {
        self.unset.push(name);
        String::new()
    }
}

#[cfg(test)]
mod tests;
