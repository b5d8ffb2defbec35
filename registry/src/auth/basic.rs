//! `Authorization: Basic`: name and password in base64. Source: RFC 7617, RFC 4648 § 4.

use base64::prelude::{BASE64_STANDARD, Engine as _};

/// Name and password; `None` if the header has another form.
pub(super) fn parse(header: &str) -> Option<(String, String)> {
    let (scheme, rest) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64_STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
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
