//! Cutting text to a width in columns.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `text` in at most `width` columns; if it does not fit, it ends with `…`. Docker's `Ellipsis`.
pub fn ellipsis(text: &str, width: usize) -> String {
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
pub fn short_id(id: &str) -> &str {
    let digits = id.split_once(':').map_or(id, |(_, digits)| digits);
    digits.get(..12).unwrap_or(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

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
