//! The options of the checks: `# check=skip=A,B;experimental=C;error=true`.
//!
//! **What Docker does.** `--build-arg BUILDKIT_DOCKERFILE_CHECK=…` replaces the directive of the Dockerfile. `all` stands
//! for all rules. An option that does not exist is an error. Source: Dockerfile reference, "check".

use super::Rule;
use crate::error::{Error, Result};
use crate::near::nearest;

/// The build argument that replaces the directive.
pub const ARGUMENT: &str = "BUILDKIT_DOCKERFILE_CHECK";

/// Which rules are skipped, which experimental rules are enabled, and whether a finding is an error.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    skipped: Names,
    experimental: Names,
    pub(super) is_error: bool,
}

/// Names of rules, or `all`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Names(Vec<String>);

impl Names {
    fn parse(text: &str) -> Self {
        Self(text.split(',').map(|name| name.trim().to_owned()).collect())
    }

    fn has(&self, rule: Rule) -> bool {
        let name = rule.name();
        let named = |known: &String| known == "all" || known.eq_ignore_ascii_case(&name);
        self.0.iter().any(named)
    }
}

impl Options {
    /// Reads the options. Error: an unknown option, or an `error` that is not a boolean.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut options = Self::default();
        if text.trim().is_empty() {
            return Ok(options);
        }
        let wrong = |option: &str| {
            let message = format!("failed to parse check options: invalid check option {option:?}");
            let error = Error::invalid(message);
            match nearest(option, ["skip", "experimental", "error"]) {
                Some(like) => error.with_hint(format!("did you mean `{like}`?")),
                None => {
                    error.with_hint("write `skip=RULE,RULE`, `experimental=RULE` or `error=true`")
                }
            }
        };
        for part in text
            .split(';')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let (name, value) = part.split_once('=').ok_or_else(|| wrong(part))?;
            match (name.trim(), value.trim()) {
                ("skip", names) => options.skipped = Names::parse(names),
                ("experimental", names) => options.experimental = Names::parse(names),
                ("error", "1" | "t" | "T" | "true" | "TRUE" | "True") => options.is_error = true,
                ("error", "0" | "f" | "F" | "false" | "FALSE" | "False") => {
                    options.is_error = false;
                }
                ("error", _) => {
                    return Err(Error::invalid(format!(
                        "failed to parse check options: failed to parse check option {part:?}: invalid syntax"
                    ))
                    .with_hint("write `error=true` or `error=false`"));
                }
                (other, _) => return Err(wrong(other)),
            }
        }
        Ok(options)
    }

    /// Whether findings of `rule` are reported.
    pub(super) fn tells(&self, rule: Rule) -> bool {
        !self.skipped.has(rule) && (!rule.is_experimental() || self.experimental.has(rule))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_named_or_all_are_meant() {
        let told = |text: &str, rule: Rule| Options::parse(text).unwrap().tells(rule);
        assert!(told("", Rule::StageNameCasing));
        assert!(!told(
            "skip=FromAsCasing, StageNameCasing",
            Rule::StageNameCasing
        ));
        assert!(!told("skip=all", Rule::StageNameCasing));
        assert!(!told("", Rule::InvalidDefinitionDescription));
        assert!(told("experimental=all", Rule::InvalidDefinitionDescription));
        assert!(told(
            "skip=UndefinedVar;experimental=InvalidDefinitionDescription;error=true",
            Rule::InvalidDefinitionDescription
        ));
    }

    #[test]
    fn other_options_are_errors() {
        for (text, said) in [
            ("nope", "invalid check option \"nope\""),
            ("skp=all", "invalid check option \"skp\""),
            (
                "error=maybe",
                "failed to parse check option \"error=maybe\"",
            ),
        ] {
            let error = Options::parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        let hint = Options::parse("skp=all").unwrap_err();
        assert_eq!(hint.hint(), Some("did you mean `skip`?"));
        assert!(Options::parse("error=True").unwrap().is_error);
    }
}
