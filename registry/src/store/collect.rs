//! What nobody needs any more is deleted, when nobody can be at it: at the start, under the lock.
//!
//! **What Docker's registry does.** It has a command of its own for that, and must be stopped for it. **What we do.** We
//! look, at each start: a blob is needed by the manifests of its repository. One that no manifest names yet may belong to
//! a push that goes on after a restart, so it has some hours.

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
    /// Deletes blobs that no repository has, here or in the registries `beside`, after taking from each what its manifests do
    /// not name; and what a server that was killed had begun to write.
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

    /// What the repositories of this registry have.
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

/// Removes files below `folder` that nobody has gone on writing for hours.
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
