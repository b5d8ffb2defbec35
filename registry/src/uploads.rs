//! Uploads: a blob on its way in.
//!
//! ```text
//! POST                      202  Location: where to go on          POST ?digest=          201  all at once
//! PATCH, PATCH, …           202  Range: what is here               POST ?mount=&from=     201  from next door
//! PUT ?digest=              201  Location: the blob                DELETE                 204  never mind
//! ```
//!
//! Docker up to 28 sends one PATCH without saying which part it is; Docker 29 only a PUT; others number their chunks.

use crate::answer::{Answer, Request};
use crate::error::{Code, Fault, Result};
use crate::names::{Repository, UploadId};
use crate::routes::Start;
use crate::store::{Chunk, Store, Upload};
use engine::oci::digest::Digest;
use std::io::Read;

/// `POST`.
pub(crate) fn start(
    store: &Store,
    name: &Repository,
    start: &Start,
    body: &mut dyn Read,
) -> Result<Answer> {
    match start {
        Start::Mount(digest, from) if store.mount_blob(name, from, digest)? => {
            Ok(created(name, digest))
        }
        // What cannot be mounted is to be uploaded.
        Start::Mount(..) | Start::Empty => {
            let upload = store.begin_upload(name)?;
            Ok(going_on(202, name, &upload))
        }
        Start::Whole(digest) => {
            let mut upload = store.begin_upload(name)?;
            if let Err(fault) = upload.append(body, None) {
                upload.cancel()?;
                return Err(fault);
            }
            upload.finish(name, digest)?;
            Ok(created(name, digest))
        }
    }
}

/// `GET` and `HEAD`.
pub(crate) fn status(store: &Store, name: &Repository, id: &UploadId) -> Result<Answer> {
    let upload = store.resume_upload(name, id)?;
    Ok(going_on(204, name, &upload))
}

/// `PATCH`.
pub(crate) fn append(
    store: &Store,
    name: &Repository,
    id: &UploadId,
    request: &Request,
    body: &mut dyn Read,
) -> Result<Answer> {
    let mut upload = store.resume_upload(name, id)?;
    add(&mut upload, name, request, body)?;
    Ok(going_on(202, name, &upload))
}

/// `PUT`.
pub(crate) fn finish(
    store: &Store,
    name: &Repository,
    id: &UploadId,
    digest: &Digest,
    request: &Request,
    body: &mut dyn Read,
) -> Result<Answer> {
    let mut upload = store.resume_upload(name, id)?;
    add(&mut upload, name, request, body)?;
    upload.finish(name, digest)?;
    Ok(created(name, digest))
}

/// `DELETE`.
pub(crate) fn cancel(store: &Store, name: &Repository, id: &UploadId) -> Result<Answer> {
    store.resume_upload(name, id)?.cancel()?;
    Ok(Answer::empty(204))
}

/// Adds a body; a request that says wrongly which part it brings is told where the upload stands.
fn add(
    upload: &mut Upload<'_>,
    name: &Repository,
    request: &Request,
    body: &mut dyn Read,
) -> Result<()> {
    let chunk = match &request.content_range {
        None => None,
        Some(text) => {
            let invalid = || {
                Fault::saying(
                    Code::BlobUploadInvalid,
                    format!("invalid Content-Range `{text}`"),
                )
            };
            Some(Chunk::parse(text).ok_or_else(invalid)?)
        }
    };
    if let (Some(chunk), Some(length)) = (chunk, request.content_length)
        && chunk.length != length
    {
        return Err(Fault::new(Code::SizeInvalid));
    }
    upload
        .append(body, chunk)
        .map_err(|fault| match fault.status {
            416 => fault
                .header("location", location(name, upload.id()))
                .header("range", range(upload.size())),
            _ => fault,
        })
}

fn going_on(status: u16, name: &Repository, upload: &Upload<'_>) -> Answer {
    Answer::empty(status)
        .header("location", location(name, upload.id()))
        .header("range", range(upload.size()))
        .header("docker-upload-uuid", upload.id().as_str())
}

fn created(name: &Repository, digest: &Digest) -> Answer {
    Answer::empty(201)
        .header("location", format!("/v2/{name}/blobs/{digest}"))
        .header("docker-content-digest", digest.as_str())
}

fn location(name: &Repository, id: &UploadId) -> String {
    format!("/v2/{name}/blobs/uploads/{}", id.as_str())
}

/// What is here, in the words of the specification, which has none for nothing.
fn range(size: u64) -> String {
    format!("0-{}", size.saturating_sub(1))
}
