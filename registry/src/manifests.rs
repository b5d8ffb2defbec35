//! Manifests, which join blobs into images, and the tags that name images.

use crate::answer::{Answer, Content, Request};
use crate::error::{Code, Fault, Result};
use crate::manifest;
use crate::names::{Repository, Target};
use crate::store::{IN_MEMORY, Store};
use crate::{Intake, Reply};
use engine::oci::descriptor::INDEX;
use engine::oci::digest::Digest;
use serde_json::json;
use std::io::{Read, Seek, Write};
use tempfile::SpooledTempFile;

/// The largest manifest. Source: OCI distribution specification, § Pushing Manifests, which requires at least this.
const LARGEST: u64 = 4 << 20;

/// `GET` and `HEAD`. It is sent with the type under which it was pushed, whatever the client prefers: another form
/// would have another digest.
pub(crate) fn get(store: &Store, name: &Repository, target: &Target) -> Result<Answer> {
    let digest = match target {
        Target::Digest(digest) => Some(digest.clone()),
        Target::Tag(tag) => store.tag(name, tag)?,
    };
    let found = match digest {
        Some(digest) => store.open_manifest(name, &digest)?,
        None => None,
    };
    let found = found.ok_or_else(|| unknown(target))?;
    let answer = Answer::empty(200)
        .header("content-type", &*found.media_type)
        .header("docker-content-digest", found.digest.as_str())
        .header("etag", format!("\"{}\"", found.digest));
    let content = match found.length > IN_MEMORY as u64 {
        true => Content::File(found.file, found.length),
        false => Content::Bytes(found.read()?),
    };
    Ok(Answer { content, ..answer })
}

/// `PUT`. Everything that it names must exist here, except its subject.
pub(crate) fn put(
    store: &Store,
    name: &Repository,
    target: &Target,
    request: &Request,
) -> Result<Reply> {
    if request
        .content_length
        .is_some_and(|length| length > LARGEST)
    {
        return Err(too_large());
    }
    Ok(Reply::later(Incoming {
        store: store.clone(),
        name: name.clone(),
        target: target.clone(),
        media_type: request.content_type.clone(),
        spool: store.spool(),
        size: 0,
    }))
}

/// A manifest being received.
struct Incoming {
    store: Store,
    name: Repository,
    target: Target,
    media_type: Option<String>,
    spool: SpooledTempFile,
    size: u64,
}

impl Intake for Incoming {
    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.size += bytes.len() as u64;
        match self.size > LARGEST {
            true => Err(too_large()),
            false => Ok(self.spool.write_all(bytes)?),
        }
    }

    fn end(mut self: Box<Self>) -> Result<Answer> {
        let mut bytes = Vec::new();
        self.spool.rewind()?;
        self.spool.read_to_end(&mut bytes)?;
        let media_type = self.media_type.as_deref();
        keep(&self.store, &self.name, &self.target, media_type, &bytes)
    }
}

fn keep(
    store: &Store,
    name: &Repository,
    target: &Target,
    media_type: Option<&str>,
    bytes: &[u8],
) -> Result<Answer> {
    let contents = manifest::parse(media_type, bytes)?;
    let own = Digest::of(bytes);
    if let Target::Digest(digest) = target
        && *digest != own
    {
        return Err(
            Fault::new(Code::DigestInvalid).about(json!({ "digest": digest, "found": own }))
        );
    }
    let mut missing = Fault::new(Code::ManifestBlobUnknown);
    let mut is_whole = true;
    for (digest, is_blob) in contents
        .blobs
        .iter()
        .map(|digest| (digest, true))
        .chain(contents.manifests.iter().map(|digest| (digest, false)))
    {
        let here = match is_blob {
            true => store.has_blob(name, digest)?,
            false => store.has_manifest(name, digest)?,
        };
        if !here {
            is_whole = false;
            missing = missing.about(json!({ "digest": digest }));
        }
    }
    if !is_whole {
        return Err(missing);
    }
    store.put_manifest(name, &contents.media_type, bytes, &contents.blobs)?;
    let mut answer = Answer::empty(201).header("docker-content-digest", own.as_str());
    if let Some(subject) = &contents.subject {
        store.refer(name, subject, &own)?;
        answer = answer.header("oci-subject", subject.as_str());
    }
    let reference = match target {
        Target::Digest(_) => own.as_str(),
        Target::Tag(tag) => {
            store.set_tag(name, tag, &own)?;
            tag.as_str()
        }
    };
    Ok(answer.header("location", format!("/v2/{name}/manifests/{reference}")))
}

/// `DELETE`.
pub(crate) fn delete(store: &Store, name: &Repository, target: &Target) -> Result<Answer> {
    let there = match target {
        Target::Digest(digest) => store.forget_manifest(name, digest)?,
        Target::Tag(tag) => store.forget_tag(name, tag)?,
    };
    match there {
        true => Ok(Answer::empty(202)),
        false => Err(unknown(target)),
    }
}

/// The manifests that refer to `subject`, only those of one kind if requested. A subject that does not exist yields an
/// empty list, not an error.
pub(crate) fn referrers(
    store: &Store,
    name: &Repository,
    subject: &Digest,
    kind: Option<&str>,
) -> Result<Answer> {
    let mut manifests = Vec::new();
    for found in store.referrers(name, subject)? {
        let (described, own_kind) =
            manifest::described(&found.media_type, &found.digest, &found.bytes);
        if kind.is_none_or(|kind| kind == own_kind) {
            manifests.push(described);
        }
    }
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
    let answer = Answer::typed(200, INDEX, index.to_string().into_bytes());
    Ok(match kind {
        Some(_) => answer.header("oci-filters-applied", "artifactType"),
        None => answer,
    })
}

fn too_large() -> Fault {
    Fault::saying(Code::SizeInvalid, "a manifest has at most 4 MiB").status(413)
}

fn unknown(target: &Target) -> Fault {
    Fault::new(Code::ManifestUnknown).about(match target {
        Target::Tag(tag) => json!({ "tag": tag.as_str() }),
        Target::Digest(digest) => json!({ "digest": digest }),
    })
}
