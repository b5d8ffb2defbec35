//! Makes layers from a tar or from a container's writable layer, and writes them back into a tar.
//!
//! ```text
//!                 unpack                       rename(2)
//! tar, gzip, … ───────────► content/tmp/layer-x/diff ───────► content/layers/<chain>/diff
//! upper folder ────────────────────────────────────────────────────────┘   (no copy: `adopt`)
//! ```
//!
//! Adopting also packs the folder, but only into a hash, because a layer is named by its digest. Building never
//! compresses.

use crate::error::{Error, IoContext, Result};
use crate::oci::digest::Digest;
use crate::paths::Home;
use crate::store::blobs;
use crate::store::distribution::{self, Form};
use crate::store::layers::{self, Draft, Layer};
use crate::tree::compression::decompress;
use crate::tree::pack::pack;
use crate::tree::recipe::{self, Recipe};
use crate::tree::streams::{Capped, Digesting};
use crate::tree::tar::{Reader, damaged};
use crate::tree::unpack::{Frame, Limits, Unpacked, unpack};
use flate2::write::GzEncoder;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

const BUFFER: usize = 128 << 10;
/// Compresses nearly as well as the usual level 6, in half the time.
const LEVEL: flate2::Compression = flate2::Compression::new(2);
/// The stack of a packing thread, which recurses into folders.
const STACK: usize = 16 << 20;

/// A layer that is unpacked and hashed, but not yet placed on a parent.
pub(crate) struct Staged {
    draft: Draft,
    diff_id: Digest,
    tar_size: u64,
    unpacked: Unpacked,
}

impl Staged {
    /// The digest of the uncompressed tar.
    pub(crate) fn diff_id(&self) -> &Digest {
        &self.diff_id
    }

    /// Makes it the layer on top of `parent` (a chain id). An existing one stays.
    pub(crate) fn place(self, home: &Home, parent: Option<&str>) -> Result<Layer> {
        let mut layer = Layer::new(self.diff_id, parent);
        layer.size = self.unpacked.size;
        layer.entries = self.unpacked.entries;
        layer.tar_size = self.tar_size;
        self.draft.publish(home, layer)
    }
}

/// Whether the exact bytes of a tar must be kept, or can be reproduced from the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Another program packed it.
    Foreign,
    /// [`pack`] packed it, and would produce the same bytes again.
    Ours,
}

/// Unpacks a layer's tar, compressed or not.
/// Errors: see [`unpack`]; nothing is left behind.
pub(crate) fn stage(
    home: &Home,
    stream: impl Read,
    origin: Origin,
    limits: &Limits,
) -> Result<Staged> {
    let tar = decompress(stream).map_err(damaged)?;
    let draft = Draft::new(home)?;
    let frame = Frame(match origin {
        Origin::Foreign => Some(Recipe::create(draft.folder())?),
        Origin::Ours => None,
    });
    let mut hashed = Digesting::new(Capped::new(tar, limits.stream()));
    let mut tar = Reader::with_frame(BufReader::with_capacity(BUFFER, &mut hashed), frame);
    let unpacked = unpack(&mut tar, draft.folder(), limits)?;
    if let Frame(Some(recipe)) = tar.finish().map_err(damaged)? {
        recipe.finish().on("write", draft.folder())?;
    }
    let (diff_id, tar_size) = hashed.finish();
    Ok(Staged {
        draft,
        diff_id,
        tar_size,
        unpacked,
    })
}

/// Unpacks a layer's tar and makes it the layer on top of `parent`. With `expected`, its digest must be that one.
pub(crate) fn import(
    home: &Home,
    stream: impl Read,
    parent: Option<&str>,
    expected: Option<&Digest>,
) -> Result<Layer> {
    let staged = stage(home, stream, Origin::Foreign, &Limits::default())?;
    match expected {
        Some(expected) if expected != staged.diff_id() => Err(Error::invalid(format!(
            "invalid diffID for layer: expected \"{expected}\", got \"{}\"",
            staged.diff_id()
        ))),
        _ => staged.place(home, parent),
    }
}

/// Makes the folder `upper` itself the layer on top of `chain` (chain ids, lowest first). The folder is gone
/// afterwards; it must be on the file system of the home, and nothing may use it any more.
pub(crate) fn adopt(home: &Home, chain: &[String], upper: &Path) -> Result<Layer> {
    let mut hashed = Digesting::new(io::sink());
    let packed = pack(upper, &diffs(home, chain), &mut hashed)?;
    let (diff_id, tar_size) = hashed.finish();
    let mut layer = Layer::new(diff_id, chain.last().map(String::as_str));
    layer.size = packed.size;
    layer.entries = packed.entries;
    layer.tar_size = tar_size;
    Draft::adopt(home, upper)?.publish(home, layer)
}

/// Makes a copy of the folder `upper` the layer on top of `chain` (chain ids, lowest first); none if it would be empty.
pub(crate) fn copy(home: &Home, chain: &[String], upper: &Path) -> Result<Option<Layer>> {
    let lowers = diffs(home, chain);
    let staged = through_a_pipe(home, Origin::Ours, move |sink| {
        pack(upper, &lowers, sink).map(drop)
    })?;
    match staged.unpacked.entries {
        0 => Ok(None),
        _ => staged
            .place(home, chain.last().map(String::as_str))
            .map(Some),
    }
}

/// The layer with the files of `layer`, on top of another parent.
pub(crate) fn copy_layer(home: &Home, layer: &Layer, parent: Option<&str>) -> Result<Layer> {
    through_a_pipe(home, Origin::Foreign, |sink| write_tar(home, layer, sink))?.place(home, parent)
}

/// Writes the uncompressed tar of a layer to `sink`: exactly the bytes that its diffID was computed from.
/// Error: kind `Internal` if the files have changed.
pub(crate) fn write_tar(home: &Home, layer: &Layer, sink: impl Write) -> Result<()> {
    let mut hashed = Digesting::new(sink);
    if !recipe::replay(&layers::path(home, &layer.chain), &mut hashed)? {
        let lowers = match &layer.parent {
            Some(parent) => diffs(home, &chain_of(home, parent)?),
            None => Vec::new(),
        };
        pack(&layers::diff(home, &layer.chain), &lowers, &mut hashed)?;
    }
    let (digest, _) = hashed.finish();
    match digest == layer.diff_id {
        true => Ok(()),
        false => Err(Error::internal(format!(
            "layer sha256:{} is damaged: its files are not what they were",
            layer.chain
        ))),
    }
}

/// Packs `layer` as gzip, keeps the blob, and records it: building never compresses, and the first push does. The caller
/// holds [`crate::store::lock::keep_content`].
pub fn pack_gzip(home: &Home, layer: &Layer, media_type: &str) -> Result<Form> {
    let draft = blobs::Draft::new(home)?;
    let mut gzip = GzEncoder::new(Digesting::new(draft.file()), LEVEL);
    write_tar(home, layer, &mut gzip)?;
    let (digest, size) = gzip.finish().on("write", draft.path())?.finish();
    let form = Form {
        digest,
        size,
        media_type: media_type.to_owned(),
        sources: Vec::new(),
    };
    distribution::note_form(home, &layer.diff_id, &form)?;
    draft.publish(home, &form.digest)?;
    Ok(form)
}

/// The chain ids of a layer and of all layers below it, lowest first.
pub(crate) fn chain_of(home: &Home, top: &str) -> Result<Vec<String>> {
    let mut chain = Vec::new();
    let mut next = Some(top.to_owned());
    while let Some(current) = next {
        next = layers::read(home, &current)?.parent;
        chain.push(current);
    }
    chain.reverse();
    Ok(chain)
}

/// The folders of layers.
pub(crate) fn diffs(home: &Home, chain: &[String]) -> Vec<PathBuf> {
    chain
        .iter()
        .map(|layer| layers::diff(home, layer))
        .collect()
}

/// Lets `write` produce a tar on a separate thread, and unpacks it at the same time.
fn through_a_pipe(
    home: &Home,
    origin: Origin,
    write: impl FnOnce(&mut dyn Write) -> Result<()> + Send,
) -> Result<Staged> {
    let (reader, writer) = io::pipe().on("make", "pipe")?;
    std::thread::scope(|scope| {
        let packer = std::thread::Builder::new().stack_size(STACK);
        let producer = packer.spawn_scoped(scope, move || {
            let mut sink = BufWriter::with_capacity(BUFFER, writer);
            write(&mut sink)?;
            sink.flush().on("write", "pipe")
        });
        let producer = producer.on("start", "a thread")?;
        let staged = stage(home, reader, origin, &Limits::default());
        let produced = producer
            .join()
            .unwrap_or_else(|_| Err(Error::internal("packing a layer failed")));
        match (produced, staged) {
            // A failed reader closes the pipe, so its own error is the cause.
            (_, Err(error)) if error.kind() != crate::ErrorKind::Invalid => Err(error),
            (Err(error), _) => Err(error),
            (Ok(()), staged) => staged,
        }
    })
}

#[cfg(test)]
mod tests;
