//! Signal names and numbers, as `docker kill -s` and STOPSIGNAL take them.

use crate::error::{Error, Result};
use nix::sys::signal::Signal;
use std::str::FromStr;

/// The number of `text`: `9`, `KILL`, `SIGKILL`, `sigkill`, `RTMIN+3`. Docker's error: `invalid signal: x`.
pub fn parse(text: &str) -> Result<i32> {
    let invalid = || Error::invalid(format!("invalid signal: {text}"));
    if let Ok(number) = text.parse::<i32>() {
        return if (1..=64).contains(&number) {
            Ok(number)
        } else {
            Err(invalid())
        };
    }
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let offset = |rest: &str| {
        if rest.is_empty() {
            Some(0)
        } else {
            rest[1..].parse::<i32>().ok()
        }
    };
    if let Some(rest) = name.strip_prefix("RTMIN") {
        return offset(rest)
            .map(|n| 34 + n)
            .filter(|n| *n <= 64)
            .ok_or_else(invalid);
    }
    if let Some(rest) = name.strip_prefix("RTMAX") {
        return offset(rest)
            .map(|n| 64 - n)
            .filter(|n| *n >= 34)
            .ok_or_else(invalid);
    }
    Signal::from_str(&format!("SIG{name}"))
        .map(|signal| signal as i32)
        .map_err(|_| invalid())
}

/// The names of all signals but those in real time.
pub fn names() -> impl Iterator<Item = &'static str> {
    Signal::iterator().map(Signal::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_understood() {
        for (text, number) in [
            ("9", 9),
            ("KILL", 9),
            ("SIGTERM", 15),
            ("sighup", 1),
            ("RTMIN+1", 35),
            ("RTMAX", 64),
        ] {
            assert_eq!(parse(text).unwrap(), number, "{text}");
        }
        for bad in ["", "0", "65", "SIGNOPE", "-1", "RTMIN+x"] {
            assert_eq!(
                parse(bad).unwrap_err().to_string(),
                format!("invalid signal: {bad}")
            );
        }
    }
}
