//! An answer over HTTP, from this machine.
//!
//! ## Passes when
//! a GET of `url` is answered (or is not, with `answers: false`) and every field given fits the answer. Only
//! addresses of this machine are asked.
//!
//! ## Example
//! ```yaml
//! - http: { url: "http://localhost:8080/", status: 200, body: { contains: hello } }
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  http://localhost:8080/: an answer
//! Found     http://localhost:8080/: connection refused
//! ```

use super::judge;
use super::outcome::{Claim, Outcome, Truth};
use super::{Arg, Check};
use crate::field::{Kind, Noun, field};
use crate::matcher::Matcher;
use crate::world::World;
use serde_json::{Map, json};

/// The noun.
pub static NOUN: Noun = Noun {
    name: "http",
    doc: "The answer to a GET on this machine.",
    fields: &[
        field(
            "url",
            "address",
            Kind::Name,
            "`http://localhost:PORT/PATH`.",
        ),
        field(
            "answers",
            "answers",
            Kind::Bool,
            "Whether anything answers; true if not given.",
        ),
        field("status", "status", Kind::Number, "The status, such as 200."),
        field("body", "body", Kind::Text, "The body."),
        field(
            "headers",
            "headers",
            Kind::Map,
            "Headers, by their lower-case names.",
        ),
    ],
    needs: &["url"],
};

/// Judges the check.
pub(crate) fn evaluate(check: &Check, world: &dyn World) -> Outcome {
    let url = check.name("url").unwrap_or_default();
    let wanted = !matches!(check.arg("answers"), Some(Arg::Match(Matcher::Bool(false))));
    let expected = format!("{url}: {}", if wanted { "an answer" } else { "no answer" });
    let http = match world.http(url) {
        Ok(http) => http,
        Err(blind) => return Outcome::blind(expected, blind),
    };
    let status = match &http.answer {
        Ok(status) => *status,
        Err(cause) => {
            let claim = Claim::new(Truth::of(!wanted), expected, format!("{url}: {cause}"));
            return Outcome::all(
                vec![claim],
                Map::from_iter([("error".to_owned(), json!(cause))]),
            );
        }
    };
    let found = format!("{url}: an answer with status {status}");
    let mut claims = vec![Claim::new(Truth::of(wanted), expected, found)];
    if wanted {
        claims.extend(judge::values(url, &check.given, &|field| {
            Ok(match field.name {
                "status" => json!(status),
                "body" => json!(http.body),
                "headers" => json!(http.headers),
                _ => json!(true),
            })
        }));
    }
    let facts = Map::from_iter([
        ("status".to_owned(), json!(status)),
        ("body".to_owned(), json!(http.body)),
    ]);
    Outcome::all(claims, facts)
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::{blind, fails, holds};
    use crate::world::HttpFacts;
    use crate::world::fake::Fake;

    fn world() -> Fake {
        let mut world = Fake::default();
        let facts = HttpFacts {
            answer: Ok(200),
            body: "hello\n".into(),
            headers: [("server".to_owned(), "busybox".to_owned())].into(),
        };
        world.http.insert("http://localhost:8080/".into(), facts);
        world
    }

    #[test]
    fn status_body_and_headers_are_compared() {
        holds(
            "http: { url: 'http://localhost:8080/', status: 200, body: { contains: hello }, headers: { server: busybox } }",
            &world(),
        );
        fails(
            "http: { url: 'http://localhost:8080/', status: 404 }",
            &world(),
            "http://localhost:8080/: status 404",
            "http://localhost:8080/: status 200",
        );
    }

    #[test]
    fn no_answer_is_told_with_its_cause() {
        fails(
            "http: { url: 'http://localhost:8081/' }",
            &world(),
            "http://localhost:8081/: an answer",
            "http://localhost:8081/: connection refused",
        );
        holds(
            "http: { url: 'http://localhost:8081/', answers: false }",
            &world(),
        );
    }

    #[test]
    fn an_answer_can_be_one_too_many() {
        fails(
            "http: { url: 'http://localhost:8080/', answers: false }",
            &world(),
            "http://localhost:8080/: no answer",
            "http://localhost:8080/: an answer with status 200",
        );
    }

    #[test]
    fn what_cannot_be_seen_is_not_wrong() {
        blind("http: { url: 'http://localhost:8080/', answers: false }");
    }
}
