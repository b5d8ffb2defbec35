//! Reads files of images, containers and volumes, without mounting, running or recording anything.
//!
//! **Kernel feature.** None; see [`crate::tree::view`]. **What Docker does.** `docker cp` asks the daemon, which
//! mounts.
//! **What we do.** The checker judges the files on disk: the layers and the container's own folder, as overlayfs stacks
//! them. **What we leave out.** A tmpfs of a running container: it has no folder.

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::image::layer;
use crate::runtime::logs::reader;
use crate::runtime::plan::mountpoints;
use crate::runtime::spec::{Container, LogRecord};
use crate::store::layers::{self, Layer};
use crate::sys::namespace::{self, IdMap};
use crate::tree::changes::{Change, changes};
use crate::tree::view::{Last, Node, View};
use rustix::fs::{FileType, Stat};
use rustix::io::Errno;
use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// A file's contents and metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// It is a folder.
    pub is_folder: bool,
    /// The path's last part is a link; the other fields describe its target.
    pub is_link: bool,
    /// Its size in bytes.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
    /// Owner's user and group id, as a container would see them.
    pub owner: (u32, u32),
    /// Its contents; `None` unless it is a regular file within the limit.
    pub bytes: Option<Vec<u8>>,
}

impl Engine {
    /// Reads `path` in `folders`, stacked, lowest first; contents are read up to `limit` bytes. `None` if nothing is
    /// there. Links stay inside.
    pub fn look(&self, folders: &[PathBuf], path: &Path, limit: u64) -> Result<Option<Seen>> {
        let view = View::open(folders)?;
        let kept = match find(&view, path, Last::Keep)? {
            Some(node) => node,
            None => return Ok(None),
        };
        let is_link = matches!(&kept, Node::File(file) if file.kind() == FileType::Symlink);
        // A broken link still exists.
        let node = match find(&view, path, Last::Follow)? {
            Some(node) if is_link => node,
            _ => kept,
        };
        let stat = *node.stat();
        let bytes = match &node {
            Node::File(file)
                if file.kind() == FileType::RegularFile && stat.st_size as u64 <= limit =>
            {
                let fd = file
                    .open()
                    .map_err(|errno| Error::io("open", path, errno.into()))?;
                let mut bytes = Vec::new();
                File::from(fd)
                    .take(limit)
                    .read_to_end(&mut bytes)
                    .map_err(|error| Error::io("read", path, error))?;
                Some(bytes)
            }
            _ => None,
        };
        Ok(Some(Seen {
            is_folder: matches!(node, Node::Folder(_)),
            is_link,
            size: stat.st_size as u64,
            mode: stat.st_mode & 0o7777,
            owner: owner(&stat),
            bytes,
        }))
    }

    /// Reads the log of `container` from its beginning, until `sink` breaks.
    pub fn look_at_log(
        &self,
        container: &Container,
        sink: &mut dyn FnMut(LogRecord) -> ControlFlow<()>,
    ) -> Result<()> {
        let place = self.sandbox.container(&container.config.id);
        reader::look(&place.log(), sink)
    }

    /// The changes of `container`, compared with its image, sorted by path. Error: the caller may not read some of its
    /// folders.
    pub fn look_at_changes(&self, container: &Container) -> Result<Vec<Change>> {
        let mut lowers = vec![mountpoints(&self.home)];
        lowers.extend(self.layer_folders(&container.config.layers));
        let upper = self.sandbox.container(&container.config.id).upper();
        changes(&upper, &lowers)
    }

    /// The layer `id`, and its changes to the layers below it, sorted by path. `id` is a chain id or a diffID, or a
    /// prefix that fits only one layer. An ordinary user gets a user namespace.
    ///
    /// # Errors
    /// `No such layer`, kind `NotFound`; several matches, kind `Invalid`.
    pub fn look_at_layer(&self, id: &str) -> Result<(Layer, Vec<Change>)> {
        self.reach_all_files();
        let layer = self.find_layer(id)?;
        let mut lowers = layer::chain_of(&self.home, &layer.chain)?;
        lowers.pop();
        let changes = changes(
            &layers::diff(&self.home, &layer.chain),
            &self.layer_folders(&lowers),
        )?;
        Ok((layer, changes))
    }

    fn find_layer(&self, id: &str) -> Result<Layer> {
        let digits = id.trim_start_matches("sha256:");
        let mut found: Vec<Layer> = Vec::new();
        for chain in layers::list(&self.home)? {
            let layer = layers::read(&self.home, &chain)?;
            if chain.starts_with(digits) || layer.diff_id.hex().starts_with(digits) {
                found.push(layer);
            }
        }
        // The lowest layer has the same chain id and diffID; several higher layers may share a diffID on different
        // parents.
        match (found.len(), found.pop()) {
            (1, Some(layer)) if !digits.is_empty() => Ok(layer),
            (0 | 1, _) => Err(Error::not_found(format!("No such layer: {id}"))
                .with_hint("docklings show layers IMAGE")),
            (several, _) => Err(Error::invalid(format!(
                "{id} is the beginning of {several} layers"
            ))),
        }
    }

    /// The folders of the layers with these chain ids, in the form for [`Engine::look`].
    pub fn layer_folders(&self, chain: &[String]) -> Vec<PathBuf> {
        chain
            .iter()
            .map(|chain| layers::diff(&self.home, chain))
            .collect()
    }
}

fn find(view: &View, path: &Path, last: Last) -> Result<Option<Node>> {
    match view.find(path, last) {
        Ok(found) => Ok(found.map(|found| found.node)),
        Err(error) => {
            let cause = std::error::Error::source(&error)
                .and_then(|cause| cause.downcast_ref::<std::io::Error>())
                .and_then(std::io::Error::raw_os_error);
            // A part of the path is a file: then nothing is below it.
            if cause == Some(Errno::NOTDIR.raw_os_error()) {
                return Ok(None);
            }
            Err(error)
        }
    }
}

/// The owner on disk as a container sees it; an ordinary user's files appear as root's.
fn owner(stat: &Stat) -> (u32, u32) {
    let inside = |id: u32, own: u32, range: Option<(u32, u32)>| match range {
        _ if id == own => 0,
        Some((first, count)) if (first..first.saturating_add(count)).contains(&id) => {
            id - first + 1
        }
        // The kernel's overflow id: the owner is not in the namespace's map.
        _ => 65534,
    };
    let own = (
        nix::unistd::geteuid().as_raw(),
        nix::unistd::getegid().as_raw(),
    );
    match namespace::id_map() {
        IdMap::Machine => (stat.st_uid, stat.st_gid),
        IdMap::Single => (
            inside(stat.st_uid, own.0, None),
            inside(stat.st_gid, own.1, None),
        ),
        IdMap::Subordinate { uids, gids } => (
            inside(stat.st_uid, own.0, Some(uids)),
            inside(stat.st_gid, own.1, Some(gids)),
        ),
    }
}
