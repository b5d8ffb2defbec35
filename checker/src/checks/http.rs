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
