//! The practice hub's initial content: the starter images of this home, as official images. This needs no network and
//! happens once: the content is recorded, and when the starter images change, it is repeated.

use crate::failure::{CommandResult, Failure};
use engine::error::Error;
use engine::image::layer::pack_gzip;
use engine::image::{config, starter};
use engine::oci::descriptor::{CONFIG, Descriptor, LAYER_GZIP, MANIFEST};
use engine::oci::digest::ImageId;
use engine::oci::manifest::Manifest;
use engine::oci::reference::{DEFAULT_DOMAIN, Reference};
use engine::paths::Home;
use engine::store::atomic::{self, Durability};
use engine::store::{blobs, distribution, layers};
use registry::Store;
use registry::error::Fault;
use registry::names::{Repository, Tag};
use registry::store::About;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Puts the starter images into the hub's registry, unless they are already there.
pub(super) fn seed(home: &Home, store: &Store) -> CommandResult {
    let _kept = engine::store::lock::keep_content(home)?;
    let images = starter::ready(home)?.images;
    let record: PathBuf = home.hub().join("seeded.json");
    // An unreadable record counts as missing: the work is repeated.
    let seeded: Option<BTreeMap<String, ImageId>> = atomic::read_json(&record).unwrap_or_default();
    let is_there = |(name, id): (&String, &ImageId)| is_whole(store, name, id).unwrap_or(false);
    if seeded.as_ref() == Some(&images) && images.iter().all(is_there) {
        return Ok(());
    }
    put(home, store, &images)?;
    Ok(atomic::write_json(&record, &images, Durability::Durable)?)
}

/// Puts the starter images into the user's own registry.
pub(super) fn starters(home: &Home, store: &Store) -> CommandResult {
    let _kept = engine::store::lock::keep_content(home)?;
    put(home, store, &starter::ready(home)?.images)
}

fn put(home: &Home, store: &Store, images: &BTreeMap<String, ImageId>) -> CommandResult {
    // A push names the last of them as the source of a shared layer: `Mounted from library/busybox`.
    for (name, id) in images.iter().rev() {
        image(home, store, name, id, description(name))?;
    }
    Ok(())
}

/// Whether the registry has the image, with all of its blobs in full length.
fn is_whole(store: &Store, name: &str, id: &ImageId) -> CommandResult<bool> {
    let (repository, tag) = place(name)?;
    let found = store.tag(&repository, &tag).map_err(failed)?;
    let stored = match found {
        Some(digest) => store.manifest(&repository, &digest).map_err(failed)?,
        None => None,
    };
    let manifest = stored.and_then(|stored| serde_json::from_slice::<Manifest>(&stored.bytes).ok());
    let Some(manifest) = manifest.filter(|manifest| manifest.config.digest == *id) else {
        return Ok(false);
    };
    let mut blobs = manifest.layers.iter().chain([&manifest.config]);
    Ok(blobs.all(|blob| {
        let open = store.open_blob(&repository, &blob.digest);
        matches!(open, Ok(Some((_, length))) if length == blob.size)
    }))
}

/// The place of the image called `name` in the registry.
pub(super) fn place(name: &str) -> CommandResult<(Repository, Tag)> {
    let reference = Reference::parse(name)?.or_latest();
    let repository = Repository::parse(reference.path()).map_err(failed)?;
    let tag = reference.tag().and_then(Tag::parse);
    let tag = tag.ok_or_else(|| Failure::message(format!("`{name}` has no tag")))?;
    Ok((repository, tag))
}

/// Puts the image `id` of this home into the registry, as the official image `name`. The caller protects the content.
pub(super) fn image(
    home: &Home,
    store: &Store,
    name: &str,
    id: &ImageId,
    description: &str,
) -> CommandResult {
    let (repository, tag) = place(name)?;
    let bytes = blobs::read(home, id)?;
    let mut descriptors = Vec::new();
    for chain in layers::chain(&config(home, id)?.rootfs.diff_ids) {
        descriptors.push(layer(home, store, &repository, &chain)?);
    }
    store
        .adopt_blob(&repository, id, &blobs::path(home, id))
        .map_err(failed)?;
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(MANIFEST.to_owned()),
        config: Descriptor::new(CONFIG, id.clone(), bytes.len() as u64),
        layers: descriptors,
        annotations: BTreeMap::new(),
    };
    let needs: Vec<_> = manifest
        .layers
        .iter()
        .chain([&manifest.config])
        .map(|one| one.digest.clone())
        .collect();
    let text = serde_json::to_vec(&manifest)
        .map_err(|error| Error::internal("cannot write a manifest").with_source(error))?;
    let digest = store
        .put_manifest(&repository, MANIFEST, &text, &needs)
        .map_err(failed)?;
    store.set_tag(&repository, &tag, &digest).map_err(failed)?;
    let about = About {
        description: description.to_owned(),
        official: true,
    };
    store.describe(&repository, &about).map_err(failed)
}

/// The packed layer: packed once for this home, and shared by a hard link. Its presence in the hub is recorded, so that
/// a push of an image based on it says `Mounted from library/busybox`.
fn layer(
    home: &Home,
    store: &Store,
    repository: &Repository,
    chain: &str,
) -> CommandResult<Descriptor> {
    let layer = layers::read(home, chain)?;
    let packed = distribution::forms(home, &layer.diff_id)
        .into_iter()
        .find(|form| form.media_type.ends_with("gzip") && form.is_here(home));
    let mut form = match packed {
        Some(form) => form,
        None => pack_gzip(home, &layer, LAYER_GZIP)?,
    };
    store
        .adopt_blob(repository, &form.digest, &blobs::path(home, &form.digest))
        .map_err(failed)?;
    let name = format!("{DEFAULT_DOMAIN}/{repository}");
    if !form.sources.contains(&name) {
        form.sources.insert(0, name);
        distribution::note_form(home, &layer.diff_id, &form)?;
    }
    Ok(Descriptor::new(LAYER_GZIP, form.digest, form.size))
}

/// Its description in `docker search`.
fn description(name: &str) -> &'static str {
    match name {
        "busybox" => "Many small programs in one, made of what this machine has",
        "hello-world" => "A program that says hello and explains how that happened",
        "welcome" | "welcome:1" => {
            "A web server with a page to try Docker with; made for this course"
        }
        _ => "An image of the course",
    }
}

fn failed(fault: Fault) -> Failure {
    Failure::message(format!("cannot fill the practice hub: {fault}"))
}
