//! The build cache: one short method per verb.

use super::Engine;
use crate::build::cache::inventory::{self, CacheEntry, CachePrune};
use crate::error::Result;
use crate::events::ObjectKind;
use crate::oci::digest::ImageId;
use crate::store::build_cache::{BuildCache, StepRecord};
use crate::store::records;
use crate::sys::namespace::become_root;

impl Engine {
    /// The cache records of the steps that made an image, one per history entry that a build here wrote, oldest first;
    /// `None` for a step whose record is gone. Empty for an image that was not built here.
    pub fn cache_records(&self, image: &ImageId) -> Result<Vec<Option<StepRecord>>> {
        let cache = BuildCache::of(&self.sandbox);
        let keys = cache.image(image)?.unwrap_or_default();
        keys.iter().map(|key| cache.step(key)).collect()
    }

    /// Every step that builds of this sandbox remember, oldest first, and every cache mount, with what they take.
    pub fn build_cache(&self) -> Result<Vec<CacheEntry>> {
        let images = self.or_leave_out("the table of images", self.images().map(Some));
        let images = images.into_iter().flatten().flat_map(|image| image.chain);
        let mut used: std::collections::BTreeSet<String> = images.collect();
        for id in records::list(&self.sandbox)? {
            let what = format!("container {}", id.short());
            let found = self.or_leave_out(&what, records::read(&self.sandbox, &id));
            if let Some((config, _)) = found {
                used.extend(config.layers);
            }
        }
        inventory::entries(&self.home, &BuildCache::of(&self.sandbox), &used)
    }

    /// Forgets steps that builds of this sandbox remember. Returns their keys, and how many bytes of files went with
    /// them: layers that an image or a container has stay.
    pub fn prune_build_cache(&self, options: CachePrune) -> Result<(Vec<String>, u64)> {
        // Files in a cache mount may belong to subordinate ids. Where no namespace can be made, none do.
        drop(become_root());
        let entries = self.build_cache()?;
        let (keys, size) = inventory::prune(&BuildCache::of(&self.sandbox), &entries, options)?;
        let reclaimed = size + self.collect(&[])?.size;
        self.record(
            &self
                .event(ObjectKind::Builder, "prune", "")
                .with("reclaimed", reclaimed.to_string()),
        );
        Ok((keys, reclaimed))
    }
}
