//! Uploads a blob.
//!
//! ```text
//! HEAD /v2/<name>/blobs/<digest>                        200: it is there
//! POST /v2/<name>/blobs/uploads/?mount=<digest>&from=…  201: it was elsewhere in the registry, and is here now
//! POST /v2/<name>/blobs/uploads/                        202, Location: where to send it
//! PUT  <location>?digest=<digest>                       201: all bytes came, and they are the right ones
//! ```
//!
//! **What Docker does.** PATCH with all bytes, and PUT with none, because it compresses while it sends. **What we do.**
//! One PUT: digest and length are known in advance.
//! Source: OCI distribution specification, § Pushing blobs, § Mounting a blob from another repository.

use super::auth::Scope;
use super::http::{Again, Answer, Call, Client, Content};
use crate::error::{Error, ErrorKind, Result};
use crate::oci::digest::Digest;
use crate::oci::reference::Reference;
use std::io::Read;
use ureq::http::Method;

/// A blob to upload to a repository.
pub(super) struct Upload<'a> {
    pub(super) client: &'a Client,
    pub(super) reference: &'a Reference,
    pub(super) digest: &'a Digest,
    pub(super) size: u64,
    /// Reads the blob from its beginning.
    pub(super) open: &'a dyn Fn() -> Result<Box<dyn Read + 'a>>,
}

/// How the blob got there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was sent.
    Sent,
    /// It was already there.
    Existed,
    /// It was mounted from this repository (without its registry).
    Mounted(String),
}

impl Upload<'_> {
    /// Makes sure that the repository has the blob. `from`: repositories of the same registry that may have it, without
    /// their registry.
    pub(super) fn run(&self, from: &[String]) -> Result<Outcome> {
        if let Some(outcome) = self.find(from)? {
            return Ok(outcome);
        }
        let mut failures = 0;
        loop {
            let error = match self.send() {
                Ok(()) => return Ok(Outcome::Sent),
                Err(error) => error,
            };
            failures += 1;
            if error.kind() != ErrorKind::Io || failures > self.client.wires.patience().retries {
                return Err(error);
            }
            self.client.wires.pause(self.client.delay(failures - 1))?;
            // The blob may have arrived even if the answer was lost.
            if self.exists()? {
                return Ok(Outcome::Sent);
            }
        }
    }

    /// Makes the blob available if it need not be sent.
    pub(super) fn find(&self, from: &[String]) -> Result<Option<Outcome>> {
        if self.exists()? {
            return Ok(Some(Outcome::Existed));
        }
        for from in from {
            if self.mount(from)? {
                return Ok(Some(Outcome::Mounted(from.clone())));
            }
        }
        Ok(None)
    }

    fn exists(&self) -> Result<bool> {
        let path = self.reference.path();
        let url = self.client.at(&format!("/v2/{path}/blobs/{}", self.digest));
        // An error is repeated with more detail when the upload begins.
        Ok(self
            .client
            .send(&Call::head(url, Scope::push(path)))?
            .status
            == 200)
    }

    fn mount(&self, from: &str) -> Result<bool> {
        let path = self.reference.path();
        let url = self.client.at(&format!("/v2/{path}/blobs/uploads/"));
        let url = url
            .with_query("mount", self.digest.as_str())
            .with_query("from", from);
        let answer = self
            .client
            .send(&Call::new(Method::POST, url, Scope::mount(path, from)))?;
        match answer.status {
            201 => Ok(true),
            202 => {
                // The registry does not have the blob, and began an upload instead; it is cancelled.
                if let Ok(location) = location(&answer) {
                    let _ =
                        self.client
                            .send(&Call::new(Method::DELETE, location, Scope::push(path)));
                }
                Ok(false)
            }
            // We may have no access to the source repository, but still be able to push.
            _ => Ok(false),
        }
    }

    fn send(&self) -> Result<()> {
        let path = self.reference.path();
        let url = self.client.at(&format!("/v2/{path}/blobs/uploads/"));
        let answer = self
            .client
            .send(&Call::new(Method::POST, url, Scope::push(path)))?;
        if answer.status != 202 {
            return Err(self.refused(answer));
        }
        let mut call = Call::new(
            Method::PUT,
            location(&answer)?.with_query("digest", self.digest.as_str()),
            Scope::push(path),
        )
        .with("content-type", "application/octet-stream");
        call.content = Content::Stream(self.size, self.open);
        // An interrupted upload is not resumed, but restarted.
        call.again = Again::Never;
        let answer = self.client.send(&call)?;
        match answer.is_success() {
            true => Ok(()),
            false => Err(self.refused(answer)),
        }
    }

    fn refused(&self, answer: Answer) -> Error {
        match answer.is_success() {
            true => Error::invalid(format!(
                "the registry answers an upload with status {}",
                answer.status
            )),
            false => answer
                .problem()
                .pushing(self.reference, self.client.auth.user()),
        }
    }
}

/// The address where an upload continues.
fn location(answer: &Answer) -> Result<super::url::Url> {
    match answer.header("location") {
        Some(location) => answer.url.join(location),
        None => Err(Error::invalid(
            "the registry does not say where to upload to",
        )),
    }
}
