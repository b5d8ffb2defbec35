//! Path patterns, of two similar but different kinds: Go's `filepath.Match`, as in COPY, and moby's `patternmatcher`,
//! as in `.dockerignore` and `--exclude`, where `**` matches any number of folders.
//!
//! In both, `*` and `?` stop at `/`, `[a-z]` and `[^a-z]` are classes, and `\` escapes the next character. Sources: Go,
//! `path/filepath.Match`; github.com/moby/patternmatcher. A pattern is matched in one pass over the path, keeping the
//! set of reached positions, so no pattern is slow.

use std::fmt;

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    parts: Vec<Part>,
    /// The text, if no part is special: then a comparison is enough.
    literal: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// This character.
    Is(char),
    /// `?`: one character, not `/`.
    One,
    /// `*`: characters, not `/`.
    Star,
    /// `[…]`.
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    /// `**/`, part one: it may match nothing, that is, skip part two.
    MaybeFolders,
    /// `**/`, part two: anything that ends in `/`.
    Folders,
    /// `**` at the end: anything.
    Rest,
}

/// The pattern is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadPattern;

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("syntax error in pattern")
    }
}

impl Pattern {
    /// A pattern of COPY: `**` is the same as `*`.
    pub(crate) fn path(text: &str) -> Result<Self, BadPattern> {
        Self::compile(text, false)
    }

    /// A pattern of `.dockerignore`.
    pub(crate) fn ignore(text: &str) -> Result<Self, BadPattern> {
        Self::compile(text, true)
    }

    fn compile(text: &str, deep: bool) -> Result<Self, BadPattern> {
        let chars: Vec<char> = text.chars().collect();
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(c) = chars.get(at) {
            at += 1;
            match c {
                '*' if deep && chars.get(at) == Some(&'*') => {
                    at += 1;
                    // `**/` and `**` before a name are the same.
                    if chars.get(at) == Some(&'/') {
                        at += 1;
                    }
                    match at == chars.len() {
                        true => parts.push(Part::Rest),
                        // At the start, directly before plain text, moby compares the end of the path.
                        false if parts.is_empty() && glued(&chars, at) => parts.push(Part::Rest),
                        false => parts.extend([Part::MaybeFolders, Part::Folders]),
                    }
                }
                '*' if parts.last() == Some(&Part::Star) => {}
                '*' => parts.push(Part::Star),
                '?' => parts.push(Part::One),
                '[' => parts.push(class(&chars, &mut at)?),
                '\\' => {
                    let escaped = chars.get(at).ok_or(BadPattern)?;
                    at += 1;
                    parts.push(Part::Is(*escaped));
                }
                c => parts.push(Part::Is(*c)),
            }
        }
        let literal = parts
            .iter()
            .map(|part| match part {
                Part::Is(c) => Some(*c),
                _ => None,
            })
            .collect();
        Ok(Self { parts, literal })
    }

    /// Whether all of `path` matches.
    pub(crate) fn matches(&self, path: &str) -> bool {
        if let Some(literal) = &self.literal {
            return literal == path;
        }
        let mut reached = vec![false; self.parts.len() + 1];
        let mut next = reached.clone();
        reached[0] = true;
        self.skip(&mut reached);
        for c in path.chars() {
            next.fill(false);
            for (index, part) in self
                .parts
                .iter()
                .enumerate()
                .filter(|(index, _)| reached[*index])
            {
                match part {
                    Part::Is(wanted) => next[index + 1] |= *wanted == c,
                    Part::One => next[index + 1] |= c != '/',
                    Part::Class { negated, ranges } => {
                        let inside = ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
                        next[index + 1] |= inside != *negated;
                    }
                    Part::Star => next[index] |= c != '/',
                    Part::Rest => next[index] = true,
                    Part::MaybeFolders => {}
                    Part::Folders => {
                        next[index] = true;
                        next[index + 1] |= c == '/';
                    }
                }
            }
            if !next.contains(&true) {
                return false;
            }
            std::mem::swap(&mut reached, &mut next);
            self.skip(&mut reached);
        }
        reached[self.parts.len()]
    }

    /// Marks the positions that are reached without consuming a character.
    fn skip(&self, reached: &mut [bool]) {
        for (index, part) in self.parts.iter().enumerate() {
            if reached[index] {
                match part {
                    Part::Star | Part::Rest => reached[index + 1] = true,
                    Part::MaybeFolders => {
                        reached[index + 1] = true;
                        reached[index + 2] = true;
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Whether `text` has characters that make it a pattern.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '\\'])
}

/// Whether a leading `**` is directly before plain text, as in `**foo`: that matches every path that ends in `foo`.
fn glued(chars: &[char], at: usize) -> bool {
    chars[at - 1] != '/' && !chars[at..].iter().any(|c| "*?[]\\".contains(*c))
}

/// Reads a class; `at` is after its `[`.
fn class(chars: &[char], at: &mut usize) -> Result<Part, BadPattern> {
    let negated = chars.get(*at) == Some(&'^');
    if negated {
        *at += 1;
    }
    let mut ranges = Vec::new();
    loop {
        if chars.get(*at) == Some(&']') && !ranges.is_empty() {
            *at += 1;
            return Ok(Part::Class { negated, ranges });
        }
        let low = member(chars, at)?;
        let high = match chars.get(*at) {
            Some('-') => {
                *at += 1;
                member(chars, at)?
            }
            _ => low,
        };
        ranges.push((low, high));
    }
}

fn member(chars: &[char], at: &mut usize) -> Result<char, BadPattern> {
    let c = match chars.get(*at) {
        None | Some('-' | ']') => return Err(BadPattern),
        Some('\\') => {
            *at += 1;
            chars.get(*at).ok_or(BadPattern)?
        }
        Some(c) => c,
    };
    *at += 1;
    Ok(*c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(compile: fn(&str) -> Result<Pattern, BadPattern>, cases: &[(&str, &str, bool)]) {
        for (pattern, path, expected) in cases {
            let compiled = compile(pattern).unwrap_or_else(|_| panic!("{pattern}"));
            assert_eq!(compiled.matches(path), *expected, "{pattern} on {path}");
        }
    }

    #[test]
    fn copy_patterns_are_those_of_filepath_match() {
        check(
            Pattern::path,
            &[
                ("abc", "abc", true),
                ("*", "abc", true),
                ("*c", "abc", true),
                ("a*", "ab/c", false),
                ("a*/b", "abc/b", true),
                ("a*b*c*d*e*/f", "axbxcxdxe/f", true),
                ("a*b?c*x", "abxbbxdbxebxczzx", true),
                ("ab[c]", "abc", true),
                ("ab[b-d]", "abc", true),
                ("ab[^b-d]", "abc", false),
                ("ab[^e-g]", "abc", true),
                ("a\\*b", "a*b", true),
                ("a\\*b", "ab", false),
                ("a?b", "a☺b", true),
                ("a???b", "a☺b", false),
                ("[a-ζ]*", "α", true),
                ("*[a-ζ]", "A", false),
                ("a?b", "a/b", false),
                ("[\\]a]", "]", true),
                ("[\\-x]", "-", true),
                ("*x", "xxx", true),
                ("**/a", "b/a", true),
                ("**/a", "a", false),
            ],
        );
        for bad in [
            "[]a]", "[-]", "[x-]", "[-x]", "[", "[^", "[^bc", "a[", "a\\",
        ] {
            assert_eq!(Pattern::path(bad), Err(BadPattern), "{bad}");
        }
    }

    #[test]
    fn ignore_patterns_know_folders_at_any_depth() {
        check(
            Pattern::ignore,
            &[
                ("**", "file", true),
                ("**", "dir/file", true),
                ("**/", "dir/file", true),
                ("**/file", "file", true),
                ("**/file", "dir/dir/file", true),
                ("**/file", "myfile", false),
                ("**/*.txt", "dir/a.txt", true),
                ("dir/**", "dir/dir2/file", true),
                ("dir/**", "dir", false),
                ("a/**/b", "a/b", true),
                ("a/**/b", "a/x/y/b", true),
                ("a/**/b", "axb", false),
                ("**file", "dir/otherfile", true),
                ("**/.git", ".git", true),
                ("abc.def", "abcZdef", false),
                ("abc[!a]", "abc!", true),
            ],
        );
    }
}
