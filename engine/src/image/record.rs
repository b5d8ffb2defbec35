//! Records a new image: the last step of `build`, `commit`, `load` and `import`.
//!
//! The order matters for a crash: layers first, then configurations, then one replacement of `images.json`. Before that
//! last step nothing is visible; after it, everything is. It matters for a power cut as well: layers are on the disk
//! before `images.json` is.

use super::{parse_config, repair};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::events::{Action, ObjectKind};
use crate::oci::digest::ImageId;
use crate::oci::reference::Reference;
use crate::paths::{Home, SandboxPaths};
use crate::store::images::{self, ImageRecord};
use crate::store::{blobs, layers, whole};
use jiff::Timestamp;
use serde_json::json;

/// An image to record. Its layers are already published.
#[derive(Debug, Clone)]
pub struct NewImage {
    /// The bytes of its configuration, kept unchanged, so that a loaded image keeps its id.
    pub config: Vec<u8>,
    /// The image that it was committed from.
    pub parent: Option<ImageId>,
    /// Names for it.
    pub references: Vec<Reference>,
}

/// A recorded image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its id.
    pub id: ImageId,
    /// Names that meant a different image before, and that image.
    pub displaced: Vec<(Reference, ImageId)>,
}

impl Engine {
    /// Records an image whose layers are published, and its names in the journal. The caller adds the event of its own
    /// verb (`build`, `commit`).
    pub fn add_image(&self, new: &NewImage) -> Result<Recorded> {
        let mut recorded = record(
            &self.home,
            &self.sandbox,
            self.now(),
            std::slice::from_ref(new),
        )?;
        let recorded = recorded.remove(0);
        for reference in &new.references {
            self.note(
                ObjectKind::Image,
                Action::Tag,
                recorded.id.as_str(),
                json!({"name": reference.familiar()}),
            );
        }
        Ok(recorded)
    }
}

/// Records all of `new`, or, if there is an error, none.
///
/// The caller holds [`crate::store::lock::keep_content`] since before it published the layers.
pub(crate) fn record(
    home: &Home,
    sandbox: &SandboxPaths,
    now: Timestamp,
    new: &[NewImage],
) -> Result<Vec<Recorded>> {
    let mut prepared = Vec::with_capacity(new.len());
    for image in new {
        let config = parse_config(&image.config)?;
        let chain = layers::chain(&config.rootfs.diff_ids);
        let is_lost = |layer: &String| layers::read(home, layer).is_err();
        if chain.iter().any(is_lost) {
            repair::make_layers(home, &config.rootfs.diff_ids)?;
        }
        let mut size = 0;
        for layer in &chain {
            size += layers::read(home, layer)?.size;
        }
        if image
            .references
            .iter()
            .any(|name| name.tag().is_none() && name.digest().is_none())
        {
            return Err(Error::internal(
                "an image is recorded under a name without a tag",
            ));
        }
        let id = blobs::write(home, &image.config)?;
        prepared.push((id, chain, size, super::created(&config)));
    }
    whole::settle(home)?;
    images::update(sandbox, |table| {
        let mut recorded = Vec::with_capacity(new.len());
        for (image, (id, chain, size, created)) in new.iter().zip(&prepared) {
            table
                .images
                .entry(id.clone())
                .or_insert_with(|| ImageRecord {
                    added: now,
                    created: *created,
                    last_tagged: None,
                    parent: image.parent.clone().filter(|parent| parent != id),
                    chain: chain.clone(),
                    size: *size,
                    lost: Vec::new(),
                });
            let displaced = image
                .references
                .iter()
                .filter_map(|name| {
                    let previous = table.tag(name.clone(), id, now)?;
                    Some((name.clone(), previous))
                })
                .collect();
            recorded.push(Recorded {
                id: id.clone(),
                displaced,
            });
        }
        Ok(recorded)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use crate::image::resolve;
    use crate::oci::digest::Digest;
    use crate::paths::testing::world;
    use crate::store::layers::{Draft, Layer};

    fn image(diff_id: Option<&Digest>, name: &str) -> NewImage {
        let diff_ids: Vec<_> = diff_id.into_iter().collect();
        NewImage {
            config: serde_json::to_vec(&serde_json::json!({
                "architecture": "amd64", "os": "linux", "config": {}, "note": name,
                "rootfs": { "type": "layers", "diff_ids": diff_ids },
            }))
            .unwrap(),
            parent: None,
            references: vec![Reference::parse(name).unwrap().or_latest()],
        }
    }

    #[test]
    fn a_recorded_image_is_found_with_its_size_and_its_bytes_are_kept() {
        let (_folder, home, sandbox) = world();
        let diff_id = Digest::of(b"layer");
        let mut layer = Layer::new(diff_id.clone(), None);
        layer.size = 42;
        let draft = Draft::new(&home).unwrap();
        let layer = draft.publish(&home, layer).unwrap();
        let new = image(Some(&diff_id), "app");
        let now = Timestamp::UNIX_EPOCH;
        let recorded = record(&home, &sandbox, now, std::slice::from_ref(&new)).unwrap();
        assert_eq!(recorded[0].id, Digest::of(&new.config));
        let found = resolve::find(&home, &sandbox, "app").unwrap();
        assert_eq!((found.size, &found.chain[..]), (42, &[layer.chain][..]));
    }

    #[test]
    fn one_image_without_its_layers_stops_all() {
        let (_folder, home, sandbox) = world();
        let new = [image(None, "a"), image(Some(&Digest::of(b"gone")), "b")];
        let error = record(&home, &sandbox, Timestamp::UNIX_EPOCH, &new).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(crate::testing::open(&home).images().unwrap().is_empty());
    }

    #[test]
    fn a_name_that_moves_is_reported() {
        let (_folder, home, sandbox) = world();
        let (old, mut new) = (image(None, "app"), image(None, "other"));
        new.references = old.references.clone();
        let now = Timestamp::UNIX_EPOCH;
        let first = record(&home, &sandbox, now, &[old]).unwrap();
        let second = record(&home, &sandbox, now, &[new]).unwrap();
        assert_eq!(second[0].displaced[0].1, first[0].id);
    }
}
