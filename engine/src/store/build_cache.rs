//! Build cache records: the inputs of each build step and the resulting layer.
//!
//! ```text
//! sandboxes/<name>/cache/
//! ├── step-<key>.json      a step: its inputs and its layer
//! ├── files-<key>.json     the files that it copied, to see later which one differs
//! ├── built-<id>.json      the keys of the last build of a Dockerfile, to compare with
//! └── mounts/<id>/          what `RUN --mount=type=cache` keeps: `about.json`, `lock` and the folder `data`
//! ```
//!
//! **What Docker does.** One cache for the whole daemon. **What we do.** One per sandbox, so that an exercise starts
//! without another one's builds; the layers themselves are shared like all content.

use super::atomic::{self, Durability};
use crate::error::{IoContext, Result};
use crate::oci::digest::Digest;
use crate::paths::{Home, SandboxPaths, create_private_dir};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// What a step's result depends on, besides its parent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// The instruction in canonical form, variables expanded.
    pub text: String,
    /// FROM: the image's id, `scratch`, or the key that an earlier stage ended with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// RUN: `NAME=value` of ENV and ARG.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// RUN: the build arguments in scope.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<(String, String)>,
    /// RUN, WORKDIR: the user.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// RUN: the working directory.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub working_dir: String,
    /// COPY, ADD: the digest of the files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Digest>,
}

/// A step that ran once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Its key.
    pub key: String,
    /// The key of the step before it.
    pub parent: String,
    /// The instruction as written, on one line.
    pub written: String,
    /// Its inputs.
    pub inputs: Inputs,
    /// When it ran.
    pub created: Timestamp,
    /// The layers after it, by chain id, lowest first.
    pub chain: Vec<String>,
    /// Whether the step made the last of them.
    pub own_layer: bool,
    /// Why it ran, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The last build of a Dockerfile: the keys of each stage's steps, FROM first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastBuild {
    /// By the stage's name, or `stage-N`.
    pub stages: Vec<(String, Vec<String>)>,
}

/// The cache of one sandbox.
#[derive(Debug, Clone)]
pub struct BuildCache {
    folder: PathBuf,
}

impl BuildCache {
    /// The cache of `sandbox`.
    pub fn of(sandbox: &SandboxPaths) -> Self {
        Self {
            folder: sandbox.build_cache(),
        }
    }

    /// The record of a step.
    pub fn step(&self, key: &str) -> Result<Option<StepRecord>> {
        self.read(&format!("step-{key}.json"))
    }

    /// Records a step, and the list of files that it copied.
    pub fn put_step<F: Serialize>(&self, record: &StepRecord, files: Option<&F>) -> Result<()> {
        if let Some(files) = files {
            self.write(&format!("files-{}.json", record.key), files)?;
        }
        self.write(&format!("step-{}.json", record.key), record)
    }

    /// The list of files that a step copied.
    pub fn files<F: DeserializeOwned>(&self, key: &str) -> Result<Option<F>> {
        self.read(&format!("files-{key}.json"))
    }

    /// The last build of the Dockerfile called `id`.
    pub fn last(&self, id: &str) -> Result<Option<LastBuild>> {
        self.read(&format!("built-{id}.json"))
    }

    /// Records the last build.
    pub fn put_last(&self, id: &str, build: &LastBuild) -> Result<()> {
        let name = format!("built-{id}.json");
        if self.read::<LastBuild>(&name)?.as_ref() == Some(build) {
            return Ok(());
        }
        self.write(&name, build)
    }

    /// The folder of the cache mount called `id`.
    pub fn mount(&self, id: &str) -> PathBuf {
        self.mounts().join(&Digest::of(id.as_bytes()).hex()[..32])
    }

    /// The folder of all cache mounts.
    pub fn mounts(&self) -> PathBuf {
        self.folder.join("mounts")
    }

    /// All steps. A damaged record is left out: the step will run again.
    pub fn steps(&self) -> Result<Vec<StepRecord>> {
        let mut steps = Vec::new();
        if !self.folder.is_dir() {
            return Ok(steps);
        }
        for entry in fs::read_dir(&self.folder).on("read", &self.folder)? {
            let name = entry.on("read", &self.folder)?.file_name();
            let name = name.to_string_lossy().into_owned();
            if let Some(key) = name
                .strip_prefix("step-")
                .and_then(|n| n.strip_suffix(".json"))
                && let Ok(Some(step)) = self.step(key)
            {
                steps.push(step);
            }
        }
        Ok(steps)
    }

    /// Records that a step's record was used at `now`.
    pub fn touch(&self, key: &str, now: Timestamp) -> Result<()> {
        let path = self.folder.join(format!("step-{key}.json"));
        let file = fs::OpenOptions::new()
            .write(true)
            .open(&path)
            .on("open", &path)?;
        file.set_modified(now.into()).on("touch", &path)
    }

    /// When the record of a step was last used; `None` if it no longer exists.
    pub fn last_used(&self, key: &str) -> Option<Timestamp> {
        let path = self.folder.join(format!("step-{key}.json"));
        let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
        Timestamp::try_from(modified.ok()?).ok()
    }

    /// Forgets one step. A missing record is not an error.
    pub fn forget(&self, key: &str) -> Result<()> {
        for name in [format!("step-{key}.json"), format!("files-{key}.json")] {
            let path = self.folder.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).on("remove", &path);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Forgets every step and every build. Cache mounts stay.
    pub fn clear(&self) -> Result<()> {
        if !self.folder.is_dir() {
            return Ok(());
        }
        for entry in fs::read_dir(&self.folder).on("read", &self.folder)? {
            let path = entry.on("read", &self.folder)?.path();
            if path != self.mounts() {
                super::tree::remove_tree(&path)?;
            }
        }
        Ok(())
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        // A damaged record counts as missing: the step runs again.
        Ok(atomic::read_json(&self.folder.join(name)).unwrap_or_default())
    }

    fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        if !self.folder.is_dir() {
            create_private_dir(&self.folder)?;
        }
        atomic::write_json(&self.folder.join(name), value, Durability::Cached)
    }
}

/// The layers, by chain id, that the build caches of all sandboxes need.
pub fn layers_needed(home: &Home) -> Result<BTreeSet<String>> {
    let mut needed = BTreeSet::new();
    let folder = home.sandboxes();
    if !folder.is_dir() {
        return Ok(needed);
    }
    for entry in fs::read_dir(&folder).on("read", &folder)? {
        let name = entry.on("read", &folder)?.file_name();
        let Ok(sandbox) = home.sandbox(&name.to_string_lossy()) else {
            continue;
        };
        for step in BuildCache::of(&sandbox).steps()? {
            needed.extend(step.chain);
        }
    }
    Ok(needed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths::testing::world;

    fn record(key: &str) -> StepRecord {
        StepRecord {
            key: key.to_owned(),
            parent: String::new(),
            written: "RUN x".to_owned(),
            inputs: Inputs::default(),
            created: Timestamp::UNIX_EPOCH,
            chain: vec![format!("{key}-layer")],
            own_layer: true,
            reason: None,
        }
    }

    #[test]
    fn records_are_found_again_and_their_layers_are_needed() {
        let (_folder, home, sandbox) = world();
        let cache = BuildCache::of(&sandbox);
        assert_eq!(cache.step("a").unwrap(), None);
        cache.put_step(&record("a"), Some(&vec![1, 2])).unwrap();
        cache.put_step(&record("b"), None::<&()>).unwrap();
        assert_eq!(cache.step("a").unwrap(), Some(record("a")));
        assert_eq!(cache.files::<Vec<i32>>("a").unwrap(), Some(vec![1, 2]));
        let needed: Vec<String> = layers_needed(&home).unwrap().into_iter().collect();
        assert_eq!(needed, ["a-layer", "b-layer"]);
        cache.clear().unwrap();
        assert!(layers_needed(&home).unwrap().is_empty());
    }

    #[test]
    fn a_damaged_record_counts_as_missing() {
        let (_folder, _home, sandbox) = world();
        let cache = BuildCache::of(&sandbox);
        cache.put_step(&record("a"), None::<&()>).unwrap();
        fs::write(sandbox.build_cache().join("step-a.json"), "{").unwrap();
        assert_eq!(cache.step("a").unwrap(), None);
        assert!(cache.steps().unwrap().is_empty());
    }
}
