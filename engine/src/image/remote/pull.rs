//! `docker pull`: a name at a registry → an image here.
//!
//! **What Docker does.** Three layers at a time are downloaded into files, and unpacked one after the other.
//! **What we do.** Three at a time, too; each is unpacked as it arrives, since a layer's folder does not depend on the
//! layers below it. The compressed blob is kept unchanged, so that a push sends the same bytes, with the same digest.
//!
//! Nothing is visible before it is whole and checked: blobs and layers appear by a rename, the image by one replacement
//! of `images.json`. The leftovers of a killed pull are removed by the next command that deletes content.
//! **Try it.** `docker pull localhost:5000/hello`, twice.
//! **Lesson.** `tags-and-digests`

mod layer;

use super::event::{LayerStatus, TransferEvent};
use super::manifest::Received;
use super::platform::Wanted;
use super::source::{Place, Sources};
use super::{PullRequest, Pulled, Remote, blob};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::events::{Action, ObjectKind};
use crate::image::collect::sweep_leftovers;
use crate::image::record::{NewImage, record};
use crate::image::{parse_config, repair};
use crate::oci::config::ImageConfig;
use crate::oci::digest::Digest;
use crate::oci::reference::Reference;
use crate::store::{blobs, distribution, images};
use crate::sys::namespace::become_root;
use serde_json::json;

/// Receives the events of a transfer.
pub type Observer<'a> = dyn FnMut(TransferEvent) + 'a;

impl Engine {
    /// Pulls images from a registry.
    ///
    /// The process must be single-threaded: an ordinary user becomes root of a user namespace here, to set the owners
    /// of files. It is single-threaded again afterwards.
    ///
    /// # Errors
    /// Docker's, for an invalid name, an unreachable registry, and an image that it does not have or does not give.
    pub fn pull(
        &self,
        request: &PullRequest,
        remote: &Remote,
        observer: &mut Observer<'_>,
    ) -> Result<Vec<Pulled>> {
        become_root()?;
        let pulled = pull(self, request, remote, observer)?;
        for one in &pulled {
            self.record_pull(one);
        }
        Ok(pulled)
    }

    /// Records a pulled image in the journal.
    pub(crate) fn record_pull(&self, one: &Pulled) {
        self.note(
            ObjectKind::Image,
            Action::Pull,
            one.image.as_str(),
            json!({
                "name": one.reference.familiar(),
                "digest": one.digest.as_str(),
                "newer": one.newer,
                "fetched": one.fetched,
                "existing": one.existing,
            }),
        );
    }
}

/// Pulls what `request` names. The caller is root (of a namespace, perhaps), and single-threaded, as it is afterwards.
///
/// # Errors
/// Docker's: `invalid reference format`, `manifest for x:1 not found: …`, `pull access denied for x, …`,
/// `no matching manifest for …`, `Get "https://…": …`. Tags pulled before the one that failed stay.
pub(crate) fn pull(
    engine: &Engine,
    request: &PullRequest,
    remote: &Remote,
    observer: &mut Observer<'_>,
) -> Result<Vec<Pulled>> {
    let asked = Reference::parse(&request.reference)?;
    if request.all_tags && (asked.tag().is_some() || asked.digest().is_some()) {
        return Err(Error::invalid("tag can't be used with --all-tags/-a"));
    }
    let wanted = Wanted::parse(request.platform.as_deref())?;
    // A killed pull leaves the most data behind.
    sweep_leftovers(&engine.home)?;
    let mut sources = Sources::open(engine, remote, asked.domain())?;
    let mut references = vec![asked.clone().or_latest()];
    if request.all_tags {
        references = sources
            .tags(&asked)?
            .iter()
            .map(|tag| asked.with_tag(tag))
            .collect::<Result<_>>()?;
    }
    let mut pulled = Vec::new();
    for reference in references {
        pulled.push(one(engine, &mut sources, &reference, &wanted, observer)?);
    }
    let reference = match request.all_tags {
        true => asked,
        false => asked.or_latest(),
    };
    observer(TransferEvent::Status {
        newer: pulled.iter().any(|one| one.newer),
        reference,
        all_tags: request.all_tags,
    });
    Ok(pulled)
}

/// Pulls one tag or digest.
fn one(
    engine: &Engine,
    sources: &mut Sources<'_>,
    reference: &Reference,
    wanted: &Wanted,
    observer: &mut Observer<'_>,
) -> Result<Pulled> {
    let _kept = engine.keep_content()?;
    let (received, place) = sources.manifest(reference, wanted)?;
    let client = sources.client(place);
    let tag = match (reference.digest(), reference.tag()) {
        (Some(_), _) => reference.to_string(),
        (None, tag) => tag.unwrap_or_default().to_owned(),
    };
    observer(TransferEvent::Pulling {
        tag: tag.clone(),
        repository: reference.path().to_owned(),
    });
    if place == Place::Here {
        observer(TransferEvent::Copying { tag });
    }
    let config = match place {
        Place::Here => blobs::read(&engine.home, &received.manifest.config.digest)?,
        _ => blob::read(client, reference, &received.manifest.config)?,
    };
    let parsed = checked(&config, &received, reference, wanted)?;
    let layers = &received.manifest.layers;
    let known = images::read(&engine.sandbox)?.images;
    let here = known.get(&received.manifest.config.digest);
    let counted = match here.is_some_and(|image| repair::is_whole(&engine.home, &image.chain)) {
        // As in Docker, the layers of an image that is already here are not reported.
        true => {
            layer::note_all(&engine.home, reference, layers, &parsed.rootfs.diff_ids)?;
            layer::Counted {
                existing: layers.len(),
                ..layer::Counted::default()
            }
        }
        false => layer::all(&engine.home, client, reference, layers, &parsed, observer)?,
    };
    observer(TransferEvent::Digest(received.top.clone()));
    let image = received.manifest.config.digest.clone();
    distribution::keep_manifest(&engine.home, &image, &received.media_type, &received.bytes)?;
    let mut references = vec![reference.with_digest(received.top.clone())];
    if reference.digest().is_none() {
        references.insert(0, reference.clone());
    }
    let before = images::read(&engine.sandbox)?
        .references
        .get(&references[0])
        .cloned();
    record(
        &engine.home,
        &engine.sandbox,
        engine.now(),
        &[NewImage {
            config,
            parent: None,
            references,
        }],
    )?;
    Ok(Pulled {
        newer: before.as_ref() != Some(&image),
        reference: reference.clone(),
        image,
        digest: received.top,
        fetched: counted.fetched,
        existing: counted.existing,
        bytes: counted.bytes,
    })
}

/// The configuration, if it belongs to its manifest and to the requested platform.
fn checked(
    bytes: &[u8],
    received: &Received,
    reference: &Reference,
    wanted: &Wanted,
) -> Result<ImageConfig> {
    let config = parse_config(bytes)?;
    if !matches!(config.os.as_str(), "" | "linux") {
        return Err(Error::unsupported(format!(
            "image operating system \"{}\" cannot be used on this platform",
            config.os
        )));
    }
    if !wanted.fits(&config.os, &config.architecture, config.variant.as_deref()) {
        let actual = format!("linux/{}", config.architecture);
        return Err(Error::not_found(format!(
            "image with reference {} was found but does not match the specified platform: wanted {}, actual: {actual}",
            reference.familiar(),
            wanted.text()
        )));
    }
    let (diff_ids, layers) = (&config.rootfs.diff_ids, &received.manifest.layers);
    if diff_ids.len() != layers.len() {
        return Err(Error::invalid(format!(
            "the manifest names {} layers, and its configuration {}",
            layers.len(),
            diff_ids.len()
        )));
    }
    Ok(config)
}

/// The first 12 digits of a layer's blob.
fn short(digest: &Digest) -> String {
    digest.short().to_owned()
}

/// The event of `status` for the layer `id`.
fn layer_event(id: &str, status: LayerStatus) -> TransferEvent {
    TransferEvent::Layer {
        id: id.to_owned(),
        status,
    }
}
