//! What Docker takes from Go's library: the formats of `fmt`, which make its messages and BuildKit's history entries;
//! sizes as people write them; and clean paths.

use std::fmt::Write;
use std::path::{Component, Path, PathBuf};

/// `%q` of a string. Source: Go, `strconv.Quote`.
pub fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if c.is_control() || c == '\u{feff}' => {
                // Writing to a string cannot fail.
                let _ = match u32::from(c) {
                    code @ 0..=0x7f => write!(out, "\\x{code:02x}"),
                    code => write!(out, "\\u{code:04x}"),
                };
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// `%q` of a list of strings: `["a" "b c"]`.
pub fn quote_list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quote(word)).collect();
    format!("[{}]", words.join(" "))
}

/// The shortest digits, with an exponent below 1e-4 and from 1e21 on: `%v` of a `float64`.
pub fn float(number: f64) -> String {
    let size = number.abs();
    if !number.is_finite() {
        return match number {
            f64::INFINITY => "+Inf".to_owned(),
            f64::NEG_INFINITY => "-Inf".to_owned(),
            _ => "NaN".to_owned(),
        };
    }
    if size != 0.0 && !(1e-4..1e21).contains(&size) {
        return exponent(&format!("{number:e}"));
    }
    number.to_string()
}

/// `%.3g`: this many significant digits, trailing zeros removed, with an exponent where that is shorter.
pub fn significant(number: f64, digits: usize) -> String {
    if number == 0.0 || !number.is_finite() {
        return float(number);
    }
    let scientific = format!("{number:.*e}", digits - 1);
    let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if power < -4 || power >= digits as i32 {
        return exponent(&format!("{}e{power}", trimmed(mantissa)));
    }
    if power < 0 {
        let decimals = (digits as i32 - 1 - power) as usize;
        return trimmed(&format!("{number:.decimals$}"));
    }
    // The digits are the same, and lists show hundreds of sizes.
    let mut text = mantissa.replace('.', "");
    let point = usize::from(number < 0.0) + power as usize + 1;
    if point < text.len() {
        text.insert(point, '.');
    }
    trimmed(&text)
}

/// Rust writes `1e-7`, Go `1e-07`.
fn exponent(text: &str) -> String {
    let Some((digits, exponent)) = text.split_once('e') else {
        return text.to_owned();
    };
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

/// A `time.Duration` of `nanoseconds` in Go's format: `1m30s`, `500ms`, `0s`.
pub fn duration(nanoseconds: i64) -> String {
    let total = nanoseconds.unsigned_abs();
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let fraction = |value: u64, unit: u64, name: &str| {
        let (whole, rest) = (value / unit, value % unit);
        let digits = unit.ilog10() as usize;
        let rest = format!("{rest:0digits$}");
        let rest = rest.trim_end_matches('0');
        match rest {
            "" => format!("{whole}{name}"),
            rest => format!("{whole}.{rest}{name}"),
        }
    };
    let text = match total {
        0 => "0s".to_owned(),
        1..1_000 => format!("{total}ns"),
        1_000..1_000_000 => fraction(total, 1_000, "µs"),
        1_000_000..1_000_000_000 => fraction(total, 1_000_000, "ms"),
        _ => {
            let minutes = total / 60_000_000_000;
            let seconds = fraction(total % 60_000_000_000, 1_000_000_000, "s");
            match minutes {
                0 => seconds,
                1..60 => format!("{minutes}m{seconds}"),
                _ => format!("{}h{}m{seconds}", minutes / 60, minutes % 60),
            }
        }
    };
    format!("{sign}{text}")
}

/// The bytes that a size such as `64m` or `1.5 GiB` means; units are powers of 1024. Source: go-units, `RAMInBytes`.
pub fn ram_in_bytes(text: &str) -> Result<u64, String> {
    let invalid = || format!("invalid size: '{text}'");
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.strip_prefix(' ').unwrap_or(unit).to_ascii_lowercase();
    let shift = match unit.as_str() {
        "" | "b" => 0,
        unit => {
            let mut letters = unit.chars();
            let power = letters.next().and_then(|letter| "kmgtp".find(letter));
            let power = power.ok_or_else(invalid)?;
            if !matches!(letters.as_str(), "" | "b" | "ib") {
                return Err(format!("invalid suffix: '{unit}'"));
            }
            10 * (power + 1)
        }
    };
    let number: f64 = number.parse().map_err(|_| invalid())?;
    // Sizes beyond the exact range of a float are far beyond any machine's memory.
    Ok((number * (1_u64 << shift) as f64) as u64)
}

/// The shortest equivalent of a path, by its text alone; Docker calls it for each path that a user types. Source: Go,
/// `filepath.Clean`.
///
/// `path` without `.`, doubled slashes, and `..` after a name. The root is its own parent; an empty path becomes `.`.
pub fn clean(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for part in path.components() {
        match (part, cleaned.components().next_back()) {
            (Component::CurDir, _) | (Component::ParentDir, Some(Component::RootDir)) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                cleaned.pop();
            }
            _ => cleaned.push(part),
        }
    }
    match cleaned.as_os_str().is_empty() {
        true => PathBuf::from("."),
        false => cleaned,
    }
}

/// The same for text.
pub fn clean_text(path: &str) -> String {
    clean(Path::new(path)).to_string_lossy().into_owned()
}

/// Where `path` leads from a root that it cannot leave, relative to that root; empty for the root itself.
pub fn within_root(path: &str) -> String {
    clean_text(&format!("/{path}"))[1..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_quoted_as_go_quotes_them() {
        for (text, expected) in [
            ("a b", "\"a b\""),
            ("\"\\\n\t", "\"\\\"\\\\\\n\\t\""),
            ("\u{1}ż\u{feff}", "\"\\x01ż\\ufeff\""),
        ] {
            assert_eq!(quote(text), expected);
        }
        assert_eq!(
            quote_list(&["a".to_owned(), "b".to_owned()]),
            "[\"a\" \"b\"]"
        );
    }

    #[test]
    fn durations_print_as_in_go() {
        for (nanoseconds, expected) in [
            (0, "0s"),
            (5_000_000_000, "5s"),
            (90_000_000_000, "1m30s"),
            (3_600_000_000_000, "1h0m0s"),
            (500_000_000, "500ms"),
            (1_500_000_000, "1.5s"),
            (1_500, "1.5µs"),
            (-1, "-1ns"),
        ] {
            assert_eq!(duration(nanoseconds), expected);
        }
    }

    #[test]
    fn units_are_powers_of_1024() {
        for (text, bytes) in [
            ("0", 0),
            ("64m", 64 << 20),
            ("1.5k", 1536),
            ("2 GiB", 2 << 30),
        ] {
            assert_eq!(ram_in_bytes(text), Ok(bytes), "{text}");
        }
        for text in ["", "x", "1x", "-1", "50%"] {
            assert!(ram_in_bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn paths_are_cleaned_as_go_does_it() {
        // Source: Go, path/filepath/path_test.go, `cleantests`.
        for (path, expected) in [
            ("abc", "abc"),
            ("abc/def", "abc/def"),
            ("", "."),
            (".", "."),
            ("..", ".."),
            ("../../abc", "../../abc"),
            ("/abc", "/abc"),
            ("/", "/"),
            ("abc/", "abc"),
            ("/abc/", "/abc"),
            ("//abc//def//", "/abc/def"),
            ("abc/./def", "abc/def"),
            ("/./abc/def", "/abc/def"),
            ("abc/def/ghi/../jkl", "abc/def/jkl"),
            ("abc/def/../..", "."),
            ("/abc/def/../..", "/"),
            ("abc/def/../../..", ".."),
            ("/abc/def/../../..", "/"),
            ("abc/../../././../def", "../../def"),
            ("/../../abc", "/abc"),
        ] {
            assert_eq!(clean_text(path), expected, "{path}");
        }
    }

    #[test]
    fn a_path_within_a_root_never_leaves_it() {
        for (path, expected) in [("", ""), ("/", ""), ("../a/./b/..", "a"), ("/a//b/", "a/b")] {
            assert_eq!(within_root(path), expected, "{path}");
        }
    }
}
