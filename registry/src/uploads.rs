//! Uploads: receiving a blob.
//!
//! ```text
//! POST                      202  Location: where to go on          POST ?digest=          201  all at once
//! PATCH, PATCH, …           202  Range: what has arrived          POST ?mount=&from=     201  from another repository
//! PUT ?digest=              201  Location: the blob                DELETE                 204  cancelled
//! ```
//!
//! Docker up to 28 sends one PATCH without a range; Docker 29 only a PUT; other clients number their chunks.

use crate::answer::{Answer, Request};
use crate::error::{Code, Fault, Result};
use crate::names::{Repository, UploadId};
use crate::routes::Start;
use crate::store::{Chunk, Store, Upload};
use crate::{Intake, Reply};
use engine::oci::digest::Digest;

/// `POST`.
pub(crate) fn start(store: &Store, name: &Repository, start: &Start) -> Result<Reply> {
    match start {
        Start::Mount(digest, from) if store.mount_blob(name, from, digest)? => {
            Ok(Reply::Now(created(name, digest)))
        }
        // A blob that cannot be mounted must be uploaded.
        Start::Mount(..) | Start::Empty => {
            let upload = store.begin_upload(name)?;
            Ok(Reply::Now(in_progress(202, name, &upload)))
        }
        Start::Whole(digest) => {
            let mut upload = store.begin_upload(name)?;
            upload.begin(None)?;
            Ok(Reply::later(Whole {
                name: name.clone(),
                digest: digest.clone(),
                upload: Some(upload),
            }))
        }
    }
}

/// `GET` and `HEAD`.
pub(crate) fn status(store: &Store, name: &Repository, id: &UploadId) -> Result<Answer> {
    let upload = store.resume_upload(name, id)?;
    Ok(in_progress(204, name, &upload))
}

/// `PATCH`, and `PUT`, after which the whole content must have the digest `whole`. A request with a wrong range gets
/// the upload's current position.
pub(crate) fn append(
    store: &Store,
    name: &Repository,
    id: &UploadId,
    whole: Option<&Digest>,
    request: &Request,
) -> Result<Reply> {
    let mut upload = store.resume_upload(name, id)?;
    upload
        .begin(chunk(request)?)
        .map_err(|fault| match fault.status {
            416 => fault
                .header("location", location(name, upload.id()))
                .header("range", range(upload.size())),
            _ => fault,
        })?;
    Ok(Reply::later(Part {
        name: name.clone(),
        whole: whole.cloned(),
        upload,
    }))
}

/// `DELETE`.
pub(crate) fn cancel(store: &Store, name: &Repository, id: &UploadId) -> Result<Answer> {
    store.resume_upload(name, id)?.cancel()?;
    Ok(Answer::empty(204))
}

/// The part of the blob that a request claims to carry.
fn chunk(request: &Request) -> Result<Option<Chunk>> {
    let Some(text) = &request.content_range else {
        return Ok(None);
    };
    let invalid = || {
        Fault::saying(
            Code::BlobUploadInvalid,
            format!("invalid Content-Range `{text}`"),
        )
    };
    let chunk = Chunk::parse(text).ok_or_else(invalid)?;
    match request.content_length {
        Some(length) if length != chunk.length => Err(Fault::new(Code::SizeInvalid)),
        _ => Ok(Some(chunk)),
    }
}

/// A body that continues or finishes an upload. If it breaks off, what has arrived stays.
struct Part {
    name: Repository,
    whole: Option<Digest>,
    upload: Upload,
}

impl Intake for Part {
    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.upload.add(bytes)
    }

    fn end(self: Box<Self>) -> Result<Answer> {
        let Self {
            name,
            whole,
            mut upload,
        } = *self;
        upload.end()?;
        match whole {
            None => Ok(in_progress(202, &name, &upload)),
            Some(digest) => {
                upload.finish(&name, &digest)?;
                Ok(created(&name, &digest))
            }
        }
    }
}

/// A body that is a whole blob. If it breaks off, it cannot be resumed.
struct Whole {
    name: Repository,
    digest: Digest,
    upload: Option<Upload>,
}

impl Intake for Whole {
    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.upload
            .as_mut()
            .map_or(Ok(()), |upload| upload.add(bytes))
    }

    fn end(mut self: Box<Self>) -> Result<Answer> {
        if let Some(upload) = self.upload.take() {
            upload.finish(&self.name, &self.digest)?;
        }
        Ok(created(&self.name, &self.digest))
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if let Some(upload) = self.upload.take() {
            // If this fails, the upload is swept later.
            let _ = upload.cancel();
        }
    }
}

fn in_progress(status: u16, name: &Repository, upload: &Upload) -> Answer {
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

/// The received range in the specification's form, which cannot express an empty one.
fn range(size: u64) -> String {
    format!("0-{}", size.saturating_sub(1))
}
