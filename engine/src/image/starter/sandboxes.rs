//! Gives the starter images to sandboxes, and renews them there.

use super::{is_makeshift, known, ready};
use crate::engine::Engine;
use crate::error::Result;
use crate::image::collect;
use crate::image::record::{self, NewImage};
use crate::oci::reference::Reference;
use crate::paths::{Home, SandboxPaths};
use crate::store::lock::keep_content;
use crate::store::{blobs, images};
use jiff::Timestamp;

impl Engine {
    /// Gives a new sandbox its first images: `busybox`, `hello-world` and `welcome`. Costs one `stat(2)` afterwards.
    pub fn ensure_starter_images(&self) -> Result<()> {
        ensure(&self.home, &self.sandbox, self.now())
    }
}

/// Gives a sandbox without `images.json` the starter images, which are assembled if this home has none yet. Costs one
/// `stat(2)` when the sandbox has its images.
pub fn ensure(home: &Home, sandbox: &SandboxPaths, now: Timestamp) -> Result<()> {
    if sandbox.images().exists() {
        return Ok(());
    }
    let _kept = keep_content(home)?;
    let mut new = Vec::new();
    let starters = ready(home)?;
    for (name, id) in starters.of_a_new_sandbox() {
        new.push(NewImage {
            config: blobs::read(home, id)?,
            parent: None,
            references: vec![Reference::parse(name)?.or_latest()],
        });
    }
    record::record(home, sandbox, now, &new).map(drop)
}

/// Once a busybox is installed, moves the names of starter images made from the machine's own tools to images made from
/// that busybox, in all sandboxes. Costs nothing when there is nothing to do.
pub fn renew(home: &Home, now: Timestamp) -> Result<()> {
    let Some(old) = known(home).filter(|starters| is_makeshift(home, starters)) else {
        return Ok(());
    };
    let _kept = keep_content(home)?;
    let new = ready(home)?;
    for sandbox in collect::sandboxes(home)? {
        for (name, id) in &new.images {
            let reference = Reference::parse(name)?.or_latest();
            let table = images::read(&sandbox).unwrap_or_default();
            // A name that now means something else belongs to the user.
            if old.images.get(name) == Some(id)
                || table.references.get(&reference) != old.images.get(name)
            {
                continue;
            }
            let image = NewImage {
                config: blobs::read(home, id)?,
                parent: None,
                references: vec![reference],
            };
            record::record(home, &sandbox, now, &[image])?;
        }
    }
    Ok(())
}
