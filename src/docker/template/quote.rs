//! Go's way of quoting: `strconv.Quote` and back.

use std::fmt::Write;

/// Double quotes around `text`, with Go's escapes.
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\u{b}' => quoted.push_str("\\v"),
            c if c.is_ascii() && c.is_control() => {
                let _ = write!(quoted, "\\x{:02x}", u32::from(c));
            }
            c if c.is_control() || c == '\u{feff}' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The text of a quoted string of any of Go's three kinds, quotes included in `quoted`; `None` if it is malformed.
pub(super) fn unquote(quoted: &str) -> Option<String> {
    let mark = quoted.chars().next()?;
    let inner = quoted.strip_prefix(mark)?.strip_suffix(mark)?;
    if mark == '`' {
        return Some(inner.replace('\r', ""));
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        let plain = if c == '\\' {
            escape(&mut chars, mark, &mut bytes)?
        } else {
            Some(c)
        };
        if let Some(c) = plain {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// What follows a backslash: `Some(Some(c))` is a character, `Some(None)` a byte that went to `bytes`.
fn escape(
    chars: &mut std::str::Chars<'_>,
    mark: char,
    bytes: &mut Vec<u8>,
) -> Option<Option<char>> {
    Some(Some(match chars.next()? {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' => '\\',
        quote @ ('"' | '\'') if quote == mark => quote,
        'x' => {
            bytes.push(u8::try_from(number(chars, 2, 16, 0)?).ok()?);
            return Some(None);
        }
        'u' => char::from_u32(number(chars, 4, 16, 0)?)?,
        'U' => char::from_u32(number(chars, 8, 16, 0)?)?,
        octal @ '0'..='7' => {
            let value = number(chars, 2, 8, octal.to_digit(8)?)?;
            bytes.push(u8::try_from(value).ok()?);
            return Some(None);
        }
        _ => return None,
    }))
}

/// `count` digits, appended to `first`.
fn number(chars: &mut std::str::Chars<'_>, count: usize, radix: u32, first: u32) -> Option<u32> {
    (0..count).try_fold(first, |value, _| {
        value
            .checked_mul(radix)?
            .checked_add(chars.next()?.to_digit(radix)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_escapes_as_go_does() {
        for (text, quoted) in [
            ("sh -c 'a'", r#""sh -c 'a'""#),
            ("a\"b\\c\n\t\u{1}", r#""a\"b\\c\n\t\x01""#),
            ("żółw …", r#""żółw …""#),
        ] {
            assert_eq!(quote(text), quoted);
            assert_eq!(unquote(quoted).as_deref(), Some(text));
        }
    }

    #[test]
    fn escapes_are_read_and_bad_ones_refused() {
        assert_eq!(unquote(r#""\x41\101\u0142""#).as_deref(), Some("AAł"));
        assert_eq!(unquote("`a\\n`").as_deref(), Some("a\\n"));
        for bad in [
            r#""\q""#,
            r#""\x4""#,
            r#""\UFFFFFFFF""#,
            r#""\777""#,
            "\"",
            "'",
        ] {
            assert_eq!(unquote(bad), None, "{bad}");
        }
    }
}
