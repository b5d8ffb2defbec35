//! Chapter 5 · Images: a configuration and a stack of layers, under a name.
//!
//! **What Docker does.** An image's id is the digest of its configuration; the configuration lists its layers; names
//! are stored separately, and may move. **What we do.** The same, so our ids equal Docker's.
//!
//! ```text
//! name ──(images.json)──► id ──(blobs/)──► configuration ──(diffIDs → chain ids)──► layers/<chain>/diff …
//! ```
//!
//! | file | subject |
//! |---|---|
//! | [`resolve`] | the user's text → an image |
//! | [`record`] | records a new image, in one step |
//! | [`repair`] | rebuilds a damaged layer before it is used |
//! | [`layer`] | a tar → a layer, and back; the form that a push sends |
//! | [`archive`] | `save` and `load` |
//! | [`tag`], [`remove`], [`prune`], [`collect`] | adding and removing names, images and layers |
//! | [`starter`] | the images that a home begins with |
//!
//! **Try it.** `docker image inspect busybox`.
//! **Lesson.** `images-tags-and-layers`

pub mod archive;
pub(crate) mod collect;
pub mod layer;
pub mod prune;
pub(crate) mod record;
pub mod remote;
pub mod remove;
pub(crate) mod repair;
pub mod resolve;
pub mod starter;
pub(crate) mod tag;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::oci::config::ImageConfig;
use crate::oci::digest::ImageId;
use crate::oci::reference::Reference;
use crate::paths::Home;
use crate::store::images::{self, ImageRecord, ImageTable};
use crate::store::{blobs, layers};
use jiff::Timestamp;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;

/// An image in a sandbox, as a list shows it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Digest of its configuration.
    pub id: ImageId,
    /// Chain ids of its layers (hexadecimal digits), lowest first.
    pub chain: Vec<String>,
    /// Its names, sorted; empty if it dangles.
    pub references: Vec<Reference>,
    /// Bytes of files in all layers.
    pub size: u64,
    /// The image that it was committed from.
    pub parent: Option<ImageId>,
    /// When it was made, as its configuration says.
    pub created: Option<Timestamp>,
    /// When it last got a name here.
    pub last_tagged: Option<Timestamp>,
    /// Names that it had and that now mean a different image, which is why it dangles.
    pub lost: Vec<Reference>,
}

/// An image in a sandbox.
#[derive(Debug, Clone)]
pub struct Image {
    /// What a list shows of it.
    pub listed: Listed,
    /// How it runs, and how it was made.
    pub config: ImageConfig,
}

impl Deref for Image {
    type Target = Listed;

    fn deref(&self) -> &Listed {
        &self.listed
    }
}

impl DerefMut for Image {
    fn deref_mut(&mut self) -> &mut Listed {
        &mut self.listed
    }
}

impl Listed {
    /// The folders of its layers as overlayfs wants them, lowest first.
    pub fn diffs(&self, home: &Home) -> Vec<PathBuf> {
        self.chain
            .iter()
            .map(|chain| layers::diff(home, chain))
            .collect()
    }

    /// Whether one of its names has a tag, and is not just a digest.
    pub fn has_tag(&self) -> bool {
        self.references.iter().any(|name| name.tag().is_some())
    }

    /// Its names in familiar form: its tags, or if it has none, its digests.
    pub fn names(&self) -> Vec<String> {
        let all = self.references.iter();
        all.filter(|name| name.tag().is_some() || !self.has_tag())
            .map(Reference::familiar)
            .collect()
    }
}

impl Engine {
    /// All images of the sandbox, including those without a name, newest first.
    pub fn images(&self) -> Result<Vec<Image>> {
        self.each_image(|listed| with_config(&self.home, listed))
    }

    /// The same without their configurations, which takes a fraction of the time. A configuration that is gone is
    /// noticed, one that is damaged inside is not.
    pub fn listed_images(&self) -> Result<Vec<Listed>> {
        self.each_image(Ok)
    }

    fn each_image<T>(&self, read: impl Fn(Listed) -> Result<T>) -> Result<Vec<T>> {
        let table = images::read(&self.sandbox)?;
        let all = listed(&self.home, &table).into_iter();
        let found = all.filter_map(|(id, one)| {
            let what = format!("image {}", id.short());
            self.or_leave_out(&what, one.and_then(&read).map(Some))
        });
        Ok(found.collect())
    }
}

/// The images of `table`, newest first.
fn listed<'a>(home: &Home, table: &'a ImageTable) -> Vec<(&'a ImageId, Result<Listed>)> {
    let mut references = table.all_references();
    let mut all: Vec<_> = table
        .images
        .iter()
        .map(|(id, record)| {
            let references = references.remove(id).unwrap_or_default();
            (id, one_listed(home, references, id, record))
        })
        .collect();
    let created = |one: &Result<Listed>| one.as_ref().ok().and_then(|image| image.created);
    all.sort_by(|(a, one), (b, other)| created(other).cmp(&created(one)).then_with(|| a.cmp(b)));
    all
}

/// The image `id` with its names in a sandbox.
fn load(
    home: &Home,
    references: Vec<Reference>,
    id: &ImageId,
    record: &ImageRecord,
) -> Result<Image> {
    with_config(home, one_listed(home, references, id, record)?)
}

fn with_config(home: &Home, listed: Listed) -> Result<Image> {
    let config = config(home, &listed.id)?;
    Ok(Image { listed, config })
}

/// Error: the configuration is gone, or was emptied by a power cut.
fn one_listed(
    home: &Home,
    references: Vec<Reference>,
    id: &ImageId,
    record: &ImageRecord,
) -> Result<Listed> {
    let created = match record.created {
        Some(created) if blobs::exists(home, id) => Some(created),
        _ => created(&config(home, id)?),
    };
    Ok(Listed {
        id: id.clone(),
        chain: record.chain.clone(),
        references,
        size: record.size,
        parent: record.parent.clone(),
        created,
        last_tagged: record.last_tagged,
        lost: record.lost.clone(),
    })
}

/// When an image was made, as its configuration says.
pub(crate) fn created(config: &ImageConfig) -> Option<Timestamp> {
    config.created.as_deref().and_then(|text| text.parse().ok())
}

/// The configuration of `id`.
pub fn config(home: &Home, id: &ImageId) -> Result<ImageConfig> {
    parse_config(&blobs::read(home, id)?)
}

/// Reads a configuration.
pub fn parse_config(bytes: &[u8]) -> Result<ImageConfig> {
    serde_json::from_slice(bytes)
        .map_err(|error| Error::invalid("invalid image configuration").with_source(error))
}
