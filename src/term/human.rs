//! Sizes and times in Docker's human-readable form.
//!
//! Source: docker/go-units, `size.go` and `duration.go`.

use engine::go::{quote, significant};
use std::time::Duration;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

const DECIMAL: [&str; 9] = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
const BINARY: [&str; 9] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"];

fn scaled(bytes: u64, base: f64, digits: usize, units: &[&str]) -> String {
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= base && unit + 1 < units.len() {
        size /= base;
        unit += 1;
    }
    format!("{}{}", significant(size, digits), units[unit])
}

/// `4.26MB`: three digits, powers of 1000; `images` and `ps`.
pub(crate) fn size(bytes: u64) -> String {
    scaled(bytes, 1000.0, 3, &DECIMAL)
}

/// `4.262MB`: four digits, powers of 1000; `prune`.
pub(crate) fn size4(bytes: u64) -> String {
    scaled(bytes, 1000.0, 4, &DECIMAL)
}

/// `15.48MiB`: four digits, powers of 1024; `stats`.
pub(crate) fn binary_size(bytes: u64) -> String {
    scaled(bytes, 1024.0, 4, &BINARY)
}

/// `About a minute`, `3 hours`.
pub(crate) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let minutes = seconds / 60;
    // Go rounds only hours to the nearest.
    let hours = (span.as_secs_f64() / 3600.0 + 0.5) as u64;
    match (seconds, minutes, hours) {
        (0, ..) => "Less than a second".to_owned(),
        (1, ..) => "1 second".to_owned(),
        (2..60, ..) => format!("{seconds} seconds"),
        (_, 1, _) => "About a minute".to_owned(),
        (_, 2..60, _) => format!("{minutes} minutes"),
        (.., 1) => "About an hour".to_owned(),
        (.., 0..48) => format!("{hours} hours"),
        (.., 48..336) => format!("{} days", hours / 24),
        (.., 336..1440) => format!("{} weeks", hours / 24 / 7),
        (.., 1440..17520) => format!("{} months", hours / 24 / 30),
        _ => format!("{} years", seconds / 3600 / 24 / 365),
    }
}

/// Go's `time.ParseDuration`: `1m30s`, `1.5h`, `300ms`, `-5s`. The result is in seconds before now if negative.
///
/// # Errors
/// `time: invalid duration "…"`, and Go's two other messages.
pub(crate) fn parse_duration(text: &str) -> Result<i64, String> {
    let quoted = quote(text);
    let invalid = || format!("time: invalid duration {quoted}");
    let (sign, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (-1, &text[1..]),
        Some(b'+') => (1, &text[1..]),
        _ => (1, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().map_err(|_| invalid())?;
        rest = &rest[digits..];
        let letters = rest
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(rest.len());
        let nanoseconds = match &rest[..letters] {
            "" => return Err(format!("time: missing unit in duration {quoted}")),
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            unit => {
                let unit = quote(unit);
                return Err(format!("time: unknown unit {unit} in duration {quoted}"));
            }
        };
        total += number * nanoseconds;
        rest = &rest[letters..];
    }
    // Go's type ends at 290 years in nanoseconds.
    if total >= i64::MAX as f64 {
        return Err(invalid());
    }
    Ok(sign * total.round() as i64)
}

/// `text` in at most `width` columns; if it does not fit, it ends with `…`. Docker's `Ellipsis`.
pub(crate) fn ellipsis(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut used = 0;
    for letter in text.chars() {
        used += letter.width().unwrap_or(0);
        if used >= width {
            break;
        }
        cut.push(letter);
    }
    if width > 0 {
        cut.push('…');
    }
    cut
}

/// The first 12 digits of an id, without an image's `sha256:`.
pub(crate) fn short_id(id: &str) -> &str {
    let digits = id.split_once(':').map_or(id, |(_, digits)| digits);
    digits.get(..12).unwrap_or(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_or_four_digits() {
        for (bytes, three, four) in [
            (0, "0B", "0B"),
            (5, "5B", "5B"),
            (999, "999B", "999B"),
            (1_000, "1kB", "1kB"),
            (1_084, "1.08kB", "1.084kB"),
            (999_600, "1e+03kB", "999.6kB"),
            (4_261_550, "4.26MB", "4.262MB"),
            (100_000_000, "100MB", "100MB"),
            (1_500_000_000, "1.5GB", "1.5GB"),
        ] {
            assert_eq!((size(bytes), size4(bytes)), (three.into(), four.into()));
        }
        assert_eq!(binary_size(64 << 20), "64MiB");
        assert_eq!(binary_size(16_228_000), "15.48MiB");
        assert_eq!(binary_size(0), "0B");
    }

    #[test]
    fn spans_are_rounded() {
        let hour = 3600;
        for (seconds, text) in [
            (0, "Less than a second"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "About a minute"),
            (119, "About a minute"),
            (120, "2 minutes"),
            (59 * 60, "59 minutes"),
            (hour, "About an hour"),
            (hour + 1799, "About an hour"),
            (hour + 1800, "2 hours"),
            (47 * hour, "47 hours"),
            (48 * hour, "2 days"),
            (13 * 24 * hour, "13 days"),
            (14 * 24 * hour, "2 weeks"),
            (60 * 24 * hour, "2 months"),
            (2 * 365 * 24 * hour, "2 years"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), text, "{seconds}");
        }
    }

    #[test]
    fn durations_are_read_and_written_as_go_does() {
        let second = 1_000_000_000;
        for (text, nanoseconds) in [
            ("1m30s", 90 * second),
            ("2.5s", 5 * second / 2),
            ("300ms", 3 * second / 10),
            ("1h0m5s", 3605 * second),
            ("-5s", -5 * second),
            ("7ns", 7),
        ] {
            assert_eq!(parse_duration(text), Ok(nanoseconds), "{text}");
            assert_eq!(engine::go::duration(nanoseconds), text);
        }
        assert_eq!(engine::go::duration(0), "0s");
        assert_eq!(parse_duration("0"), Ok(0));
        for (text, complaint) in [
            ("", r#"time: invalid duration """#),
            ("lots", r#"time: invalid duration "lots""#),
            ("5", r#"time: missing unit in duration "5""#),
            ("5d", r#"time: unknown unit "d" in duration "5d""#),
            ("999999h1", r#"time: missing unit in duration "999999h1""#),
            ("9999999999h", r#"time: invalid duration "9999999999h""#),
        ] {
            assert_eq!(parse_duration(text).unwrap_err(), complaint);
        }
    }

    #[test]
    fn text_that_does_not_fit_ends_with_an_ellipsis() {
        for (text, width, expected) in [
            ("sleep 60", 20, "sleep 60"),
            ("sh -c 'a rather long command'", 20, "sh -c 'a rather lon…"),
            ("żółwie są powolne", 8, "żółwie …"),
            ("日本語日本語", 5, "日本…"),
            ("abc", 1, "…"),
            ("abc", 0, ""),
            ("", 0, ""),
        ] {
            assert_eq!(ellipsis(text, width), expected);
        }
    }

    #[test]
    fn a_short_id_has_twelve_digits() {
        assert_eq!(short_id("sha256:0123456789abcdef"), "0123456789ab");
        assert_eq!(short_id("<missing>"), "<missing>");
        assert_eq!(short_id(""), "");
    }
}
