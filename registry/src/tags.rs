//! Lists: the tags of a repository, all repositories, and search results.

use crate::answer::Answer;
use crate::error::{Code, Fault, Result};
use crate::names::Repository;
use crate::paged;
use crate::routes::Page;
use crate::store::Store;
use serde_json::json;

/// The prefix that is not shown for official images.
const OFFICIAL: &str = "library/";

/// `tags/list`.
pub(crate) fn list(store: &Store, name: &Repository, page: &Page) -> Result<Answer> {
    let unknown = || Fault::new(Code::NameUnknown).about(json!({ "name": name.as_str() }));
    let tags = store.tags(name)?.ok_or_else(unknown)?;
    let (tags, more) = paged(&tags, page);
    let answer = Answer::json(200, &json!({ "name": name.as_str(), "tags": tags }));
    Ok(with_link(
        answer,
        &format!("/v2/{name}/tags/list"),
        tags,
        more,
    ))
}

/// `_catalog`.
pub(crate) fn catalog(store: &Store, page: &Page) -> Result<Answer> {
    let names: Vec<String> = store
        .repositories()?
        .iter()
        .map(ToString::to_string)
        .collect();
    let (names, more) = paged(&names, page);
    let answer = Answer::json(200, &json!({ "repositories": names }));
    Ok(with_link(answer, "/v2/_catalog", names, more))
}

/// Where the next page is. Source: RFC 5988; Docker's registries and the specification agree on this form.
fn with_link(answer: Answer, path: &str, shown: &[String], more: bool) -> Answer {
    match shown.last().filter(|_| more) {
        Some(last) => {
            let last = last.replace('/', "%2F");
            answer.header(
                "link",
                format!("<{path}?n={}&last={last}>; rel=\"next\"", shown.len()),
            )
        }
        None => answer,
    }
}

/// `/v1/search`, used by `docker search`. Official images come first, then those whose name begins with the text.
pub(crate) fn search(store: &Store, text: &str, limit: usize) -> Result<Answer> {
    let wanted = text.to_lowercase();
    let wanted = wanted.strip_prefix(OFFICIAL).unwrap_or(&wanted);
    let mut found = Vec::new();
    for name in store.repositories()? {
        let about = store.about(&name)?;
        let shown = name
            .as_str()
            .strip_prefix(OFFICIAL)
            .unwrap_or(name.as_str())
            .to_owned();
        if shown.contains(wanted) || about.description.to_lowercase().contains(wanted) {
            found.push((
                !about.official,
                !shown.starts_with(wanted),
                shown,
                about.description,
            ));
        }
    }
    found.sort();
    let count = found.len();
    let results: Vec<_> = found
        .into_iter()
        .take(limit)
        .map(|(unofficial, _, name, description)| {
            json!({
                "name": name, "description": description, "star_count": 0,
                "is_official": !unofficial, "is_automated": false,
            })
        })
        .collect();
    Ok(Answer::json(
        200,
        &json!({ "num_results": count, "query": text, "results": results }),
    ))
}
