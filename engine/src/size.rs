//! Sizes as people write them: `64m`, `1.5 GiB`.

/// Bytes, with units in powers of 1024. Source: go-units, `RAMInBytes`.
pub fn binary(text: &str) -> Result<u64, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_powers_of_1024() {
        for (text, bytes) in [
            ("0", 0),
            ("64m", 64 << 20),
            ("1.5k", 1536),
            ("2 GiB", 2 << 30),
        ] {
            assert_eq!(binary(text), Ok(bytes), "{text}");
        }
        for text in ["", "x", "1x", "-1", "50%"] {
            assert!(binary(text).is_err(), "{text}");
        }
    }
}
