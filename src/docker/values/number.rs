//! Numbers, sizes and processor shares.

/// A whole number, as Go's `strconv.ParseInt` reads it (prefixes `0x`, `0o` and `0b` included).
pub(crate) fn int(text: &str) -> Result<i64, String> {
    let (sign, digits) = match text.as_bytes().first() {
        Some(b'-') => (-1, &text[1..]),
        Some(b'+') => (1, &text[1..]),
        _ => (1, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.get(..2) {
        Some("0x") => (16, &lower[2..]),
        Some("0b") => (2, &lower[2..]),
        Some("0o") => (8, &lower[2..]),
        _ if lower.len() > 1 && lower.starts_with('0') => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(format!(
            "strconv.ParseInt: parsing \"{text}\": invalid syntax"
        ));
    }
    i128::from_str_radix(digits, radix)
        .ok()
        .and_then(|number| i64::try_from(sign * number).ok())
        .ok_or_else(|| format!("strconv.ParseInt: parsing \"{text}\": value out of range"))
}

/// A size in bytes: a number, optionally with a fraction and a unit in powers of 1024 (`k`, `m`, `g`, `t`, `p`, each
/// also as `kb` and `kib`).
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    engine::go::ram_in_bytes(text)
}

/// As [`bytes`], or `-1` for no limit.
pub(crate) fn memory_swap(text: &str) -> Result<i64, String> {
    if text == "-1" {
        return Ok(-1);
    }
    Ok(i64::try_from(bytes(text)?).unwrap_or(i64::MAX))
}

/// A number of processors (`1.5`, `1/2`) in billionths of one.
pub(crate) fn decimal_cpus(text: &str) -> Result<u64, String> {
    let invalid = || format!("failed to parse {text} as a rational number");
    let share = match text.split_once('/') {
        Some((over, under)) => {
            let (over, under): (f64, f64) = (
                over.parse().map_err(|_| invalid())?,
                under.parse().map_err(|_| invalid())?,
            );
            over / under
        }
        None => text.parse().map_err(|_| invalid())?,
    };
    if !share.is_finite() || share < 0.0 {
        return Err(invalid());
    }
    let nano = share * 1e9;
    if (nano - nano.round()).abs() > 1e-3 {
        return Err("value is too precise".to_owned());
    }
    Ok(nano.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_in_powers_of_1024() {
        for (text, want) in [
            ("0", 0),
            ("512", 512),
            ("1b", 1),
            ("64m", 64 << 20),
            ("64M", 64 << 20),
            ("1.5g", 3 << 29),
            ("2 GiB", 2 << 30),
            ("1kb", 1024),
        ] {
            assert_eq!(bytes(text), Ok(want), "{text}");
        }
        for bad in ["", "lots", "-1", "1x", "m", "1..5", "ż"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
        assert_eq!(bytes("lots").unwrap_err(), "invalid size: 'lots'");
    }

    #[test]
    fn only_swap_can_be_without_limit() {
        assert_eq!(memory_swap("-1"), Ok(-1));
        assert_eq!(memory_swap("1g"), Ok(1 << 30));
        assert_eq!(memory_swap("-2").unwrap_err(), "invalid size: '-2'");
    }

    #[test]
    fn whole_numbers_are_read_as_go_does() {
        assert_eq!(int("-10"), Ok(-10));
        assert_eq!(int("0x10"), Ok(16));
        assert_eq!(int("010"), Ok(8));
        for bad in ["", "-", "1.5", "abc", "9223372036854775808"] {
            assert!(int(bad).is_err(), "{bad}");
        }
        assert_eq!(
            int("abc").unwrap_err(),
            "strconv.ParseInt: parsing \"abc\": invalid syntax"
        );
    }

    #[test]
    fn processors_are_counted_in_billionths() {
        assert_eq!(decimal_cpus("0.5"), Ok(500_000_000));
        assert_eq!(decimal_cpus("1/2"), Ok(500_000_000));
        assert_eq!(decimal_cpus("2"), Ok(2_000_000_000));
        for bad in ["x", "-1", "1/0", "nan", "0.12345678901"] {
            assert!(decimal_cpus(bad).is_err(), "{bad}");
        }
    }
}
