//! `docker build --check` and `--call`: reports on a Dockerfile instead of building it.

use crate::ctx::Ctx;
use crate::exit;
use crate::failure::{CommandResult, Failure};
use engine::build::check::{Finding, Report};
use serde_json::{Value, json};

/// The action on the Dockerfile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// Build it.
    Build,
    /// Check it.
    Check {
        /// The findings as JSON.
        json: bool,
        /// The exit code does not depend on the findings.
        ignore_status: bool,
    },
}

impl Call {
    /// Parses `--call` and `--check`. Error: a method that docklings does not support, or that does not exist.
    pub(super) fn parse(call: &str, check: bool) -> CommandResult<Self> {
        let mut parts = call.split(',');
        let method = parts.next().unwrap_or_default();
        let (mut json, mut ignore_status) = (false, false);
        for part in parts {
            match part.split_once('=').unwrap_or((part, "true")) {
                ("format", "json") => json = true,
                ("format", "text" | "default") => json = false,
                ("ignorestatus", value) => ignore_status = value == "true",
                _ => return Err(Failure::message(format!("invalid call option: {part}"))),
            }
        }
        match (method, check) {
            ("build" | "", false) => Ok(Self::Build),
            ("build" | "" | "check" | "lint", _) => Ok(Self::Check {
                json,
                ignore_status,
            }),
            ("outline" | "targets" | "subrequests.describe", _) => {
                Err(Failure::refused(&format!("--call {method}"), exit::ENGINE))
            }
            _ => Err(Failure::message(format!("invalid call method: {method}"))),
        }
    }
}

/// Prints the findings. With findings, the exit code is 1, unless `ignore_status`.
pub(super) fn tell(
    ctx: &mut Ctx,
    report: &Report,
    (json, ignore_status): (bool, bool),
) -> CommandResult {
    match json {
        true => writeln!(ctx.out, "{:#}", as_json(report))?,
        false => write!(ctx.out, "{}", text(report))?,
    }
    match report.findings.is_empty() || ignore_status {
        true => Ok(()),
        false => Err(Failure::Code(exit::FAILURE)),
    }
}

/// The findings, each with the page of its rule and its place.
fn text(report: &Report) -> String {
    let count = match report.findings.len() {
        0 => return "Check complete, no warnings found.\n".to_owned(),
        1 => "1 warning has been found!".to_owned(),
        count => format!("{count} warnings have been found!"),
    };
    let mut text = format!("Check complete, {count}\n");
    for Finding {
        rule,
        message,
        excerpt,
        ..
    } in &report.findings
    {
        text.push_str(&format!(
            "\nWARNING: {} - {}\n{message}\n{excerpt}\n",
            rule.name(),
            rule.page()
        ));
    }
    text
}

/// In the form of `docker build --call check,format=json`, as far as it is known.
fn as_json(report: &Report) -> Value {
    let warnings: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| {
            json!({
                "ruleName": finding.rule.name(),
                "url": finding.rule.page(),
                "detail": finding.message,
                "location": { "ranges": [{
                    "start": { "line": finding.line, "character": 0 },
                    "end": { "line": finding.line, "character": 0 },
                }]},
            })
        })
        .collect();
    json!({ "warnings": warnings })
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::build::check::Rule;

    fn check(call: &str, check: bool, expected: Call) {
        assert_eq!(Call::parse(call, check).unwrap(), expected, "{call}");
    }

    #[test]
    fn a_call_is_a_method_and_options() {
        let (json, ignore_status) = (false, false);
        check("build", false, Call::Build);
        check(
            "build",
            true,
            Call::Check {
                json,
                ignore_status,
            },
        );
        check(
            "check",
            false,
            Call::Check {
                json,
                ignore_status,
            },
        );
        check(
            "check,format=json,ignorestatus=true",
            false,
            Call::Check {
                json: true,
                ignore_status: true,
            },
        );
        for (call, said) in [
            ("outline", "not part of docklings"),
            ("nope", "invalid call method: nope"),
            ("check,x=y", "invalid call option: x=y"),
        ] {
            let text = Call::parse(call, false).unwrap_err().text().unwrap();
            assert!(text.contains(said), "{text}");
        }
    }

    #[test]
    fn findings_have_a_page_and_a_place() {
        let finding = Finding {
            rule: Rule::StageNameCasing,
            message: "Stage name 'A' should be lowercase".to_owned(),
            line: 3,
            excerpt: " --> Dockerfile:3:11".to_owned(),
        };
        let report = Report {
            findings: vec![finding],
            is_error: false,
        };
        assert_eq!(
            text(&report),
            "Check complete, 1 warning has been found!\n\n\
             WARNING: StageNameCasing - docs/checks/StageNameCasing.md\n\
             Stage name 'A' should be lowercase\n --> Dockerfile:3:11\n"
        );
        assert_eq!(
            as_json(&report)["warnings"][0]["ruleName"],
            "StageNameCasing"
        );
        assert_eq!(
            text(&Report::default()),
            "Check complete, no warnings found.\n"
        );
    }
}
