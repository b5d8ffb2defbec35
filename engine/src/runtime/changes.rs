//! A container's changes: `docker diff`, and the size of its own layer.

use super::observe;
use super::plan::mountpoints;
use crate::error::Result;
use crate::events::ObjectKind;
use crate::site::Site;
use crate::sys::namespace;
use crate::tree::changes::{Change, changes};
use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;

/// Changes against the image; see [`crate::Engine::diff`].
pub(crate) fn diff(site: &Site, name: &str) -> Result<Vec<Change>> {
    let container = observe::by_name(site, name)?;
    // The caller may not have access to files of users other than root.
    namespace::become_root()?;
    let layers = site.home.layers();
    let mut lowers = vec![mountpoints(&site.home)];
    lowers.extend(
        container
            .config
            .layers
            .iter()
            .map(|chain| layers.join(chain).join("diff")),
    );
    let found = changes(
        &site.sandbox.container(&container.config.id).upper(),
        &lowers,
    )?;
    site.record(
        &site
            .event(ObjectKind::Container, "diff", container.config.id.as_str())
            .with("name", container.config.name.as_str()),
    );
    Ok(found)
}

/// Bytes of files and links in the container's own layer, each file once however many names it has; see
/// [`crate::Engine::writable_size`].
pub(crate) fn writable_size(site: &Site, name: &str) -> Result<u64> {
    let container = observe::by_name(site, name)?;
    let upper = site.sandbox.container(&container.config.id).upper();
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
