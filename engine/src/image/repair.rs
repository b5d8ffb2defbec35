//! Repairs an image with a damaged layer before it is used.
//!
//! **What Docker does.** Nothing: it runs what is left. **What we do.** A layer that a power cut has damaged is rebuilt
//! from what this machine still has: its own files, if only its description is lost; its compressed form; the same
//! files on a different parent; for a starter image, the programs of this machine. If a layer cannot be rebuilt, an
//! error names the command that helps.
//! **Try it.** Empty a file under `content/layers/<chain>/diff`, remove `on-disk` beside `diff`, and `docker run` the
//! image.

use super::layer::{self, Origin};
use super::starter;
use super::{Image, config, resolve};
use crate::engine::Engine;
use crate::error::{Error, IoContext, Result};
use crate::oci::digest::{Digest, ImageId};
use crate::paths::{Home, SandboxPaths};
use crate::store::layers::{self, Layer};
use crate::store::lock::keep_content;
use crate::store::{blobs, distribution, whole};
use crate::sys::namespace::become_root;
use crate::tree::unpack::Limits;
use std::fs::File;

impl Engine {
    /// The same, for an image about to be used: a layer that a power cut has damaged is rebuilt. Error: it cannot be
    /// rebuilt; of kind `NotFound` if the image can be pulled.
    pub fn whole_image(&self, name: &str) -> Result<Image> {
        let _kept = self.keep_content()?;
        find_whole(&self.home, &self.sandbox, name)
    }
}

/// The image that `name` means, with whole layers; see [`resolve::find`].
///
/// # Errors
/// Kind `NotFound` also if it is damaged and a registry has it: then it is pulled like a missing image.
pub(crate) fn find_whole(home: &Home, sandbox: &SandboxPaths, name: &str) -> Result<Image> {
    let image = resolve::find(home, sandbox, name)?;
    if is_whole(home, &image.chain) || make_whole(home, &image.id, &image.chain)? {
        return Ok(image);
    }
    Err(damaged(name, &image))
}

/// Makes sure that the layers `chain` of a container are whole.
pub(crate) fn ensure_whole(
    home: &Home,
    sandbox: &SandboxPaths,
    id: &ImageId,
    chain: &[String],
) -> Result<()> {
    if is_whole(home, chain) {
        return Ok(());
    }
    let _kept = keep_content(home)?;
    if make_whole(home, id, chain)? {
        return Ok(());
    }
    let name = id.as_str();
    match resolve::find(home, sandbox, name) {
        Ok(image) => Err(damaged(
            image.names().first().map_or(name, String::as_str),
            &image,
        )),
        Err(_) => Err(
            Error::internal(format!("the image {id} of this container is damaged"))
                .with_hint("make the image again, and then the container"),
        ),
    }
}

/// Whether all layers of `chain` are present and unchanged.
pub(crate) fn is_whole(home: &Home, chain: &[String]) -> bool {
    chain.iter().all(|layer| layers::is_whole(home, layer))
}

/// The error for an image that cannot be repaired here.
fn damaged(name: &str, image: &Image) -> Error {
    let sentence =
        format!("the image {name} is damaged: files of its layers were lost, as in a power cut");
    // An image that came from a registry has a digest there.
    match image.references.iter().find(|name| name.digest().is_some()) {
        Some(known) => Error::not_found(sentence).with_hint(format!(
            "docker pull {}",
            image
                .names()
                .first()
                .cloned()
                .unwrap_or_else(|| known.familiar())
        )),
        None => Error::internal(sentence).with_hint(format!(
            "make it again, such as with docker build -t {name} ."
        )),
    }
}

/// Rebuilds the damaged layers of the image `id`; false if one cannot be rebuilt. The caller holds the content lock.
pub(crate) fn make_whole(home: &Home, id: &ImageId, chain: &[String]) -> Result<bool> {
    match config(home, id) {
        Ok(config) if layers::chain(&config.rootfs.diff_ids) == chain => {
            make_layers(home, &config.rootfs.diff_ids)
        }
        _ => Ok(false),
    }
}

/// The same for the layers `diff_ids`, lowest first.
pub(crate) fn make_layers(home: &Home, diff_ids: &[Digest]) -> Result<bool> {
    // Files may belong to subordinate ids. Where no namespace can be made, none do.
    drop(become_root());
    let chain = layers::chain(diff_ids);
    let mut below = None;
    for (layer, diff_id) in chain.iter().zip(diff_ids) {
        if !layers::exists(home, layer) && !again(home, diff_id, below)? {
            return Ok(false);
        }
        below = Some(layer.as_str());
    }
    whole::settle(home)?;
    Ok(true)
}

/// Rebuilds the layer `diff_id` on top of `parent`.
fn again(home: &Home, diff_id: &Digest, parent: Option<&str>) -> Result<bool> {
    let chain = layers::chain_id(parent, diff_id);
    Ok(from_files(home, diff_id, parent)?
        || from_blob(home, diff_id, parent)?
        || (starter::assemble(home).is_ok() && layers::exists(home, &chain)))
}

/// From its own files, if only its description is lost, or from the same files on a different parent; the digest
/// decides.
fn from_files(home: &Home, diff_id: &Digest, parent: Option<&str>) -> Result<bool> {
    let own = Layer::new(diff_id.clone(), parent);
    let other = layers::by_diff_id(home)?.remove(diff_id);
    let mut found = [Some(own), other].into_iter().flatten();
    Ok(found.any(|layer| layer::copy_layer(home, &layer, parent).is_ok()))
}

/// From a compressed form that is here.
fn from_blob(home: &Home, diff_id: &Digest, parent: Option<&str>) -> Result<bool> {
    for form in distribution::forms(home, diff_id) {
        let path = blobs::path(home, &form.digest);
        if !form.is_here(home) {
            continue;
        }
        let blob = File::open(&path).on("open", &path)?;
        // A damaged blob is no better than a missing one.
        if let Ok(staged) = layer::stage(home, blob, Origin::Foreign, &Limits::default())
            && staged.diff_id() == diff_id
        {
            staged.place(home, parent)?;
            return Ok(true);
        }
    }
    Ok(false)
}
