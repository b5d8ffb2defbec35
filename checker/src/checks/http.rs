//! An answer over HTTP, from this machine.
//!
//! ## Passes when
//! a GET of `url` is answered (or is not, with `answers: false`) and every given field matches the answer. Only
//! addresses of this machine are contacted.
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

use super::Check;
use super::judge;
use super::outcome::{Claim, Outcome, Truth};
use crate::checks::field::{Field, Kind, Noun, aside, shapes, value};
use crate::world::{HttpFacts, World};
use serde_json::{Map, json};

/// The noun.
pub static NOUN: Noun = Noun {
    name: "http",
    doc: "The answer to a GET on this machine.",
    fields: &shapes::<_, { FIELDS.len() }>(FIELDS),
    needs: &["url"],
    shows: &["error"],
};

const FIELDS: &[Field<HttpFacts>] = &[
    aside("url", Kind::Name)
        .called("address")
        .doc("`http://localhost:PORT/PATH`."),
    aside("answers", Kind::Bool).doc("Whether anything answers; true if not given."),
    value("status", Kind::Number, |one: &HttpFacts| {
        json!(one.answer.as_ref().ok())
    })
    .doc("The status, such as 200."),
    value("body", Kind::Text, |one: &HttpFacts| json!(one.body)).doc("The body."),
    value("headers", Kind::Map, |one: &HttpFacts| json!(one.headers))
        .doc("Headers, by their lower-case names."),
];

/// Judges the check.
pub(crate) fn evaluate(check: &Check, world: &dyn World) -> Outcome {
    let url = check.name("url").unwrap_or_default();
    let wanted = check.wants("answers");
    let expected = format!("{url}: {}", if wanted { "an answer" } else { "no answer" });
    let http = match world.http(url) {
        Ok(http) => http,
        Err(blind) => return Outcome::blind(expected, blind),
    };
    let (found, facts) = match &http.answer {
        Ok(status) => (
            format!("{url}: an answer with status {status}"),
            judge::facts(FIELDS, &http),
        ),
        Err(cause) => (
            format!("{url}: {cause}"),
            Map::from_iter([("error".to_owned(), json!(cause))]),
        ),
    };
    let answers = http.answer.is_ok();
    let mut claims = vec![Claim::new(Truth::of(answers == wanted), expected, found)];
    if answers && wanted {
        claims.extend(judge::fields(url, FIELDS, &check.given, &http, world));
    }
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
