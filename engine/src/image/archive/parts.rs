//! The parts of an archive, in the order of the stream. What each part is for becomes clear only at the end: a stream
//! cannot be read twice, and the list of contents is usually its last file.
//!
//! So a part that looks like a layer is unpacked at once, and a part that looks like JSON is kept in memory. A part
//! that no manifest names is dropped.

use crate::error::{Error, Result};
use crate::go::within_root;
use crate::image::layer::{self, Origin, Staged};
use crate::oci::digest::Digest;
use crate::paths::Home;
use crate::store::blobs::LARGEST_IN_MEMORY;
use crate::store::layers::{self, Layer};
use crate::tree::compression::Compression;
use crate::tree::streams::Digesting;
use crate::tree::tar::{EntryKind, Reader, damaged};
use crate::tree::unpack::Limits;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read};

/// The most text in bytes, of all parts together. An archive with more is not an archive of images.
const LARGEST_MEMORY: usize = 64 << 20;

/// A part.
pub(super) enum Part {
    /// A configuration, a manifest, a list.
    Text(Vec<u8>),
    /// A layer, unpacked.
    Layer {
        /// Not placed yet.
        staged: Option<Staged>,
        /// The digest of its bytes in the archive, which may be compressed.
        blob: Digest,
        /// The digest of the plain tar.
        diff_id: Digest,
    },
    /// A layer that this home already has.
    Known(Layer),
    /// It looks like text, but is this many bytes long.
    TooLong(u64),
    /// It looked like a layer, but is not a valid one.
    Damaged(Error),
}

/// All parts, by their path.
pub(super) struct Parts<'a> {
    home: &'a Home,
    parts: BTreeMap<String, Part>,
    /// Links to other paths.
    aliases: HashMap<String, String>,
    known: HashMap<Digest, Layer>,
    memory: usize,
}

impl<'a> Parts<'a> {
    /// Reads a whole archive, already decompressed.
    pub(super) fn read(home: &'a Home, stream: impl Read) -> Result<Self> {
        let mut parts = Self {
            home,
            parts: BTreeMap::new(),
            aliases: HashMap::new(),
            known: layers::by_diff_id(home)?,
            memory: 0,
        };
        let mut tar = Reader::new(stream);
        while let Some(entry) = tar.next_entry().map_err(damaged)? {
            let path = within_root(&String::from_utf8_lossy(&entry.path));
            match entry.kind {
                EntryKind::File => {
                    let part = parts.part(&path, entry.size, &mut tar)?;
                    parts.parts.insert(path, part);
                }
                EntryKind::Symlink | EntryKind::HardLink => {
                    let target = String::from_utf8_lossy(&entry.link).into_owned();
                    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                    let target = match entry.kind {
                        EntryKind::Symlink if !target.starts_with('/') => {
                            within_root(&format!("{folder}/{target}"))
                        }
                        _ => within_root(&target),
                    };
                    parts.aliases.insert(path, target);
                }
                _ => {}
            }
        }
        tar.finish().map_err(damaged)?;
        Ok(parts)
    }

    /// The text at `path`. Errors: it is missing, or too long.
    pub(super) fn needed(&self, path: &str) -> Result<&[u8]> {
        match self.parts.get(self.resolve(path).as_str()) {
            Some(Part::Text(bytes)) => Ok(bytes),
            Some(Part::TooLong(size)) => Err(Error::invalid(format!(
                "{path} of {size} bytes is refused: what describes an image has at most {LARGEST_IN_MEMORY}"
            ))),
            _ => Err(Error::invalid(format!(
                "open {path}: no such file or directory"
            ))),
        }
    }

    /// The text at `path`, if there is one.
    pub(super) fn text(&self, path: &str) -> Option<&[u8]> {
        match self.parts.get(self.resolve(path).as_str())? {
            Part::Text(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Places the layer at `path` on top of `parent`. `expected` is its diffID, and `index` its position in the image.
    pub(super) fn place(
        &mut self,
        path: &str,
        parent: Option<&str>,
        expected: &Digest,
        index: usize,
    ) -> Result<Layer> {
        let wrong = |found: &Digest| {
            Error::invalid(format!(
                "invalid diffID for layer {index}: expected \"{expected}\", got \"{found}\""
            ))
        };
        let path = self.resolve(path);
        let part = self
            .parts
            .get_mut(&path)
            .ok_or_else(|| Error::invalid(format!("open {path}: no such file or directory")))?;
        let layer = match part {
            Part::Layer {
                staged, diff_id, ..
            } => {
                if diff_id != expected {
                    return Err(wrong(diff_id));
                }
                match staged.take() {
                    Some(staged) => staged.place(self.home, parent)?,
                    None => self.again(expected, parent)?,
                }
            }
            Part::Known(layer) => {
                if layer.diff_id != *expected {
                    return Err(wrong(&layer.diff_id));
                }
                let known = layer.clone();
                self.copy(&known, parent)?
            }
            // A layer without files may be an empty part.
            Part::Text(bytes) if Digest::of(bytes) == *expected => {
                let bytes = std::mem::take(bytes);
                self.stage(bytes.as_slice())?.place(self.home, parent)?
            }
            Part::Text(bytes) => return Err(wrong(&Digest::of(bytes))),
            Part::TooLong(_) => {
                return Err(Error::invalid(format!("{path} is no layer of an image")));
            }
            Part::Damaged(_) => {
                let Some(Part::Damaged(error)) = self.parts.remove(&path) else {
                    return Err(wrong(&Digest::of(b"")));
                };
                return Err(error);
            }
        };
        self.known.insert(layer.diff_id.clone(), layer.clone());
        Ok(layer)
    }

    /// The digest of the part at `path`, as stored in the archive.
    pub(super) fn digest(&self, path: &str) -> Option<Digest> {
        match self.parts.get(self.resolve(path).as_str())? {
            Part::Text(bytes) => Some(Digest::of(bytes)),
            Part::Layer { blob, .. } => Some(blob.clone()),
            Part::Known(layer) => Some(layer.diff_id.clone()),
            Part::Damaged(_) | Part::TooLong(_) => None,
        }
    }

    /// A layer that was already placed, now on a different parent.
    fn again(&self, diff_id: &Digest, parent: Option<&str>) -> Result<Layer> {
        let placed = self
            .known
            .get(diff_id)
            .ok_or_else(|| Error::internal("a layer that was unpacked is not there any more"))?;
        self.copy(placed, parent)
    }

    fn copy(&self, layer: &Layer, parent: Option<&str>) -> Result<Layer> {
        let chain = layers::chain_id(parent, &layer.diff_id);
        match layers::exists(self.home, &chain) {
            true => layers::read(self.home, &chain),
            false => layer::copy_layer(self.home, layer, parent),
        }
    }

    fn part(&mut self, path: &str, size: u64, content: &mut impl Read) -> Result<Part> {
        let known = path
            .strip_prefix("blobs/sha256/")
            .and_then(|hex| Digest::from_hex(hex).ok())
            .and_then(|digest| self.known.get(&digest));
        if let Some(layer) = known {
            return Ok(Part::Known(layer.clone()));
        }
        let mut start = Vec::with_capacity(512);
        content.take(512).read_to_end(&mut start).map_err(damaged)?;
        let compressed = Compression::of(&start) != Compression::None;
        let is_tar = start.get(257..262) == Some(b"ustar");
        let is_text = !is_tar && matches!(start.first(), None | Some(b'{' | b'['));
        let content = io::Cursor::new(start).chain(content);
        if !compressed && (is_text || size < 512) {
            if size > LARGEST_IN_MEMORY {
                return Ok(Part::TooLong(size));
            }
            return self.keep(content);
        }
        let staged = match compressed {
            true => self.compressed_layer(content),
            // A plain tar is read to its end and hashed once: its digest here is its diffID.
            false => self
                .stage(content)
                .map(|staged| (staged.diff_id().clone(), staged)),
        };
        Ok(match staged {
            Err(error) if error.kind() == crate::ErrorKind::Io => return Err(error),
            Err(error) => Part::Damaged(error),
            Ok((blob, staged)) => Part::Layer {
                diff_id: staged.diff_id().clone(),
                blob,
                staged: Some(staged),
            },
        })
    }

    fn stage(&self, content: impl Read) -> Result<Staged> {
        layer::stage(self.home, content, Origin::Foreign, &Limits::default())
    }

    /// A layer with the digest of its bytes in the archive.
    fn compressed_layer(&self, content: impl Read) -> Result<(Digest, Staged)> {
        let mut hashed = Digesting::new(content);
        let staged = self.stage(&mut hashed)?;
        // A decompressor may leave the last bytes unread.
        io::copy(&mut hashed, &mut io::sink()).map_err(damaged)?;
        Ok((hashed.finish().0, staged))
    }

    fn keep(&mut self, mut content: impl Read) -> Result<Part> {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).map_err(damaged)?;
        self.memory += bytes.len();
        if self.memory > LARGEST_MEMORY {
            return Err(
                Error::invalid("the archive is not an archive of images").with_hint(
                    "a tar of files, as `docker export` writes it, is read by `docker import`",
                ),
            );
        }
        Ok(Part::Text(bytes))
    }

    fn resolve(&self, path: &str) -> String {
        let mut path = within_root(path);
        // A link may lead to a link; the limit ends a loop.
        for _ in 0..8 {
            match self.aliases.get(&path) {
                Some(target) => path.clone_from(target),
                None => break,
            }
        }
        path
    }
}
