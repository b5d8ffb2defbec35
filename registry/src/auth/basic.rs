//! `Authorization: Basic`, which is name and password in base64. Source: RFC 7617, RFC 4648 § 4.

/// Name and password; `None` if the header has another form.
pub(super) fn parse(header: &str) -> Option<(String, String)> {
    let (scheme, rest) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(decode(rest.trim())?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    for group in text.chunks(4) {
        let mut bits = 0u32;
        for letter in group {
            bits = bits << 6 | u32::from(value(*letter)?);
        }
        bits <<= 6 * (4 - group.len());
        // Two letters hold one byte, three hold two; one letter alone holds none.
        let count = group.len().checked_sub(1).filter(|count| *count > 0)?;
        bytes.extend_from_slice(&bits.to_be_bytes()[1..=count]);
    }
    Some(bytes)
}

fn value(letter: u8) -> Option<u8> {
    Some(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_password_are_found_or_nothing_is() {
        let check = |header: &str, expected: Option<(&str, &str)>| {
            let found = parse(header);
            let found = found
                .as_ref()
                .map(|(name, password)| (name.as_str(), password.as_str()));
            assert_eq!(found, expected, "{header}");
        };
        check("Basic YWxpY2U6c2VjcmV0", Some(("alice", "secret")));
        check("basic YTpi", Some(("a", "b")));
        check("Basic YTpiOmM=", Some(("a", "b:c")));
        check("Basic YTpiYw==", Some(("a", "bc")));
        check("Basic YTo=", Some(("a", "")));
        for bad in [
            "",
            "Basic",
            "Basic ",
            "Basic !",
            "Basic YWxpY2U=",
            "Basic Y",
            "Bearer YTpi",
            "Basic /w==",
        ] {
            check(bad, None);
        }
    }
}
