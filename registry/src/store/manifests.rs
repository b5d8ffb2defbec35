//! Manifests, the tags that name them, and referrers. A manifest is kept byte for byte, under the media type that it
//! came with: its digest is its name, and one changed byte would change the digest.

use super::{Store, names, present, read, remove, write};
use crate::error::Result;
use crate::names::{Repository, Tag};
use engine::oci::digest::Digest;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::PathBuf;

/// A manifest as it was pushed.
#[derive(Debug)]
pub struct Stored {
    /// Its digest.
    pub digest: Digest,
    /// Its media type as pushed.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A manifest to be read.
#[derive(Debug)]
pub struct Opened {
    /// Its digest.
    pub digest: Digest,
    /// Its media type as pushed.
    pub media_type: String,
    /// Its bytes.
    pub file: File,
    /// The number of bytes.
    pub length: u64,
}

impl Opened {
    /// All bytes.
    pub fn read(mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Store {
    /// The manifest, if the repository has it.
    pub fn manifest(&self, name: &Repository, digest: &Digest) -> Result<Option<Stored>> {
        let Some(opened) = self.open_manifest(name, digest)? else {
            return Ok(None);
        };
        Ok(Some(Stored {
            digest: opened.digest.clone(),
            media_type: opened.media_type.clone(),
            bytes: opened.read()?,
        }))
    }

    /// The same, to be read by the caller.
    pub fn open_manifest(&self, name: &Repository, digest: &Digest) -> Result<Option<Opened>> {
        let Some(media_type) = read(&self.manifest_mark(name, digest))? else {
            return Ok(None);
        };
        Ok(self.open_content(digest)?.map(|(file, length)| Opened {
            digest: digest.clone(),
            media_type: String::from_utf8_lossy(&media_type).into_owned(),
            file,
            length,
        }))
    }

    /// Whether the repository has the manifest.
    pub fn has_manifest(&self, name: &Repository, digest: &Digest) -> Result<bool> {
        Ok(present(fs::metadata(self.manifest_mark(name, digest)))?.is_some())
    }

    /// What the tag names.
    pub fn tag(&self, name: &Repository, tag: &Tag) -> Result<Option<Digest>> {
        let text = read(&self.repository(name).join("_tags").join(tag.as_str()))?;
        Ok(text.and_then(|text| Digest::parse(&String::from_utf8_lossy(&text)).ok()))
    }

    /// Stores a manifest that needs the blobs `needs`, and returns its digest. From then on it survives a power cut:
    /// its blobs are synced now, not earlier.
    pub fn put_manifest(
        &self,
        name: &Repository,
        media_type: &str,
        bytes: &[u8],
        needs: &[Digest],
    ) -> Result<Digest> {
        let digest = Digest::of(bytes);
        let place = self.blob(&digest);
        // An existing file stays untouched unless a power cut has damaged it.
        if read(&place)?.is_none_or(|there| there != bytes) {
            write(&place, bytes)?;
        }
        for one in needs.iter().chain([&digest]) {
            if let Some((file, _)) = self.open_content(one)? {
                file.sync_data()?;
            }
        }
        File::open(self.blobs())?.sync_all()?;
        self.note(&self.manifest_mark(name, &digest), media_type.as_bytes())?;
        Ok(digest)
    }

    /// Gives the manifest the tag, which may have named another manifest.
    pub fn set_tag(&self, name: &Repository, tag: &Tag, digest: &Digest) -> Result<()> {
        let folder = self.repository(name).join("_tags");
        self.note(&folder.join(tag.as_str()), digest.as_str().as_bytes())?;
        Ok(File::open(folder)?.sync_all()?)
    }

    /// Records that the manifest `from` refers to the manifest `subject`, which need not exist here.
    pub fn refer(&self, name: &Repository, subject: &Digest, from: &Digest) -> Result<()> {
        self.note(&self.referrers_folder(name, subject).join(from.hex()), b"")
    }

    /// The manifests that refer to `subject`.
    pub fn referrers(&self, name: &Repository, subject: &Digest) -> Result<Vec<Stored>> {
        let mut found = Vec::new();
        for hex in names(&self.referrers_folder(name, subject))? {
            let Ok(digest) = Digest::from_hex(&hex) else {
                continue;
            };
            found.extend(self.manifest(name, &digest)?);
        }
        Ok(found)
    }

    /// Forgets a tag. Returns false if there is none.
    pub fn forget_tag(&self, name: &Repository, tag: &Tag) -> Result<bool> {
        Ok(remove(
            &self.repository(name).join("_tags").join(tag.as_str()),
        )?)
    }

    /// Forgets a manifest and its tags. Returns false if there is none.
    pub fn forget_manifest(&self, name: &Repository, digest: &Digest) -> Result<bool> {
        // The tags first, so that no tag ever names a missing manifest.
        for tag in self.tags(name)?.unwrap_or_default() {
            if let Some(tag) = Tag::parse(&tag)
                && self.tag(name, &tag)?.as_ref() == Some(digest)
            {
                self.forget_tag(name, &tag)?;
            }
        }
        let there = remove(&self.manifest_mark(name, digest))?;
        for subject in names(&self.repository(name).join("_referrers"))? {
            let folder = self.repository(name).join("_referrers").join(subject);
            remove(&folder.join(digest.hex()))?;
        }
        Ok(there)
    }

    /// The digests of all manifests of the repository.
    pub(super) fn manifests(&self, name: &Repository) -> io::Result<Vec<Digest>> {
        let names = names(&self.repository(name).join("_manifests"))?;
        Ok(names
            .iter()
            .filter_map(|hex| Digest::from_hex(hex).ok())
            .collect())
    }

    fn manifest_mark(&self, name: &Repository, digest: &Digest) -> PathBuf {
        self.repository(name).join("_manifests").join(digest.hex())
    }

    fn referrers_folder(&self, name: &Repository, subject: &Digest) -> PathBuf {
        self.repository(name).join("_referrers").join(subject.hex())
    }
}
