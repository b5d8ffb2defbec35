//! `images.json`: the images that a sandbox knows, and their names.
//!
//! **What Docker does.** A reference store (`repositories.json`) beside an image store; an image that lost its last
//! name stays, as `<none>`, until it is pruned.
//! **What we do.** Both in one file per sandbox, replaced atomically and durably under a lock. The images themselves
//! are content, shared by all sandboxes; this file says which of them exist *here*.
//! **Try it.** `docklings where`, then `cat` the sandbox's `images.json`.

use super::atomic::{self, Durability};
use super::lock;
use crate::error::Result;
use crate::oci::digest::ImageId;
use crate::oci::reference::Reference;
use crate::paths::SandboxPaths;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// The content of `images.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageTable {
    /// Names and their images.
    pub references: BTreeMap<Reference, ImageId>,
    /// The images known here, named or not.
    pub images: BTreeMap<ImageId, ImageRecord>,
}

/// What a sandbox records about an image beyond its configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageRecord {
    /// When it came into this sandbox.
    pub added: Timestamp,
    /// When it was made, as its configuration says; missing also in records of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// When it last got a name; Docker's `Metadata.LastTagTime`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_tagged: Option<Timestamp>,
    /// The image that it was committed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ImageId>,
    /// Chain ids of its layers (hexadecimal digits), lowest first.
    pub chain: Vec<String>,
    /// Bytes of files in all layers.
    pub size: u64,
    /// Former names that another image has now: why it dangles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<Reference>,
}

impl ImageTable {
    /// The names of `id`, sorted as text.
    pub fn references_of(&self, id: &ImageId) -> Vec<Reference> {
        let mut references: Vec<_> = self
            .references
            .iter()
            .filter(|(_, target)| *target == id)
            .map(|(reference, _)| reference.clone())
            .collect();
        references.sort_by_cached_key(Reference::to_string);
        references
    }

    /// The names of all named images, each image's sorted as text, in one pass over the names.
    pub fn all_references(&self) -> HashMap<&ImageId, Vec<Reference>> {
        let mut all: HashMap<_, Vec<Reference>> = HashMap::new();
        for (reference, id) in &self.references {
            all.entry(id).or_default().push(reference.clone());
        }
        for references in all.values_mut() {
            references.sort_by_cached_key(Reference::to_string);
        }
        all
    }

    /// Whether another image here was committed from `id`.
    pub fn has_children(&self, id: &ImageId) -> bool {
        self.images
            .values()
            .any(|record| record.parent.as_ref() == Some(id))
    }

    /// Points `reference` to `id`, which must be known. Returns the previous image, if it was a different one.
    pub fn tag(&mut self, reference: Reference, id: &ImageId, now: Timestamp) -> Option<ImageId> {
        let previous = self
            .references
            .insert(reference.clone(), id.clone())
            .filter(|previous| previous != id);
        if let Some(record) = previous.as_ref().and_then(|id| self.images.get_mut(id))
            && !record.lost.contains(&reference)
        {
            record.lost.push(reference.clone());
        }
        if let Some(record) = self.images.get_mut(id) {
            record.last_tagged = Some(now);
            record.lost.retain(|lost| *lost != reference);
        }
        previous
    }
}

/// Reads the table. A sandbox without one has no images.
pub fn read(sandbox: &SandboxPaths) -> Result<ImageTable> {
    let table = atomic::read_json(&sandbox.images()).map_err(|error| {
        error.with_hint("docklings doctor --repair rebuilds it from what is known")
    })?;
    Ok(table.unwrap_or_default())
}

/// Changes the table: reads it under the lock, passes it to `change`, and writes it durably if that succeeds and
/// changed something.
pub fn update<T>(
    sandbox: &SandboxPaths,
    change: impl FnOnce(&mut ImageTable) -> Result<T>,
) -> Result<T> {
    let _lock = lock::exclusive(&sandbox.images_lock())?;
    let before = read(sandbox)?;
    let mut table = before.clone();
    let result = change(&mut table)?;
    if table != before {
        atomic::write_json(&sandbox.images(), &table, Durability::Durable)?;
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::digest::Digest;
    use crate::paths::testing::world;

    fn record() -> ImageRecord {
        ImageRecord {
            added: Timestamp::UNIX_EPOCH,
            created: None,
            last_tagged: None,
            parent: None,
            chain: Vec::new(),
            size: 0,
            lost: Vec::new(),
        }
    }

    #[test]
    fn the_names_of_all_images_are_those_of_each() {
        let ids = [b"a", b"b", b"c"].map(|text| Digest::of(text));
        let mut table = ImageTable::default();
        for (name, id) in [("web:2", 0), ("app", 1), ("web:10", 0), ("app:1", 0)] {
            let name = Reference::parse(name).unwrap().or_latest();
            table.references.insert(name, ids[id].clone());
        }
        let all = table.all_references();
        for id in &ids {
            let found = all.get(id).cloned().unwrap_or_default();
            assert_eq!(found, table.references_of(id));
        }
    }

    #[test]
    fn a_moved_name_leaves_its_old_image_dangling_with_the_reason() {
        let (_folder, _, sandbox) = world();
        let (old, new) = (Digest::of(b"old"), Digest::of(b"new"));
        let name = Reference::parse("app").unwrap().or_latest();
        update(&sandbox, |table| {
            table.images.insert(old.clone(), record());
            table.images.insert(new.clone(), record());
            assert_eq!(table.tag(name.clone(), &old, Timestamp::UNIX_EPOCH), None);
            assert_eq!(
                table.tag(name.clone(), &new, Timestamp::UNIX_EPOCH),
                Some(old.clone())
            );
            Ok(())
        })
        .unwrap();
        let table = read(&sandbox).unwrap();
        assert_eq!(table.references_of(&old), []);
        assert_eq!(table.images[&old].lost, std::slice::from_ref(&name));
        assert_eq!(table.references_of(&new), [name]);
    }

    #[test]
    fn concurrent_changes_are_all_kept() {
        let (_folder, _, sandbox) = world();
        std::thread::scope(|scope| {
            for thread in 0..4_u8 {
                let sandbox = &sandbox;
                scope.spawn(move || {
                    for turn in 0..5_u8 {
                        update(sandbox, |table| {
                            table.images.insert(Digest::of(&[thread, turn]), record());
                            Ok(())
                        })
                        .unwrap();
                    }
                });
            }
        });
        assert_eq!(read(&sandbox).unwrap().images.len(), 20);
    }

    #[test]
    fn a_failed_change_changes_nothing() {
        let (_folder, _, sandbox) = world();
        let result: Result<()> = update(&sandbox, |table| {
            table.images.insert(Digest::of(b"x"), record());
            Err(crate::error::Error::invalid("no"))
        });
        assert!(result.is_err());
        assert_eq!(read(&sandbox).unwrap(), ImageTable::default());
    }
}
