//! HEALTHCHECK: a command that checks whether the program in the container still works.
//!
//! `HEALTHCHECK [--interval=30s] [--timeout=30s] [--start-period=0s] [--start-interval=5s] [--retries=3] CMD command`
//! · `HEALTHCHECK NONE`.
//!
//! **Lesson.** `settings-of-an-image`

use super::Form;
use super::command_line::CommandLine;
use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::{FlagKind, Flags, Statement};
use crate::build::work::Effect;
use crate::go;
use crate::oci::config;

/// HEALTHCHECK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Healthcheck {
    /// As recorded in the image's configuration.
    pub check: config::Healthcheck,
}

impl Form for Healthcheck {
    const KEYWORD: &str = "HEALTHCHECK";

    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        let flags = statement.flags(&[
            ("interval", FlagKind::Value),
            ("timeout", FlagKind::Value),
            ("start-period", FlagKind::Value),
            ("start-interval", FlagKind::Value),
            ("retries", FlagKind::Value),
        ])?;
        let rest = statement.rest();
        let kind = rest.text.split_whitespace().next().unwrap_or_default();
        match kind.to_ascii_uppercase().as_str() {
            "" => Err(statement.requires("at least one argument")),
            "NONE" if rest.text.len() > kind.len() => {
                Err(statement.error(rest.span, "HEALTHCHECK NONE takes no arguments"))
            }
            "NONE" => Ok(Self {
                check: config::Healthcheck {
                    test: vec!["NONE".to_owned()],
                    ..config::Healthcheck::default()
                },
            }),
            "CMD" => {
                let mut check = timing(statement, &flags)?;
                check.test = test(&statement.inner())?;
                Ok(Self { check })
            }
            _ => {
                let message = format!("Unknown type {kind:?} in HEALTHCHECK (try CMD)");
                Err(statement.error(rest.span, message))
            }
        }
    }

    /// Sets the check.
    fn apply(&self, state: &mut State<'_>, _at: Place<'_>) -> Result<Effect, BuildError> {
        let check = &self.check;
        let durations = [
            check.interval,
            check.timeout,
            check.start_period,
            check.start_interval,
        ];
        let durations = durations.map(|nanoseconds| go::quote(&go::duration(nanoseconds)));
        // BuildKit prints the number of retries as a character.
        let history = format!(
            "HEALTHCHECK &{{{} {} '\\x{:02x}'}}",
            go::quote_list(&check.test),
            durations.join(" "),
            check.retries
        );
        state.config.healthcheck = Some(check.clone());
        Ok(Effect::configured(history))
    }
}

/// The words after CMD.
fn test(command: &Statement<'_>) -> Result<Vec<String>, BuildError> {
    let line = CommandLine::parse(command)?;
    if line.is_empty() {
        return Err(command.error_here("Missing command after HEALTHCHECK CMD"));
    }
    let first = match line {
        CommandLine::Exec(_) => "CMD",
        CommandLine::Shell(_) => "CMD-SHELL",
    };
    Ok([vec![first.to_owned()], line.argv(&[])].concat())
}

fn timing(statement: &Statement<'_>, flags: &Flags) -> Result<config::Healthcheck, BuildError> {
    let duration = |name: &str| -> Result<i64, BuildError> {
        let Some(value) = flags.value(name) else {
            return Ok(0);
        };
        let nanoseconds = nanoseconds(&value.text)
            .ok_or_else(|| malformed(statement, &value, "duration", "`5s` or `1m30s`"))?;
        if nanoseconds != 0 && nanoseconds < 1_000_000 {
            let message = format!("Interval {name:?} cannot be less than 1ms");
            return Err(statement.error(value.span, message));
        }
        Ok(nanoseconds)
    };
    let retries = match flags.value("retries") {
        None => 0,
        Some(value) => {
            let number = value.text.parse::<i32>().ok().filter(|number| *number >= 0);
            let number =
                number.ok_or_else(|| malformed(statement, &value, "number", "`--retries=3`"))?;
            i64::from(number)
        }
    };
    Ok(config::Healthcheck {
        test: Vec::new(),
        interval: duration("interval")?,
        timeout: duration("timeout")?,
        start_period: duration("start-period")?,
        start_interval: duration("start-interval")?,
        retries,
    })
}

fn malformed(statement: &Statement<'_>, value: &Word, what: &str, example: &str) -> BuildError {
    statement
        .error(value.span, format!("invalid {what} {:?}", value.text))
        .with_hint(format!("such as {example}"))
}

/// A duration as Go writes it: `300ms`, `1.5h`, `2h45m`; at least 0. Source: Go, `time.ParseDuration`.
pub(crate) fn nanoseconds(text: &str) -> Option<i64> {
    if text == "0" {
        return Some(0);
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    let mut total = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .filter(|at| *at > 0)?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(rest.len());
        let unit = match &rest[..end] {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 6e10,
            "h" => 3.6e12,
            _ => return None,
        };
        total += number * unit;
        rest = &rest[end..];
    }
    (total <= 9e18).then_some(total.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_writes_them() {
        for (text, expected) in [
            ("5s", Some(5_000_000_000)),
            ("1m30s", Some(90_000_000_000)),
            ("1.5s", Some(1_500_000_000)),
            ("300ms", Some(300_000_000)),
            ("0", Some(0)),
            ("5", None),
            ("", None),
            ("s", None),
            ("-5s", None),
            ("1x", None),
            ("1..s", None),
        ] {
            assert_eq!(nanoseconds(text), expected, "{text}");
        }
    }

    #[test]
    fn history_is_what_buildkit_writes() {
        crate::build::state::testing::check_history(
            "HEALTHCHECK --interval=5m --timeout=3s CMD curl x",
            "HEALTHCHECK &{[\"CMD-SHELL\" \"curl x\"] \"5m0s\" \"3s\" \"0s\" \"0s\" '\\x00'}",
        );
    }
}
