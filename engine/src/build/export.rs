//! `docker build --output`: exports the files of the result.
//!
//! **What Docker does.** An *exporter* of BuildKit writes the result: `docker` and `oci` an archive of the image, `tar`
//! and `local` the files of its root. **What we do.** `tar` and `local`; the root is read through the layers without
//! mounting anything. **What we leave out.** The archives, since `docker save` writes them, and `registry`.
//! **Try it.** `docker build --output out .`

use super::ignore::Ignore;
use super::observe::BuildOutcome;
use super::sources::{Item, Tree};
use crate::engine::Engine;
use crate::error::{Error, IoContext, Result};
use crate::image::layer::diffs;
use crate::paths::Home;
use crate::runtime::copy::unpack_for_caller;
use crate::tree::pack::Packer;
use crate::tree::view::Node;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Bytes per write.
const PIECE: usize = 256 << 10;

impl Engine {
    /// Writes the files of a build's result to `sink` as a tar. The caller has held [`Engine::keep_content`] since
    /// before the build.
    pub fn write_build(&self, built: &BuildOutcome, sink: &mut dyn Write) -> Result<()> {
        files(&self.home, &built.chain, sink)
    }

    /// Writes the files of the result into `folder`, which is created if it is missing; they belong to the caller.
    pub fn unpack_build(&self, built: &BuildOutcome, folder: &Path) -> Result<()> {
        unpack(&self.home, built, folder)
    }
}

/// Writes the files of the result into `folder`.
fn unpack(home: &Home, built: &BuildOutcome, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).on("create the directory", folder)?;
    let (reader, writer) = io::pipe().on("make", "pipe")?;
    std::thread::scope(|scope| {
        let producer = scope.spawn(move || {
            let mut sink = BufWriter::with_capacity(PIECE, writer);
            files(home, &built.chain, &mut sink)?;
            sink.flush().on("write", "pipe")
        });
        let unpacked = unpack_for_caller(reader, folder);
        let produced = producer
            .join()
            .unwrap_or_else(|_| Err(Error::internal("reading the layers failed")));
        // If the reader stopped, the writer's error is only a consequence.
        unpacked.and(produced)
    })
}

/// The files of a stack of layers as one tar.
fn files(home: &Home, chain: &[String], sink: &mut dyn Write) -> Result<()> {
    let tree = Tree::open(&diffs(home, chain), Ignore::default())?;
    let root = Item {
        path: PathBuf::new(),
        name: OsString::new(),
        is_dir: true,
        only: None,
    };
    let mut packer = Packer::new(sink);
    tree.walk(&root, &Ignore::default(), &mut |visit| {
        let mut path = visit.full.as_os_str().as_bytes().to_vec();
        match visit.node {
            Node::File(file) => {
                let (parent, name) = file.place();
                packer.add(parent, name, file.stat, path)
            }
            Node::Folder(folder) => match folder.top() {
                Some(top) if !path.is_empty() => {
                    path.push(b'/');
                    packer.add(top, OsStr::new("."), folder.stat, path)
                }
                _ => Ok(()),
            },
        }
    })?;
    packer.finish().map(drop)
}
