//! A container's changes: `docker diff`, and the size of its own layer.

use super::plan::mountpoints;
use crate::engine::Engine;
use crate::error::Result;
use crate::events::{Action, ObjectKind};
use crate::sys::namespace;
use crate::tree::changes::{Change, changes};
use serde_json::json;
use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;

impl Engine {
    /// What a container changed, compared with its image, sorted by path.
    pub fn diff(&self, name: &str) -> Result<Vec<Change>> {
        let container = self.container(name)?;
        // The caller may not have access to files of users other than root.
        namespace::become_root()?;
        let layers = self.home.layers();
        let mut lowers = vec![mountpoints(&self.home)];
        lowers.extend(
            container
                .config
                .layers
                .iter()
                .map(|chain| layers.join(chain).join("diff")),
        );
        let found = changes(
            &self.sandbox.container(&container.config.id).upper(),
            &lowers,
        )?;
        self.note(
            ObjectKind::Container,
            Action::Diff,
            container.config.id.as_str(),
            json!({"name": container.config.name.as_str()}),
        );
        Ok(found)
    }
}

impl Engine {
    /// Bytes of a container's own layer.
    pub fn writable_size(&self, name: &str) -> Result<u64> {
        let container = self.container(name)?;
        let upper = self.sandbox.container(&container.config.id).upper();
        // Inaccessible folders count as empty: the size is for information only.
        let mut seen = HashSet::new();
        Ok(walkdir::WalkDir::new(upper)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.metadata().ok())
            .filter(|about| !about.is_dir() && seen.insert((about.dev(), about.ino())))
            .map(|about| about.size())
            .sum())
    }
}
