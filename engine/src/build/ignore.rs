//! `.dockerignore`: the files that the context excludes.
//!
//! **What Docker does.** One pattern per line, relative to the context's root; `#` in the first column is a comment;
//! `!` includes files again; the last matching line decides; a pattern that matches a folder covers everything in it.
//! `<Dockerfile>.dockerignore` beside the Dockerfile is read instead of `.dockerignore`.
//! **What we do.** The same, including `**` and path cleaning. It is not gitignore: `*.log` matches only in the top
//! folder.
//! Sources: Dockerfile reference, ".dockerignore file"; github.com/moby/patternmatcher, `ignorefile`.
//! **Lesson.** `build-cache`

use super::pattern::Pattern;
use crate::error::{Error, Result};
use crate::go::clean_text;

/// The patterns of a `.dockerignore`, or of `--exclude`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ignore {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    pattern: Pattern,
    /// `!`: includes again.
    exception: bool,
}

/// Which rules match a folder; its contents inherit that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Inherited(Vec<bool>);

impl Ignore {
    /// Reads the lines of a `.dockerignore`. Error: a malformed pattern, with its line.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut rules = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.starts_with('#') {
                continue;
            }
            if let Some(rule) = Rule::parse(line).map_err(|problem| {
                Error::invalid(format!(
                    "failed to parse {name} line {}: {problem}",
                    index + 1
                ))
            })? {
                rules.push(rule);
            }
        }
        Ok(Self { rules })
    }

    /// The rules of `--exclude`, one each.
    pub(crate) fn of(patterns: &[String]) -> Result<Self> {
        let mut rules = Vec::new();
        for pattern in patterns {
            let rule = Rule::parse(pattern)
                .map_err(|problem| Error::invalid(format!("--exclude={pattern}: {problem}")))?;
            rules.extend(rule);
        }
        Ok(Self { rules })
    }

    /// Excludes the folder `path` as well; no earlier rule includes anything in it again.
    pub(crate) fn without(mut self, path: &str) -> Result<Self> {
        let literal: String = path
            .chars()
            .flat_map(|letter| {
                let escape = "*?[]\\".contains(letter).then_some('\\');
                escape.into_iter().chain([letter])
            })
            .collect();
        let pattern =
            Pattern::ignore(&literal).map_err(|problem| Error::invalid(problem.to_string()))?;
        self.rules.push(Rule {
            pattern,
            exception: false,
        });
        Ok(self)
    }

    /// Whether a rule includes files again, so that an excluded folder must be searched.
    pub(crate) fn has_exceptions(&self) -> bool {
        self.rules.iter().any(|rule| rule.exception)
    }

    /// Whether `path` is excluded. `parent` is the state inherited from its folder; the second value is for its
    /// children. Paths are relative, with `/` as separator.
    pub(crate) fn excludes(&self, path: &str, parent: &Inherited) -> (bool, Inherited) {
        let mut excluded = false;
        let mut fits = Vec::with_capacity(self.rules.len());
        for (index, rule) in self.rules.iter().enumerate() {
            let inherited = parent.0.get(index).copied().unwrap_or(false);
            let fit = inherited || rule.pattern.matches(path);
            fits.push(fit);
            if fit {
                excluded = !rule.exception;
            }
        }
        (excluded, Inherited(fits))
    }

    /// Whether `path` is excluded, checking its parents one by one.
    pub(crate) fn excludes_path(&self, path: &str) -> bool {
        let (mut excluded, mut inherited) = (false, Inherited::default());
        let ends = path.match_indices('/').map(|(at, _)| at);
        for end in ends.chain([path.len()]) {
            (excluded, inherited) = self.excludes(&path[..end], &inherited);
        }
        excluded
    }
}

impl Rule {
    fn parse(line: &str) -> std::result::Result<Option<Self>, String> {
        let line = line.trim();
        let (exception, pattern) = match line.strip_prefix('!') {
            Some(rest) => (true, rest.trim()),
            None => (false, line),
        };
        if exception && pattern.is_empty() {
            return Err("illegal exclusion pattern: \"!\"".to_owned());
        }
        if pattern.is_empty() {
            return Ok(None);
        }
        let cleaned = clean_text(pattern);
        let anchored = match cleaned.as_str() {
            "/" => "/",
            path => path.trim_start_matches('/'),
        };
        let pattern = Pattern::ignore(anchored).map_err(|problem| problem.to_string())?;
        Ok(Some(Self { pattern, exception }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &str, cases: &[(&str, bool)]) {
        let ignore = Ignore::parse(".dockerignore", lines).unwrap();
        for (path, expected) in cases {
            assert_eq!(
                ignore.excludes_path(path),
                *expected,
                "{path} with {lines:?}"
            );
        }
    }

    #[test]
    fn patterns_are_anchored_at_the_root_of_the_context() {
        check("foo", &[("foo", true), ("foo/x", true), ("a/foo", false)]);
        check("*.md", &[("a.md", true), ("d/a.md", false)]);
        check("**/*.md", &[("a.md", true), ("d/a.md", true)]);
        check("*/temp*", &[("a/temp1", true), ("a/b/temp", false)]);
        check("/foo", &[("foo", true)]);
        check("./b", &[("b", true)]);
        check("a/../b", &[("b", true), ("a", false)]);
        check("foo/", &[("foo", true), ("foo/a", true)]);
        check("  foo  ", &[("foo", true)]);
        check("a?b", &[("axb", true), ("a/b", false)]);
        check("[!a]", &[("!", true), ("b", false)]);
        check("[^a]", &[("b", true), ("a", false)]);
    }

    #[test]
    fn comments_stand_in_the_first_column() {
        check(
            "#foo\n #bar\n\\#baz",
            &[("#foo", false), ("#bar", true), ("#baz", true)],
        );
        check("\u{feff}foo", &[("foo", true)]);
        check("\n\n", &[("foo", false)]);
    }

    #[test]
    fn the_last_line_that_fits_decides() {
        check("*.md\n!README.md", &[("a.md", true), ("README.md", false)]);
        check("!README.md\n*.md", &[("README.md", true)]);
        check(
            "docs\n!docs/keep",
            &[
                ("docs/x", true),
                ("docs/keep", false),
                ("docs/keep/y", false),
            ],
        );
        check(
            "*\n!src\nsrc/*.log",
            &[("a", true), ("src/a", false), ("src/a.log", true)],
        );
    }

    #[test]
    fn everything_can_be_left_out() {
        check("*", &[("a", true), ("a/b", true)]);
        check("**", &[("a", true), ("a/b", true)]);
        check(".", &[("a", false)]);
        check("/", &[("a", false)]);
    }

    #[test]
    fn a_folder_that_is_left_out_stays_out() {
        let rules = Ignore::parse("x", "!**\n").unwrap();
        let rules = rules.without("my [data]/docklings").unwrap();
        for (path, expected) in [
            ("my [data]/docklings", true),
            ("my [data]/docklings/content/tmp", true),
            ("my [data]/notes", false),
            ("my d/docklings", false),
        ] {
            assert_eq!(rules.excludes_path(path), expected, "{path}");
        }
    }

    #[test]
    fn malformed_lines_are_named() {
        for (lines, message) in [
            (
                "a\n!",
                "failed to parse .dockerignore line 2: illegal exclusion pattern: \"!\"",
            ),
            (
                "a[",
                "failed to parse .dockerignore line 1: syntax error in pattern",
            ),
        ] {
            let error = Ignore::parse(".dockerignore", lines).unwrap_err();
            assert_eq!(error.message(), message);
        }
    }
}
