//! Parser directives: comments at the top of the file that change how it is read.
//!
//! **What Docker does.** `syntax` chooses a frontend image, `escape` the escape character, `check` configures build
//! checks. They must come before everything else, including ordinary comments.
//! **What we do.** `syntax` is accepted and has no effect: there is one frontend, ours.
//!
//! Source: Dockerfile reference, "Parser directives".

use super::error::BuildError;
use super::source::{Source, Span};

/// The directives of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directives {
    /// `\` or a backtick.
    pub escape: char,
    /// `# syntax=…`.
    pub syntax: Option<String>,
    /// `# check=…`.
    pub check: Option<String>,
    escape_seen: bool,
    /// Something else came first: later directives are comments.
    done: bool,
}

impl Default for Directives {
    fn default() -> Self {
        Self {
            escape: '\\',
            syntax: None,
            check: None,
            escape_seen: false,
            done: false,
        }
    }
}

impl Directives {
    /// Parses the line that starts at byte `start`.
    pub(crate) fn look_at(
        &mut self,
        source: &Source,
        start: usize,
        line: &str,
    ) -> Result<(), BuildError> {
        if self.done {
            return Ok(());
        }
        let Some((name, value)) = directive(line) else {
            self.done = true;
            return Ok(());
        };
        let span = Span {
            start,
            end: start + line.len(),
        };
        let seen = match name.as_str() {
            "escape" => std::mem::replace(&mut self.escape_seen, true),
            "syntax" => self.syntax.replace(value.to_owned()).is_some(),
            "check" => self.check.replace(value.to_owned()).is_some(),
            // An unknown directive is a comment, and ends the directives.
            _ => {
                self.done = true;
                return Ok(());
            }
        };
        if seen {
            let message = format!("only one {name} parser directive can be used");
            return Err(source.error(span, message).in_parsing());
        }
        if name == "escape" {
            self.escape = match value {
                "\\" => '\\',
                "`" => '`',
                other => {
                    let message = format!("invalid escape token '{other}' does not match ` or \\");
                    return Err(source.error(span, message).in_parsing());
                }
            };
        }
        Ok(())
    }
}

/// `# name = value`.
fn directive(line: &str) -> Option<(String, &str)> {
    let (name, value) = line.trim().strip_prefix('#')?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let well_formed = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
        && !value.is_empty();
    well_formed.then(|| (name.to_ascii_lowercase(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Directives, BuildError> {
        let source = Source::new("d", text.as_bytes());
        Ok(super::super::lines::split(&source)?.directives)
    }

    #[test]
    fn directives_stand_before_everything_else() {
        let found = read("# Syntax = docker/dockerfile:1\n#escape=`\nFROM x").unwrap();
        assert_eq!(found.syntax.as_deref(), Some("docker/dockerfile:1"));
        assert_eq!(found.escape, '`');
        assert_eq!(read("# a comment\n# escape=`\n").unwrap().escape, '\\');
        assert_eq!(read("FROM x\n# escape=`\n").unwrap().escape, '\\');
        assert_eq!(read("# other=x\n# escape=`\n").unwrap().escape, '\\');
    }

    #[test]
    fn a_second_or_a_strange_escape_is_an_error() {
        for bad in ["# escape=`\n# escape=`\n", "# escape=x\n"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
