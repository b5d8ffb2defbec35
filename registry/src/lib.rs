//! An image registry: the far end of `docker push` and `docker pull`.
//!
//! It speaks the OCI distribution specification as Docker, Podman and Skopeo use it:
//!
//! | what | where |
//! |---|---|
//! | method and path → request | [`routes`], with the [`names`] in it |
//! | blobs, and parts of them; mounting from another repository; deleting | `blobs` |
//! | uploads: whole, streamed, or in chunks; their progress; cancelling one | `uploads` |
//! | manifests by tag and by digest, byte for byte; referrers | `manifests`, [`manifest`] |
//! | tags, the catalogue, `docker search` | `tags` |
//! | authorization: Basic, Bearer, password file, accounts | [`auth`] |
//! | files | [`store`] |
//! | error codes | [`error`] |
//! | requests from pages of other sites | `browsers` |
//! | several registries behind one listener | [`hosts`] |
//! | listening, and stopping | [`server`] |
//!
//! Everything but the last works without a network: a [`Request`] and a stream of bytes go in, an [`Answer`] comes out.
//! **What we leave out.** Digests other than sha256, manifests of schema 1, TLS (put a proxy in front), and
//! replication, notifications and quotas, which are not part of the specification.

#![forbid(unsafe_code)]

pub mod answer;
pub mod auth;
mod blobs;
mod browsers;
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
pub use browsers::Names;
pub use hosts::Hosts;
pub use store::Store;

use error::{Fault, Result};
use routes::{Page, Route};
use std::io::{self, Read};

/// A registry: its content and its access rules.
#[derive(Debug)]
pub struct Registry {
    store: Store,
    gate: Gate,
    names: Option<Names>,
}

impl Registry {
    /// A registry of these files, behind this gate.
    pub fn new(store: Store, gate: Gate) -> Self {
        Self {
            store,
            gate,
            names: None,
        }
    }

    /// Answers only requests for one of `names`, for `localhost`, or for an address.
    #[must_use]
    pub fn called(mut self, names: Names) -> Self {
        self.names = Some(names);
        self
    }

    /// Its files.
    pub fn store(&self) -> &Store {
        &self.store
    }

    fn attempt(&self, request: &Request) -> Result<Reply> {
        browsers::admit(request)?;
        if let Some(names) = &self.names {
            names.admit(request)?;
        }
        let route = routes::parse(&request.method, &request.path, &request.query)?;
        let store = &self.store;
        let exists = |name: &names::Repository| matches!(store.tags(name), Ok(Some(_)));
        self.gate.admit(&route, request, &exists)?;
        let answer = match &route {
            Route::Base => Answer::json(200, &serde_json::json!({})),
            Route::Token(scopes) => self.gate.token(scopes, request, &exists)?,
            Route::Catalog(page) => tags::catalog(store, page)?,
            Route::Search(text, limit) => tags::search(store, text, *limit)?,
            Route::Tags(name, page) => tags::list(store, name, page)?,
            Route::Referrers(name, subject, kind) => {
                manifests::referrers(store, name, subject, kind.as_deref())?
            }
            Route::GetManifest(name, target) => manifests::get(store, name, target)?,
            Route::PutManifest(name, target) => {
                return manifests::put(store, name, target, request);
            }
            Route::DeleteManifest(name, target) => manifests::delete(store, name, target)?,
            Route::GetBlob(name, digest) => blobs::get(store, name, digest, request)?,
            Route::DeleteBlob(name, digest) => blobs::delete(store, name, digest)?,
            Route::StartUpload(name, start) => return uploads::start(store, name, start),
            Route::GetUpload(name, id) => uploads::status(store, name, id)?,
            Route::AppendUpload(name, id) => {
                return uploads::append(store, name, id, None, request);
            }
            Route::FinishUpload(name, id, digest) => {
                return uploads::append(store, name, id, Some(digest), request);
            }
            Route::CancelUpload(name, id) => uploads::cancel(store, name, id)?,
        };
        Ok(Reply::Now(answer))
    }
}

/// What happens to a request once everything but its body is known.
pub enum Reply {
    /// The answer, whatever the body says.
    Now(Answer),
    /// The body decides.
    Later(Box<dyn Intake>),
}

impl Reply {
    pub(crate) fn later(intake: impl Intake + 'static) -> Self {
        Self::Later(Box::new(intake))
    }
}

/// Takes a body as it arrives, so that only a connection waits for a client. If it is dropped before its end, the body
/// broke off.
pub trait Intake: Send {
    /// Takes more of the body. Error: the rest of the body no longer matters.
    fn take(&mut self, bytes: &[u8]) -> Result<()>;
    /// The whole body has arrived.
    fn end(self: Box<Self>) -> Result<Answer>;
}

/// Answers requests.
pub trait Service: Send + Sync {
    /// Begins to answer a request. Must block on nothing but the disk.
    fn begin(&self, request: &Request) -> Reply;
    /// Deletes what is no longer needed. Call it now and then.
    fn sweep(&self) -> io::Result<()>;

    /// Answers a request whose body is `body`, without a network.
    fn answer(&self, request: &Request, body: &mut dyn Read) -> Answer {
        let mut intake = match self.begin(request) {
            Reply::Now(answer) => return answer,
            Reply::Later(intake) => intake,
        };
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let taken = match body.read(&mut buffer) {
                Ok(0) => return intake.end().unwrap_or_else(Fault::answer),
                Ok(count) => intake.take(&buffer[..count]),
                Err(error) => Err(error.into()),
            };
            if let Err(fault) = taken {
                return fault.answer();
            }
        }
    }
}

impl Service for Registry {
    fn begin(&self, request: &Request) -> Reply {
        self.attempt(request)
            .unwrap_or_else(|fault| Reply::Now(fault.answer()))
    }

    fn sweep(&self) -> io::Result<()> {
        self.store.sweep()
    }
}

/// The part of a sorted list that `page` requests, and whether there is more.
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
