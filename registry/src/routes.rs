//! The one table from method and path to request. Names are checked here before anything else happens to them. Pure, so
//! that it can be fuzzed.
//!
//! Source: OCI distribution specification, § Endpoints; `_catalog` and `/v1/search` are those of Docker's registries, and
//! `/token` is ours.

use crate::error::{Code, Fault, Result};
use crate::names::{Repository, Target, UploadId, digest};
use engine::oci::digest::Digest;
use percent_encoding::percent_decode_str;
use serde_json::json;

/// A part of a sorted list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// At most this many.
    pub limit: Option<usize>,
    /// Entries after this one.
    pub last: String,
}

/// Every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// Whether this is a registry, and whether the credentials are right: `docker login`.
    Base,
    /// The names of all repositories.
    Catalog(Page),
    /// Repositories whose name or description contains the text; at most this many.
    Search(String, usize),
    /// Credentials → a token for these scopes.
    Token(Vec<String>),
    /// The tags of a repository.
    Tags(Repository, Page),
    /// The manifests that refer to this one, only those of one kind if requested.
    Referrers(Repository, Digest, Option<String>),
    /// A manifest, or its headers.
    GetManifest(Repository, Target),
    /// The body is a manifest.
    PutManifest(Repository, Target),
    /// Forgets a tag, or a manifest with its tags.
    DeleteManifest(Repository, Target),
    /// A blob, or its headers.
    GetBlob(Repository, Digest),
    /// Forgets a blob.
    DeleteBlob(Repository, Digest),
    /// Starts an upload.
    StartUpload(Repository, Start),
    /// How much of an upload has arrived.
    GetUpload(Repository, UploadId),
    /// The body continues an upload.
    AppendUpload(Repository, UploadId),
    /// The body is the rest of an upload, whose whole content has this digest.
    FinishUpload(Repository, UploadId, Digest),
    /// Forgets an upload.
    CancelUpload(Repository, UploadId),
}

/// How an upload begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// Empty.
    Empty,
    /// The body is the whole blob.
    Whole(Digest),
    /// Mount the blob from another repository, if it has it.
    Mount(Digest, Repository),
}

/// The limit of results when none is requested.
const SEARCH_RESULTS: usize = 25;

/// Parses a request line. `path` and `query` are as sent.
/// Errors: `NAME_INVALID`, `DIGEST_INVALID`, …; `UNSUPPORTED` with status 404 where the path does not exist, 405 where
/// only the method does not.
pub fn parse(method: &str, path: &str, query: &str) -> Result<Route> {
    let path = percent_decode_str(path)
        .decode_utf8()
        .map_err(|_| nothing())?;
    let query = Query::parse(query);
    let is_read = matches!(method, "GET" | "HEAD");
    match path.as_ref() {
        "/v2" | "/v2/" if is_read => return Ok(Route::Base),
        "/v2/_catalog" if is_read => return Ok(Route::Catalog(query.page()?)),
        "/v1/search" if is_read => {
            let limit = query.number("n")?.unwrap_or(SEARCH_RESULTS);
            return Ok(Route::Search(query.text("q"), limit));
        }
        "/token" if is_read => return Ok(Route::Token(query.all("scope"))),
        "/v2" | "/v2/" | "/v2/_catalog" | "/v1/search" | "/token" => {
            return Err(Fault::new(Code::Unsupported));
        }
        _ => {}
    }
    let inside = path.strip_prefix("/v2/").ok_or_else(nothing)?;
    let words: Vec<&str> = inside.split('/').collect();
    match words.as_slice() {
        [name @ .., "blobs", "uploads"] | [name @ .., "blobs", "uploads", ""] => {
            let name = repository(name)?;
            match method {
                "POST" => Ok(Route::StartUpload(name, query.start()?)),
                _ => Err(Fault::new(Code::Unsupported)),
            }
        }
        [name @ .., "blobs", "uploads", id] => upload(method, repository(name)?, id, &query),
        [name @ .., "blobs", blob] => {
            let (name, blob) = (repository(name)?, digest(blob)?);
            match method {
                _ if is_read => Ok(Route::GetBlob(name, blob)),
                "DELETE" => Ok(Route::DeleteBlob(name, blob)),
                _ => Err(Fault::new(Code::Unsupported)),
            }
        }
        [name @ .., "manifests", target] => {
            let (name, target) = (repository(name)?, Target::parse(target)?);
            match method {
                _ if is_read => Ok(Route::GetManifest(name, target)),
                "PUT" => Ok(Route::PutManifest(name, target)),
                "DELETE" => Ok(Route::DeleteManifest(name, target)),
                _ => Err(Fault::new(Code::Unsupported)),
            }
        }
        [name @ .., "tags", "list"] if is_read => Ok(Route::Tags(repository(name)?, query.page()?)),
        [name @ .., "referrers", subject] if is_read => {
            let kind = Some(query.text("artifactType")).filter(|kind| !kind.is_empty());
            Ok(Route::Referrers(repository(name)?, digest(subject)?, kind))
        }
        [.., "tags", "list"] | [.., "referrers", _] => Err(Fault::new(Code::Unsupported)),
        _ => Err(nothing()),
    }
}

fn upload(method: &str, name: Repository, id: &str, query: &Query) -> Result<Route> {
    let Some(id) = UploadId::parse(id) else {
        return Err(Fault::new(Code::BlobUploadUnknown).about(json!({ "upload": id })));
    };
    match method {
        "GET" | "HEAD" => Ok(Route::GetUpload(name, id)),
        "PATCH" => Ok(Route::AppendUpload(name, id)),
        "PUT" => Ok(Route::FinishUpload(
            name,
            id,
            digest(&query.text("digest"))?,
        )),
        "DELETE" => Ok(Route::CancelUpload(name, id)),
        _ => Err(Fault::new(Code::Unsupported)),
    }
}

fn repository(words: &[&str]) -> Result<Repository> {
    Repository::parse(&words.join("/"))
}

fn nothing() -> Fault {
    Fault::saying(Code::Unsupported, "there is nothing at this address").status(404)
}

/// What follows the question mark.
struct Query(Vec<(String, String)>);

impl Query {
    fn parse(text: &str) -> Self {
        Self(
            form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    fn all(&self, name: &str) -> Vec<String> {
        let found = self.0.iter().filter(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).collect()
    }

    /// The first value, or nothing.
    fn text(&self, name: &str) -> String {
        self.all(name).into_iter().next().unwrap_or_default()
    }

    fn number(&self, name: &str) -> Result<Option<usize>> {
        let text = self.text(name);
        if text.is_empty() {
            return Ok(None);
        }
        let invalid = |_| Fault::new(Code::PaginationNumberInvalid).about(json!({ name: text }));
        text.parse().map(Some).map_err(invalid)
    }

    fn page(&self) -> Result<Page> {
        Ok(Page {
            limit: self.number("n")?,
            last: self.text("last"),
        })
    }

    /// A mount without a source is an ordinary upload, as the specification allows.
    fn start(&self) -> Result<Start> {
        let (whole, mount, from) = (self.text("digest"), self.text("mount"), self.text("from"));
        if !whole.is_empty() {
            return digest(&whole).map(Start::Whole);
        }
        if !mount.is_empty() && !from.is_empty() {
            return Ok(Start::Mount(digest(&mount)?, Repository::parse(&from)?));
        }
        Ok(Start::Empty)
    }
}

#[cfg(test)]
mod tests;
