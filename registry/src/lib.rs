//! An image registry: the other machine of `docker push` and `docker pull`.
//!
//! It speaks the OCI distribution specification as Docker, Podman and Skopeo use it:
//!
//! | what | where |
//! |---|---|
//! | method and path → what is asked for | [`routes`], with the [`names`] in it |
//! | blobs, and parts of them; mounting from another repository; deleting | `blobs` |
//! | uploads: whole, streamed, or in chunks; how far one is; giving one up | `uploads` |
//! | manifests by tag and by digest, byte for byte; referrers | `manifests`, [`manifest`] |
//! | tags, the catalogue, `docker search` | `tags` |
//! | who may do what: Basic, Bearer, password file, accounts | [`auth`] |
//! | files | [`store`] |
//! | error codes | [`error`] |
//! | several registries behind one listener | [`hosts`] |
//! | listening, and stopping | [`server`] |
//!
//! Everything but the last is plain code without a network: a [`Request`] and a stream of bytes go in, an [`Answer`] comes
//! out. **What we leave out.** Digests other than sha256, manifests of schema 1, TLS (put a proxy in front), and
//! replication, notifications and quotas, which are no part of the specification.

#![forbid(unsafe_code)]

pub mod answer;
pub mod auth;
mod blobs;
pub mod error;
pub mod hosts;
pub mod manifest;
mod manifests;
pub mod names;
pub mod routes;
pub mod server;
pub mod store;
mod tags;
mod uploads;

pub use answer::{Answer, Content, Request};
pub use auth::{Access, Accounts, Gate, Htpasswd};
pub use hosts::Hosts;
pub use store::Store;

use error::Result;
use routes::{Page, Route};
use std::io::{self, Read};

/// A registry: what it keeps, and who may get at it.
#[derive(Debug)]
pub struct Registry {
    store: Store,
    gate: Gate,
}

impl Registry {
    /// Of these files, behind this gate.
    pub fn new(store: Store, gate: Gate) -> Self {
        Self { store, gate }
    }

    /// Its files.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Answers a request whose body is `body`.
    pub fn answer(&self, request: &Request, body: &mut dyn Read) -> Answer {
        match self.attempt(request, body) {
            Ok(answer) => answer,
            Err(fault) => fault.answer(),
        }
    }

    fn attempt(&self, request: &Request, body: &mut dyn Read) -> Result<Answer> {
        let route = routes::parse(&request.method, &request.path, &request.query)?;
        let store = &self.store;
        let exists = |name: &names::Repository| matches!(store.tags(name), Ok(Some(_)));
        self.gate.admit(&route, request, &exists)?;
        match &route {
            Route::Base => Ok(Answer::json(200, &serde_json::json!({}))),
            Route::Token(scopes) => self.gate.token(scopes, request, &exists),
            Route::Catalog(page) => tags::catalog(store, page),
            Route::Search(text, limit) => tags::search(store, text, *limit),
            Route::Tags(name, page) => tags::list(store, name, page),
            Route::Referrers(name, subject, kind) => {
                manifests::referrers(store, name, subject, kind.as_deref())
            }
            Route::GetManifest(name, target) => manifests::get(store, name, target),
            Route::PutManifest(name, target) => manifests::put(store, name, target, request, body),
            Route::DeleteManifest(name, target) => manifests::delete(store, name, target),
            Route::GetBlob(name, digest) => blobs::get(store, name, digest, request),
            Route::DeleteBlob(name, digest) => blobs::delete(store, name, digest),
            Route::StartUpload(name, start) => uploads::start(store, name, start, body),
            Route::GetUpload(name, id) => uploads::status(store, name, id),
            Route::AppendUpload(name, id) => uploads::append(store, name, id, request, body),
            Route::FinishUpload(name, id, digest) => {
                uploads::finish(store, name, id, digest, request, body)
            }
            Route::CancelUpload(name, id) => uploads::cancel(store, name, id),
        }
    }
}

/// What answers requests.
pub trait Service: Send + Sync {
    /// Answers a request whose body is `body`.
    fn answer(&self, request: &Request, body: &mut dyn Read) -> Answer;
    /// Throws away what nobody needs any more. To be called now and then.
    fn sweep(&self) -> io::Result<()>;
}

impl Service for Registry {
    fn answer(&self, request: &Request, body: &mut dyn Read) -> Answer {
        self.answer(request, body)
    }

    fn sweep(&self) -> io::Result<()> {
        self.store.sweep()
    }
}

/// The part of a sorted list that `page` asks for, and whether there is more.
fn paged<'a, T: AsRef<str>>(all: &'a [T], page: &Page) -> (&'a [T], bool) {
    let first = match page.last.is_empty() {
        true => 0,
        false => all.partition_point(|one| one.as_ref() <= page.last.as_str()),
    };
    let rest = &all[first..];
    let count = page.limit.unwrap_or(rest.len()).min(rest.len());
    (&rest[..count], count < rest.len())
}

#[cfg(test)]
mod tests;
