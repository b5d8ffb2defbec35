//! `docker search`: finds repositories of a registry.
//!
//! **What Docker does.** It asks `/v1/search`, the last remnant of version 1 of the protocol, which Docker Hub still
//! answers, at a different address than pulls. **What we do.** The same; a registry without it is asked for its
//! catalog, as in Podman, which has only names.
//! Source: docker/docs `reference/api/hub`, moby `registry/search_session.go`; distribution specification,
//! § `_catalog`.

use super::auth::Scope;
use super::connect::{connect, unasked};
use super::endpoint::{DOCKER_INDEX, Endpoint};
use super::http::{Call, Client};
use super::source::{self, unreached};
use super::{Found, Remote, Searched};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::events::{Action, ObjectKind};
use crate::oci::reference::DEFAULT_DOMAIN;
use crate::store::blobs::LARGEST_IN_MEMORY;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    results: Vec<One>,
}

#[derive(Deserialize)]
struct One {
    #[serde(default)]
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    star_count: u64,
    #[serde(default)]
    is_official: bool,
}

#[derive(Deserialize)]
struct Catalog {
    #[serde(default)]
    repositories: Option<Vec<String>>,
}

impl Engine {
    /// Repositories of the registry `domain` (such as `docker.io`) that match `term`, at most `limit`, the best first. If
    /// the hub has none, its upstream is searched.
    ///
    /// # Errors
    /// The registry cannot be reached, or does not support search.
    pub fn registry_search(
        &self,
        remote: &Remote,
        domain: &str,
        term: &str,
        limit: usize,
    ) -> Result<Searched> {
        let mut found = search(remote, domain, term, limit)?;
        let mut unreached = None;
        if found.is_empty() && domain == DEFAULT_DOMAIN {
            (found, unreached) = beyond(remote, term, limit)?;
        }
        self.note(
            ObjectKind::Registry,
            Action::Search,
            domain,
            json!({"registry": domain, "term": term, "found": found.len()}),
        );
        Ok(Searched { found, unreached })
    }
}

/// Searches the hub's upstream. The second result is the reason why it could not be asked.
fn beyond(remote: &Remote, term: &str, limit: usize) -> Result<(Vec<Found>, Option<String>)> {
    let beyond = (remote.beyond)(None)?;
    let Some(mut upstream) = beyond.and_then(|beyond| beyond.upstream) else {
        return Ok((Vec::new(), None));
    };
    upstream.endpoint = upstream.index.clone();
    match source::unasked(remote, &upstream) {
        Ok(client) => Ok((ask(&client, term, limit)?, None)),
        Err(error) => Ok((Vec::new(), Some(unreached(&upstream, &error)))),
    }
}

/// Searches for `term` at the registry `domain`, such as `docker.io`; returns at most `limit` results, the best first.
/// Errors: the registry cannot be reached, or does not support search.
pub fn search(remote: &Remote, domain: &str, term: &str, limit: usize) -> Result<Vec<Found>> {
    let client = match domain {
        DEFAULT_DOMAIN => {
            let hub = (remote.hub)()?;
            let endpoint = hub.map_or_else(|| Endpoint::parse(DOCKER_INDEX), Ok)?;
            unasked(remote, domain, endpoint)?
        }
        _ => connect(remote, domain)?,
    };
    ask(&client, term, limit)
}

fn ask(client: &Client, term: &str, limit: usize) -> Result<Vec<Found>> {
    let url = client.at("/v1/search");
    let url = url
        .with_query("q", term)
        .with_query("n", &limit.to_string());
    let answer = client.send(&Call::get(url, Scope::none()))?;
    if answer.status == 404 {
        return catalog(client, term, limit);
    }
    if !answer.is_success() {
        return Err(answer.problem().error());
    }
    let found: Answer =
        serde_json::from_slice(&answer.bytes(LARGEST_IN_MEMORY)?).map_err(|error| {
            Error::invalid("the answer to a search cannot be read").with_source(error)
        })?;
    let found = found.results.into_iter().filter(|one| !one.name.is_empty());
    Ok(found
        .take(limit)
        .map(|one| Found {
            name: one.name,
            description: one.description.unwrap_or_default(),
            stars: one.star_count,
            official: one.is_official,
        })
        .collect())
}

fn catalog(client: &Client, term: &str, limit: usize) -> Result<Vec<Found>> {
    let url = client.at("/v2/_catalog").with_query("n", "1000");
    let answer = client.send(&Call::get(url, Scope::catalog()))?;
    if !answer.is_success() {
        return Err(answer
            .problem()
            .error()
            .with_hint("the registry answers no search"));
    }
    let catalog: Catalog =
        serde_json::from_slice(&answer.bytes(LARGEST_IN_MEMORY)?).map_err(|error| {
            Error::invalid("the catalog of the registry cannot be read").with_source(error)
        })?;
    let names = catalog.repositories.unwrap_or_default().into_iter();
    Ok(names
        .filter(|name| name.contains(term))
        .take(limit)
        .map(|name| Found {
            name,
            ..Found::default()
        })
        .collect())
}
