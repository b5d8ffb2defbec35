//! Uploads: bytes that arrive in one or more requests and become a blob when their digest matches.
//!
//! The digest is computed while the bytes arrive. If this process has not seen the beginning because of a restart, it
//! reads the bytes on disk once.

use super::{Store, names, present, private_dirs};
use crate::error::{Code, Fault, Result};
use crate::names::{Repository, UploadId};
use engine::oci::digest::Digest;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::time::{Duration, SystemTime};

/// How long an upload may be idle before it is swept.
pub(super) const PATIENCE: Duration = Duration::from_secs(6 * 3600);

/// The size of one read.
const BUFFER: usize = 256 * 1024;

/// The progress of an upload.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress {
    hash: Sha256,
    size: u64,
}

/// The part of the blob that a request claims to carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// The offset of its first byte.
    pub start: u64,
    /// The number of bytes.
    pub length: u64,
}

impl Chunk {
    /// Parses a `Content-Range`: `first-last` here, perhaps with `bytes ` before and a total after.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text
            .strip_prefix("bytes")
            .map_or(text, |rest| rest.trim_start_matches([' ', '=']));
        let text = text.split('/').next()?;
        let (first, last) = text.split_once('-')?;
        let (start, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        let length = last.checked_sub(start)?.checked_add(1)?;
        Some(Self { start, length })
    }
}

/// An upload held exclusively by this caller until it is dropped.
#[derive(Debug)]
pub struct Upload {
    store: Store,
    id: UploadId,
    progress: Option<Progress>,
    part: Option<Part>,
}

/// A body that is being added.
#[derive(Debug)]
struct Part {
    file: File,
    /// The progress before this body.
    before: Progress,
    chunk: Option<Chunk>,
}

impl Store {
    /// Begins an upload.
    pub fn begin_upload(&self, name: &Repository) -> Result<Upload> {
        let id = UploadId::random()?;
        let folder = self.upload(&id);
        private_dirs(&folder)?;
        fs::write(folder.join("repository"), self.owner(name))?;
        File::create_new(folder.join("data"))?;
        self.lock_uploads().insert(id.clone(), None);
        Ok(Upload {
            store: self.clone(),
            id,
            progress: Some(Progress::default()),
            part: None,
        })
    }

    /// The upload `id` of the repository.
    /// Errors: `BLOB_UPLOAD_UNKNOWN`; `BLOB_UPLOAD_INVALID` if another request uses it.
    pub fn resume_upload(&self, name: &Repository, id: &UploadId) -> Result<Upload> {
        let unknown =
            || Fault::new(Code::BlobUploadUnknown).about(json!({ "upload": id.as_str() }));
        let folder = self.upload(id);
        match present(fs::read(folder.join("repository")))? {
            Some(owner) if owner == self.owner(name) => {}
            _ => return Err(unknown()),
        }
        let known = match self.lock_uploads().insert(id.clone(), None) {
            Some(None) => {
                let busy = "another request is using this upload";
                return Err(Fault::saying(Code::BlobUploadInvalid, busy).status(409));
            }
            Some(Some(progress)) => Some(progress),
            None => None,
        };
        let mut upload = Upload {
            store: self.clone(),
            id: id.clone(),
            progress: known,
            part: None,
        };
        if upload.progress.is_none() {
            upload.progress = Some(upload.read_again()?);
        }
        Ok(upload)
    }

    /// Deletes uploads that are not in use and have not been touched for `patience`.
    pub(super) fn sweep_uploads(&self, patience: Duration) -> io::Result<()> {
        for name in names(&self.uploads())? {
            let folder = self.uploads().join(&name);
            let touched = [folder.join("data"), folder.clone()]
                .iter()
                .find_map(|path| fs::metadata(path).and_then(|data| data.modified()).ok());
            let age = touched.and_then(|time| SystemTime::now().duration_since(time).ok());
            if age.is_none_or(|age| age < patience) {
                continue;
            }
            let mut uploads = self.lock_uploads();
            if let Some(id) = UploadId::parse(&name) {
                if matches!(uploads.get(&id), Some(None)) {
                    continue;
                }
                uploads.remove(&id);
            }
            present(fs::remove_dir_all(&folder))?;
        }
        Ok(())
    }

    /// The owner of an upload. Neighbouring registries each have their own uploads.
    fn owner(&self, name: &Repository) -> Vec<u8> {
        self.repository(name).into_os_string().into_vec()
    }

    fn lock_uploads(
        &self,
    ) -> std::sync::MutexGuard<'_, std::collections::HashMap<UploadId, Option<Progress>>> {
        // The map is consistent after every statement, so a panic elsewhere cannot have damaged it.
        self.content
            .uploads
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Upload {
    /// Its name.
    pub fn id(&self) -> &UploadId {
        &self.id
    }

    /// The number of bytes received.
    pub fn size(&self) -> u64 {
        self.progress.as_ref().map_or(0, |progress| progress.size)
    }

    /// Begins to add a body. If the request states its part of the blob, it must be the next one.
    /// Error: `BLOB_UPLOAD_INVALID` with status 416.
    pub fn begin(&mut self, chunk: Option<Chunk>) -> Result<()> {
        let before = self.progress.clone().unwrap_or_default();
        if chunk.is_some_and(|chunk| chunk.start != before.size) {
            let said = format!("the next byte of this upload is number {}", before.size);
            return Err(Fault::saying(Code::BlobUploadInvalid, said).status(416));
        }
        let path = self.store.upload(&self.id).join("data");
        let file = OpenOptions::new().append(true).open(&path)?;
        // Discard what a killed request wrote but did not count.
        file.set_len(before.size)?;
        self.part = Some(Part {
            file,
            before,
            chunk,
        });
        Ok(())
    }

    /// Adds bytes of the body. Only written bytes are counted, so the two never differ, and a body that breaks off
    /// leaves what has arrived.
    pub fn add(&mut self, bytes: &[u8]) -> Result<()> {
        let progress = self.progress.get_or_insert_default();
        let Some(part) = &mut self.part else {
            return Err(Fault::new(Code::BlobUploadInvalid));
        };
        if let Err(error) = part.file.write_all(bytes) {
            part.file.set_len(progress.size)?;
            return Err(error.into());
        }
        progress.count(bytes);
        Ok(())
    }

    /// Ends the body. Error: `SIZE_INVALID` if its length was not as announced; then nothing was added.
    pub fn end(&mut self) -> Result<()> {
        let Some(part) = self.part.take() else {
            return Ok(());
        };
        let added = self.size() - part.before.size;
        if part.chunk.is_some_and(|chunk| chunk.length != added) {
            part.file.set_len(part.before.size)?;
            self.progress = Some(part.before);
            return Err(Fault::new(Code::SizeInvalid));
        }
        Ok(())
    }

    /// Makes the upload a blob of the repository. Error: `DIGEST_INVALID`; the upload is then deleted.
    pub fn finish(mut self, name: &Repository, digest: &Digest) -> Result<()> {
        let progress = self.progress.take().unwrap_or_default();
        let found = Digest::from_hash(&progress.hash.finalize());
        let folder = self.store.upload(&self.id);
        let ended = if found == *digest {
            self.store
                .keep(&folder.join("data"), digest)
                .map_err(Fault::from)
                .and_then(|()| self.store.mark_blob(name, digest))
        } else {
            Err(Fault::new(Code::DigestInvalid).about(json!({ "digest": digest, "found": found })))
        };
        self.cancel()?;
        ended
    }

    /// Deletes the upload.
    pub fn cancel(mut self) -> Result<()> {
        self.progress = None;
        present(fs::remove_dir_all(self.store.upload(&self.id)))?;
        Ok(())
    }

    fn read_again(&self) -> Result<Progress> {
        let mut progress = Progress::default();
        let mut file = File::open(self.store.upload(&self.id).join("data"))?;
        let mut buffer = vec![0; BUFFER];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(progress),
                read => progress.count(&buffer[..read]),
            }
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let mut uploads = self.store.lock_uploads();
        match self.progress.take() {
            Some(progress) => uploads.insert(self.id.clone(), Some(progress)),
            None => uploads.remove(&self.id),
        };
    }
}

impl Progress {
    fn count(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
    }
}

impl Store {
    /// Gives finished content its name. The same content may already exist.
    fn keep(&self, data: &std::path::Path, digest: &Digest) -> io::Result<()> {
        let place = self.blob(digest);
        if place.exists() {
            return Ok(());
        }
        fs::rename(data, place)
    }
}
