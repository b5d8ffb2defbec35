//! The contents of the build cache, their sizes, and pruning.
//!
//! **What Docker does.** BuildKit counts the users of a record, and `docker builder prune` keeps records that an image
//! shares, unless `--all` is given. **What we do.** The same, without counting: a step's layer is shared if an image or
//! a container has it. **What we leave out.** Limits on the size of the cache.
//! **Try it.** `docker system df -v`, then `docker builder prune`.

use crate::engine::Engine;
use crate::error::{IoContext, Result};
use crate::events::{Action, ObjectKind};
use crate::paths::Home;
use crate::store::build_cache::BuildCache;
use crate::store::records;
use crate::store::tree::remove_tree;
use crate::store::{atomic, layers, lock};
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A cached step, or a cache mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    /// Its key, or the name of a mount's folder.
    pub key: String,
    /// The key of the step before it; empty for a mount.
    pub parent: String,
    /// The instruction on one line, or the mount's id.
    pub description: String,
    /// It is a folder of `RUN --mount=type=cache`.
    pub is_mount: bool,
    /// When the step first ran, or when the mount was last used.
    pub created: Timestamp,
    /// The size of its layer in bytes; 0 if it has none, or if an earlier entry has the same one. For a mount, the size
    /// of its files.
    pub size: u64,
    /// An image or a container also has its layer.
    pub shared: bool,
    /// When it last ran or was found in the cache.
    pub last_used: Timestamp,
}

/// Which entries to prune.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CachePrune {
    /// Including shared ones.
    pub all: bool,
    /// Only those that were last used before this moment.
    pub until: Option<Timestamp>,
}

impl Engine {
    /// Every cached step of this sandbox's builds, oldest first, and every cache mount, with their sizes.
    pub fn build_cache(&self) -> Result<Vec<CacheEntry>> {
        let images = self.or_leave_out("the table of images", self.listed_images().map(Some));
        let images = images.into_iter().flatten().flat_map(|image| image.chain);
        let mut used: std::collections::BTreeSet<String> = images.collect();
        for id in records::list(&self.sandbox)? {
            let what = format!("container {}", id.short());
            let found = self.or_leave_out(&what, records::read(&self.sandbox, &id));
            if let Some((config, _)) = found {
                used.extend(config.layers);
            }
        }
        entries(&self.home, &BuildCache::of(&self.sandbox), &used)
    }

    /// Prunes cached steps of this sandbox. Returns their keys, and the bytes of the removed files: a layer that an
    /// image or a container has stays.
    pub fn prune_build_cache(&self, options: CachePrune) -> Result<(Vec<String>, u64)> {
        self.reach_all_files();
        let entries = self.build_cache()?;
        let (keys, size) = prune(&BuildCache::of(&self.sandbox), &entries, options)?;
        let reclaimed = size + self.collect(&[])?.size;
        self.note(
            ObjectKind::Builder,
            Action::Prune,
            "",
            json!({"reclaimed": reclaimed.to_string()}),
        );
        Ok((keys, reclaimed))
    }
}

/// All entries of `cache`, oldest first. `used` are the layers, by chain id, of the sandbox's images and containers.
pub fn entries(
    home: &Home,
    cache: &BuildCache,
    used: &BTreeSet<String>,
) -> Result<Vec<CacheEntry>> {
    let mut steps = cache.steps()?;
    steps.sort_by(|a, b| (a.created, &a.key).cmp(&(b.created, &b.key)));
    let mut seen = BTreeSet::new();
    let entries = steps.into_iter().map(|record| {
        let top = record.chain.last();
        let own = top.filter(|top| record.own_layer && seen.insert((*top).clone()));
        CacheEntry {
            // A missing layer takes no space.
            size: own.map_or(0, |top| {
                layers::read(home, top).map_or(0, |layer| layer.size)
            }),
            shared: top.is_some_and(|top| used.contains(top)),
            last_used: cache.last_used(&record.key).unwrap_or(record.created),
            created: record.created,
            key: record.key,
            parent: record.parent,
            description: record.written,
            is_mount: false,
        }
    });
    let mut entries: Vec<CacheEntry> = entries.collect();
    entries.extend(mounts(cache)?);
    Ok(entries)
}

/// The cache mounts.
fn mounts(cache: &BuildCache) -> Result<Vec<CacheEntry>> {
    let folder = cache.mounts();
    let mut entries = Vec::new();
    if !folder.is_dir() {
        return Ok(entries);
    }
    for entry in fs::read_dir(&folder).on("read", &folder)? {
        let path = entry.on("read", &folder)?.path();
        let about = path.join("about.json");
        let Some(id) = atomic::read_json::<String>(&about).unwrap_or_default() else {
            continue;
        };
        let used = fs::metadata(&about).and_then(|metadata| metadata.modified());
        let used = used.ok().and_then(|time| Timestamp::try_from(time).ok());
        let used = used.unwrap_or(Timestamp::UNIX_EPOCH);
        entries.push(CacheEntry {
            key: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            parent: String::new(),
            description: format!("cache mount {id}"),
            is_mount: true,
            created: used,
            size: bytes(&path.join("data")),
            shared: false,
            last_used: used,
        });
    }
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(entries)
}

/// Total bytes of all files in `folder`; unreadable files count as 0.
fn bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(about) if about.is_dir() => bytes(&entry.path()),
            Ok(about) => about.len(),
            Err(_) => 0,
        })
        .sum()
}

/// Prunes the `entries` that match `options`; returns the removed keys, and the bytes of the mounts among them. A mount
/// that a build is using stays.
pub fn prune(
    cache: &BuildCache,
    entries: &[CacheEntry],
    options: CachePrune,
) -> Result<(Vec<String>, u64)> {
    let chosen = entries.iter().filter(|entry| {
        (options.all || !entry.shared) && options.until.is_none_or(|until| entry.last_used <= until)
    });
    let (mut keys, mut size) = (Vec::new(), 0);
    for entry in chosen {
        if entry.is_mount {
            let folder = cache.mounts().join(&entry.key);
            let Some(_lock) = lock::try_exclusive(&folder.join("lock"))? else {
                continue;
            };
            remove_tree(&folder)?;
            size += entry.size;
        } else {
            cache.forget(&entry.key)?;
        }
        keys.push(entry.key.clone());
    }
    if options.all && options.until.is_none() {
        // The records of the last builds, and damaged ones.
        cache.clear()?;
    }
    Ok((keys, size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::build_cache::{Inputs, StepRecord};

    fn record(key: &str, seconds: i64, layer: &str) -> StepRecord {
        StepRecord {
            key: key.to_owned(),
            parent: String::new(),
            written: "RUN x".to_owned(),
            inputs: Inputs::default(),
            created: Timestamp::from_second(seconds).unwrap(),
            chain: vec![layer.to_owned()],
            own_layer: true,
            reason: None,
        }
    }

    /// Which of three entries are pruned: the second is shared and the third was used recently.
    fn check(options: CachePrune, expected: &[&str], left: usize) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path(), folder.path().join("run"));
        let cache = BuildCache::of(&home.sandbox("free").unwrap());
        for (key, seconds) in [("a", 1), ("b", 2), ("c", 3)] {
            let record = record(key, seconds, &format!("layer-{key}"));
            cache.put_step(&record, None::<&()>).unwrap();
            cache
                .touch(key, Timestamp::from_second(100).unwrap())
                .unwrap();
        }
        cache
            .touch("c", Timestamp::from_second(900).unwrap())
            .unwrap();
        let used = BTreeSet::from(["layer-b".to_owned()]);
        let found = entries(&home, &cache, &used).unwrap();
        assert_eq!(prune(&cache, &found, options).unwrap().0, expected);
        assert_eq!(cache.steps().unwrap().len(), left);
    }

    #[test]
    fn what_is_shared_or_was_used_lately_stays_unless_asked_for() {
        let until = Some(Timestamp::from_second(500).unwrap());
        check(
            CachePrune {
                all: false,
                until: None,
            },
            &["a", "c"],
            1,
        );
        check(CachePrune { all: false, until }, &["a"], 2);
        check(CachePrune { all: true, until }, &["a", "b"], 1);
        check(
            CachePrune {
                all: true,
                until: None,
            },
            &["a", "b", "c"],
            0,
        );
    }
}
