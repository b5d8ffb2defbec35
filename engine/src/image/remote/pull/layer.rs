//! Downloads the layers of an image, three at a time.
//!
//! ```text
//! registry ─► bytes ─► sha256 of the blob ─► gunzip ─► sha256 of the tar ─► content/tmp/layer-…/diff
//!                └──► content/tmp/blob-…
//! ```
//!
//! Both digests must be the announced ones before blob and layer get their names.

use super::{Observer, layer_event, short};
use crate::error::{Error, Result};
use crate::image::layer::{self, Origin, Staged};
use crate::image::remote::blob::Blob;
use crate::image::remote::event::LayerStatus;
use crate::image::remote::http::Client;
use crate::image::remote::parallel::{self, News};
use crate::oci::config::ImageConfig;
use crate::oci::descriptor::Descriptor;
use crate::oci::digest::Digest;
use crate::oci::reference::Reference;
use crate::paths::Home;
use crate::store::blobs::Draft;
use crate::store::distribution::{self, Form};
use crate::store::layers::{self, Layer};
use crate::tree::unpack::Limits;
use std::collections::{HashMap, HashSet};

/// Layers that are downloaded at the same time, as in Docker.
const AT_ONCE: usize = 3;

/// Counts of a pull.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) fetched: usize,
    pub(super) existing: usize,
    pub(super) bytes: u64,
}

/// How a layer gets here.
enum Way {
    /// It is already here.
    Here,
    /// Its files are here, on a different parent.
    Copied(Layer),
    /// It is fetched.
    Fetched,
    /// It is the same as a layer that is fetched for a lower position.
    Again,
}

/// Makes all layers available here, in their places.
pub(super) fn all(
    home: &Home,
    client: &Client,
    reference: &Reference,
    layers: &[Descriptor],
    config: &ImageConfig,
    observer: &mut Observer<'_>,
) -> Result<Counted> {
    let diff_ids = &config.rootfs.diff_ids;
    let ways = ways(home, diff_ids)?;
    let to_fetch: Vec<usize> = (0..layers.len())
        .filter(|index| matches!(ways[*index], Way::Fetched))
        .collect();
    let mut counted = Counted {
        fetched: to_fetch.len(),
        existing: layers.len() - to_fetch.len(),
        bytes: to_fetch.iter().map(|index| layers[*index].size).sum(),
    };
    counted.existing -= ways.iter().filter(|way| matches!(way, Way::Again)).count();
    for (way, descriptor) in ways.iter().zip(layers) {
        let status = match way {
            Way::Here | Way::Copied(_) => LayerStatus::AlreadyExists,
            Way::Fetched | Way::Again => LayerStatus::PullingFsLayer,
        };
        observer(layer_event(&short(&descriptor.digest), status));
    }
    for index in to_fetch.iter().skip(AT_ONCE) {
        observer(layer_event(
            &short(&layers[*index].digest),
            LayerStatus::Waiting,
        ));
    }
    let mut stack = Stack {
        home,
        layers,
        diff_ids,
        ways,
        staged: HashMap::new(),
        placed: Vec::new(),
    };
    stack.place_what_is_there(observer)?;
    let fetch = |index: &usize, tell: &dyn Fn(LayerStatus)| {
        fetch(home, client, reference, *index, (layers, diff_ids), tell)
    };
    parallel::each(&client.wires, &to_fetch, AT_ONCE, fetch, |index, news| {
        match news {
            News::Status(status) => {
                observer(layer_event(&short(&layers[*index].digest), status));
            }
            News::Done(staged) => {
                stack.staged.insert(*index, staged);
                stack.place_what_is_there(observer)?;
            }
        }
        Ok(())
    })?;
    if stack.placed.len() != layers.len() {
        return Err(Error::internal("a layer was not fetched"));
    }
    note_all(home, reference, layers, diff_ids)?;
    Ok(counted)
}

/// Records that the repository of `reference` has these blobs for the layers, which saves work at a push.
pub(super) fn note_all(
    home: &Home,
    reference: &Reference,
    layers: &[Descriptor],
    diff_ids: &[Digest],
) -> Result<()> {
    let mut both = layers.iter().zip(diff_ids);
    both.try_for_each(|(descriptor, diff_id)| note(home, reference, descriptor, diff_id))
}

/// How each layer gets here.
fn ways(home: &Home, diff_ids: &[Digest]) -> Result<Vec<Way>> {
    let chain = layers::chain(diff_ids);
    let here = chain
        .iter()
        .take_while(|chain| layers::exists(home, chain))
        .count();
    let mut ways: Vec<Way> = (0..here).map(|_| Way::Here).collect();
    if here == diff_ids.len() {
        return Ok(ways);
    }
    let mut known = layers::by_diff_id(home)?;
    let mut fetched = HashSet::new();
    for (chain, diff_id) in chain.iter().zip(diff_ids).skip(here) {
        ways.push(match known.remove(diff_id) {
            _ if layers::exists(home, chain) => Way::Here,
            Some(layer) => {
                known.insert(diff_id.clone(), layer.clone());
                Way::Copied(layer)
            }
            None if fetched.insert(diff_id) => Way::Fetched,
            None => Way::Again,
        });
    }
    Ok(ways)
}

fn note(
    home: &Home,
    reference: &Reference,
    descriptor: &Descriptor,
    diff_id: &Digest,
) -> Result<()> {
    let form = Form {
        digest: descriptor.digest.clone(),
        size: descriptor.size,
        media_type: descriptor.media_type.clone(),
        sources: vec![reference.name()],
    };
    distribution::note_form(home, diff_id, &form)
}

/// The layers already placed, and those still waiting.
struct Stack<'a> {
    home: &'a Home,
    layers: &'a [Descriptor],
    diff_ids: &'a [Digest],
    ways: Vec<Way>,
    staged: HashMap<usize, Staged>,
    placed: Vec<Layer>,
}

impl Stack<'_> {
    /// Places layers from the bottom up, as far as they have arrived.
    fn place_what_is_there(&mut self, observer: &mut Observer<'_>) -> Result<()> {
        let home = self.home;
        while self.placed.len() < self.ways.len() {
            let index = self.placed.len();
            let diff_id = &self.diff_ids[index];
            let parent = self.placed.last().map(|layer| layer.chain.clone());
            let chain = layers::chain_id(parent.as_deref(), diff_id);
            let layer = match &self.ways[index] {
                Way::Here => layers::read(home, &chain)?,
                Way::Copied(layer) => layer::copy_layer(home, layer, parent.as_deref())?,
                Way::Again => {
                    let first = self.placed.iter().find(|layer| layer.diff_id == *diff_id);
                    let first =
                        first.ok_or_else(|| Error::internal("a layer is not where it was"))?;
                    layer::copy_layer(home, first, parent.as_deref())?
                }
                Way::Fetched => match self.staged.remove(&index) {
                    Some(staged) => staged.place(home, parent.as_deref())?,
                    None => return Ok(()),
                },
            };
            if matches!(self.ways[index], Way::Fetched) {
                let id = short(&self.layers[index].digest);
                observer(layer_event(&id, LayerStatus::PullComplete));
            }
            self.placed.push(layer);
        }
        Ok(())
    }
}

/// Fetches and unpacks the layer `index`, and keeps its blob.
fn fetch(
    home: &Home,
    client: &Client,
    reference: &Reference,
    index: usize,
    (layers, diff_ids): (&[Descriptor], &[Digest]),
    tell: &dyn Fn(LayerStatus),
) -> Result<Staged> {
    let (descriptor, expected) = (&layers[index], &diff_ids[index]);
    let draft = Draft::new(home)?;
    let mut blob = Blob::new(client, reference, descriptor, tell, Some(draft.file()));
    let staged = layer::stage(home, &mut blob, Origin::Foreign, &Limits::default());
    let staged = blob.finish(staged)?;
    tell(LayerStatus::DownloadComplete);
    if staged.diff_id() != expected {
        return Err(Error::invalid(format!(
            "invalid diffID for layer {index}: expected \"{expected}\", got \"{}\"",
            staged.diff_id()
        )));
    }
    note(home, reference, descriptor, expected)?;
    draft.publish(home, &descriptor.digest)?;
    Ok(staged)
}
