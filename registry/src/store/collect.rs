//! Deletes what is no longer needed, at the start and under the lock, when no request can use it.
//!
//! **What Docker's registry does.** It has a separate command for that, and must be stopped for it. **What we do.** We
//! check at each start: a blob is needed if a manifest of its repository names it. A blob without a manifest may belong
//! to a push that continues after a restart, so it is kept for some hours.

use super::{DRAFT, Store, names, present, remove, uploads};
use crate::manifest::needs;
use engine::oci::digest::Digest;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::time::SystemTime;

impl Store {
    /// Removes from each repository the blobs that its manifests do not name, then deletes those that no repository
    /// has, here or in the registries `beside`, and the drafts of a killed server.
    pub(super) fn collect(&self, beside: &[PathBuf]) -> io::Result<()> {
        remove_drafts(&self.blobs())?;
        remove_drafts(&self.own())?;
        let mut needed = self.needed()?;
        for place in beside {
            let store = self.beside(place.clone());
            remove_drafts(&store.own())?;
            needed.extend(store.needed()?);
        }
        for hex in names(&self.blobs())? {
            if let Ok(digest) = Digest::from_hex(&hex)
                && !needed.contains(&hex)
            {
                remove(&self.blob(&digest))?;
            }
        }
        Ok(())
    }

    /// The content of this registry's repositories.
    fn needed(&self) -> io::Result<BTreeSet<String>> {
        let mut needed = BTreeSet::new();
        for name in self.begun_repositories()? {
            let mut own = BTreeSet::new();
            for digest in self.manifests(&name)? {
                if let Some(bytes) = present(fs::read(self.blob(&digest)))? {
                    own.extend(needs(&bytes));
                    own.insert(digest.hex().to_owned());
                }
            }
            let folder = self.repository(&name).join("_blobs");
            for hex in names(&folder)? {
                let mark = folder.join(&hex);
                if own.contains(&hex) || is_young(&mark) {
                    needed.insert(hex);
                } else {
                    remove(&mark)?;
                }
            }
            needed.extend(own);
        }
        Ok(needed)
    }
}

/// Removes files below `folder` that have not been written for hours.
fn remove_drafts(folder: &Path) -> io::Result<()> {
    let Some(entries) = present(fs::read_dir(folder))? else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_drafts(&entry.path())?;
        } else if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(DRAFT.as_bytes())
            && !is_young(&entry.path())
        {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn is_young(mark: &Path) -> bool {
    let modified = fs::metadata(mark).and_then(|data| data.modified());
    let age = modified
        .ok()
        .and_then(|time| SystemTime::now().duration_since(time).ok());
    age.is_none_or(|age| age < uploads::PATIENCE)
}
