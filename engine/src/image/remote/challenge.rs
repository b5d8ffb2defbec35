//! Parses a server's authentication challenge: the header `WWW-Authenticate`.
//!
//! ```text
//! Www-Authenticate: Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull"
//! ```
//!
//! One header may hold several challenges; a comma separates challenges as well as the parameters of one.
//! Source: RFC 7235, sections 2.1 and 4.1; RFC 7230, section 3.2.6.

use std::collections::BTreeMap;

/// One challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    /// In lower case, such as `bearer`.
    pub(super) scheme: String,
    /// Names in lower case; for a repeated name, the first value.
    pub(super) parameters: BTreeMap<String, String>,
}

impl Challenge {
    /// The value of a parameter; an empty one counts as missing.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parameters
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}

/// Parses one header. Parsing stops at the first syntax error, because a partly read challenge could be misunderstood.
pub(super) fn parse(header: &str) -> Vec<Challenge> {
    let mut text = Text(header);
    let mut challenges: Vec<Challenge> = Vec::new();
    loop {
        text.skip(|c| c == ',' || c.is_ascii_whitespace());
        let Some(word) = text.token() else { break };
        let spaces = text.skip(|c| c.is_ascii_whitespace());
        if text.take('=') {
            // A parameter of the previous challenge.
            text.skip(|c| c.is_ascii_whitespace());
            let (Some(value), Some(challenge)) = (text.value(), challenges.last_mut()) else {
                break;
            };
            let name = word.to_ascii_lowercase();
            challenge.parameters.entry(name).or_insert(value);
            continue;
        }
        if !text.at_end() && spaces == 0 && !text.0.starts_with(',') {
            break;
        }
        challenges.push(Challenge {
            scheme: word.to_ascii_lowercase(),
            parameters: BTreeMap::new(),
        });
        text.skip_token68();
    }
    challenges
}

struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    fn at_end(&self) -> bool {
        self.0.is_empty()
    }

    /// Skips the characters that match, and returns their number.
    fn skip(&mut self, fits: impl Fn(char) -> bool) -> usize {
        let rest = self.0.trim_start_matches(fits);
        let skipped = self.0.len() - rest.len();
        self.0 = rest;
        skipped
    }

    fn take(&mut self, wanted: char) -> bool {
        match self.0.strip_prefix(wanted) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn token(&mut self) -> Option<&'a str> {
        let end = self.0.find(|c| !is_token(c)).unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(end);
        self.0 = rest;
        (!token.is_empty()).then_some(token)
    }

    /// A token, or a quoted string without its quotes and escapes. `None` if it does not end.
    fn value(&mut self) -> Option<String> {
        if !self.take('"') {
            return self.token().map(str::to_owned);
        }
        let mut value = String::new();
        let mut letters = self.0.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.0 = &self.0[at + 1..];
                    return Some(value);
                }
                '\\' => value.push(letters.next()?.1),
                other => value.push(other),
            }
        }
        None
    }

    /// Skips the one word that some schemes have instead of parameters, as in `Negotiate a87421000492aa==`.
    fn skip_token68(&mut self) {
        let end = self
            .0
            .find(|c: char| !(c.is_ascii_alphanumeric() || "-._~+/=".contains(c)))
            .unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        let is_parameter = word.trim_end_matches('=').contains('=')
            || (word.ends_with('=') && rest.starts_with('"'))
            || rest.trim_start().starts_with('=');
        let ends = rest.trim_start();
        if !word.is_empty() && !is_parameter && (ends.is_empty() || ends.starts_with(',')) {
            self.0 = rest;
        }
    }
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, expected: &[(&str, &[(&str, &str)])]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(scheme, parameters)| Challenge {
                scheme: (*scheme).to_owned(),
                parameters: parameters
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect(),
            })
            .collect();
        assert_eq!(parse(header), expected, "{header}");
    }

    #[test]
    fn one_challenge_with_its_parameters() {
        check("Basic", &[("basic", &[])]);
        check("Basic realm=x", &[("basic", &[("realm", "x")])]);
        check("BASIC REALM=\"a b\"", &[("basic", &[("realm", "a b")])]);
        check("basic realm = \"x\"", &[("basic", &[("realm", "x")])]);
        check("Basic realm=\"\"", &[("basic", &[("realm", "")])]);
        check(
            "Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:a/b:pull,push\"",
            &[(
                "bearer",
                &[
                    ("realm", "https://a/t"),
                    ("service", "s"),
                    ("scope", "repository:a/b:pull,push"),
                ],
            )],
        );
        check(
            "Bearer realm=\"r\" , , service=s",
            &[("bearer", &[("realm", "r"), ("service", "s")])],
        );
    }

    #[test]
    fn quoted_values_keep_commas_and_lose_escapes() {
        check(
            r#"Basic realm="a\"b\\c""#,
            &[("basic", &[("realm", r#"a"b\c"#)])],
        );
        check("Basic realm=\"a,b=c\"", &[("basic", &[("realm", "a,b=c")])]);
        check("Basic realm=\"ü\"", &[("basic", &[("realm", "ü")])]);
    }

    #[test]
    fn several_challenges_in_one_header() {
        check(
            "Basic realm=\"x\", Bearer realm=\"y\"",
            &[("basic", &[("realm", "x")]), ("bearer", &[("realm", "y")])],
        );
        check(
            "Negotiate, Basic realm=x",
            &[("negotiate", &[]), ("basic", &[("realm", "x")])],
        );
        check(
            "Negotiate a87421000492aa874209af8bc028==, Basic realm=x",
            &[("negotiate", &[]), ("basic", &[("realm", "x")])],
        );
        check("NTLM abc", &[("ntlm", &[])]);
    }

    #[test]
    fn of_a_name_that_stands_there_twice_the_first_counts() {
        check("Bearer realm=a, realm=b", &[("bearer", &[("realm", "a")])]);
    }

    #[test]
    fn what_cannot_be_read_ends_the_header() {
        check("", &[]);
        check(",,", &[]);
        check("=x", &[]);
        check("realm=x", &[]);
        check("Basic realm=\"x", &[("basic", &[])]);
        check("Basic realm=", &[("basic", &[])]);
        check("Basic realm=\"x\\", &[("basic", &[])]);
        check("Basic@realm=x", &[]);
        check(
            "Bearer realm=a; service=b",
            &[("bearer", &[("realm", "a")])],
        );
    }
}
