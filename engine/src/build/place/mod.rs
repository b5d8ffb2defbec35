//! Writing the files of COPY, ADD and WORKDIR into a new layer.
//!
//! **Kernel feature.** The layer's folder is an overlay *upper* directory before it is mounted for the first time: its
//! contents appear over the layers below. A directory that exists below must be created with the same mode and owner,
//! because the new one hides its attributes.
//! **What Docker does.** It mounts the layers and copies onto the mount. **What we do.** No mount: paths are resolved
//! in the merged view (links inside the root), and each file is created in its open parent by its last name only, never
//! through a link. Large files share their blocks with the source where the file system supports it.
//! Source: github.com/tonistiigi/fsutil `copy`, for conflicts with existing files.

mod folders;
pub(crate) mod rights;

use super::ignore::Ignore;
use super::sources::{Item, Tree, Visit};
use crate::error::{Error, IoContext, Result};
use crate::tree::bytes;
use crate::tree::owners::{self, Owners};
use crate::tree::view::{File, Folder, Found, Last, Node, View};
use crate::tree::write::{self, Metadata, Spot};
use folders::Folders;
use rights::Mode as Chmod;
use rustix::fs::{FileType, Stat};
use rustix::io::Errno;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes into one layer.
pub(crate) struct Placer {
    /// The layers below and the new one on top, as the container will see them.
    view: View,
    folders: Folders,
    owners: Owners,
    rights: Rights,
    /// Hard-linked files of the item, by device and inode, and their first target.
    twins: HashMap<(u64, u64), PathBuf>,
}

/// The owner of the files, and their permissions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rights {
    /// `None` keeps the source's.
    pub(crate) owner: Option<(u32, u32)>,
    /// `--chmod`.
    pub(crate) chmod: Option<Chmod>,
}

/// The destination of a copy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Destination<'a> {
    /// Absolute.
    pub(crate) path: &'a str,
    /// It must be a directory: it ends in `/`, or there are several sources.
    pub(crate) is_dir: bool,
    /// A directory is copied with its mode and owner, not only its contents.
    pub(crate) with_folder: bool,
    /// A link to a directory in the place of a directory is followed, as when unpacking an archive; a copy refuses it.
    pub(crate) through_links: bool,
}

impl Placer {
    /// Writes into `upper`, which is on top of `lowers` (folders, lowest first).
    pub(crate) fn new(upper: &Path, lowers: &[PathBuf], rights: Rights) -> Result<Self> {
        let mut layers = lowers.to_vec();
        layers.push(upper.to_owned());
        Ok(Self {
            view: View::open(&layers)?,
            folders: Folders::new(upper, View::open(lowers)?, rights.owner.unwrap_or_default())?,
            owners: Owners::detect(),
            rights,
            twins: HashMap::new(),
        })
    }

    /// Creates the directory `path` with its parents. Returns whether anything was missing.
    pub(crate) fn directory(&mut self, path: &str) -> Result<bool> {
        let found = self.view.find(Path::new(path), Last::Follow);
        if let Ok(Some(found)) = found {
            return match found.node {
                Node::Folder(_) => Ok(false),
                Node::File(_) => Err(Error::invalid(format!(
                    "cannot mkdir {path}: not a directory"
                ))),
            };
        }
        let real = self.view.resolve(Path::new(path))?;
        self.folders.open(&real)?;
        self.folders.finish()?;
        Ok(true)
    }

    /// Copies `item` of `tree`, without the files that match `exclude`.
    pub(crate) fn item(
        &mut self,
        tree: &Tree,
        item: &Item,
        exclude: &Ignore,
        to: Destination<'_>,
    ) -> Result<()> {
        let base = match item.is_dir {
            true => self.view.resolve(Path::new(to.path))?,
            false => self.file_path(to, &item.name)?,
        };
        // The root of a context is not a directory of the image.
        let whole = to.with_folder && !item.path.as_os_str().is_empty();
        self.twins.clear();
        let mut detours = to.through_links.then(Vec::new);
        tree.walk(item, exclude, &mut |visit| {
            let mut path = match visit.inner.as_os_str().is_empty() {
                true => base.clone(),
                false => base.join(visit.inner),
            };
            if let Some(detours) = &mut detours {
                path = self.detour(path, visit.node, detours)?;
            }
            self.visit(path, whole, visit)
        })?;
        self.folders.finish()
    }

    /// Writes a file with this content.
    pub(crate) fn content(
        &mut self,
        name: &str,
        content: &[u8],
        mode: u32,
        to: Destination<'_>,
    ) -> Result<()> {
        let path = self.file_path(to, OsStr::new(name))?;
        let (parent, last) = split(&path)?;
        let folder = self.folders.open(parent)?;
        let spot = Spot::new(&folder, last).map_err(|errno| failed(&path, errno))?;
        let mut file = self.create(spot, &path)?;
        file.write_all(content)
            .on("copy to", Path::new("/").join(&path))?;
        let about = Metadata {
            owner: Some(self.rights.owner.unwrap_or_default()),
            mode: self.mode(mode, false),
            ..Metadata::default()
        };
        write::grant(&file, &self.owners, &about).map_err(|errno| failed(&path, errno))?;
        self.folders.finish()
    }

    /// The path for a file called `name`: in `to` if that is a directory, else `to` itself.
    fn file_path(&self, to: Destination<'_>, name: &OsStr) -> Result<PathBuf> {
        let real = self.view.resolve(Path::new(to.path))?;
        let found = self.view.find(&real, Last::Keep)?;
        match found.map(|found| found.node) {
            Some(Node::Folder(_)) => Ok(real.join(name)),
            Some(Node::File(_)) if to.is_dir => Err(Error::invalid(format!(
                "cannot copy to non-directory: {}",
                to.path.trim_end_matches('/')
            ))),
            _ if to.is_dir => Ok(real.join(name)),
            _ => Ok(real),
        }
    }

    /// `path` with the links on its way resolved. `detours` are the links so far, each with its target; a walk visits a
    /// folder before its contents.
    fn detour(
        &self,
        path: PathBuf,
        node: &Node,
        detours: &mut Vec<(PathBuf, PathBuf)>,
    ) -> Result<PathBuf> {
        while detours
            .last()
            .is_some_and(|(link, _)| !path.starts_with(link))
        {
            detours.pop();
        }
        let real = match detours.last() {
            Some((link, leads_to)) => match path.strip_prefix(link) {
                Ok(rest) => leads_to.join(rest),
                Err(_) => path.clone(),
            },
            None => path.clone(),
        };
        if node.folder().is_none() {
            return Ok(real);
        }
        // A path that is missing, or below a file, is handled when it is created.
        let is_link = matches!(
            self.view.find(&real, Last::Keep),
            Ok(Some(Found { node: Node::File(file), .. })) if file.kind().is_symlink()
        );
        match self.view.find(&real, Last::Follow) {
            Ok(Some(found)) if is_link && found.node.folder().is_some() => {
                detours.push((path, found.path.clone()));
                Ok(found.path)
            }
            _ => Ok(real),
        }
    }

    fn visit(&mut self, path: PathBuf, whole: bool, visit: &Visit<'_>) -> Result<()> {
        let is_self = visit.inner.as_os_str().is_empty();
        match visit.node {
            Node::Folder(folder) => {
                let existed = self.folders.is_there(&path)?;
                self.folders.open(&path)?;
                // The target directory of the source's contents keeps its attributes, and a new one gets the default
                // attributes: COPY copies the contents of a directory.
                if is_self && (existed || !whole) {
                    return Ok(());
                }
                self.folder_rights(&path, folder)
            }
            Node::File(file) => self.file(file, &path),
        }
    }

    /// Sets the mode, owner and time of a copied directory from the source.
    fn folder_rights(&mut self, path: &Path, from: &Folder) -> Result<()> {
        let stat = &from.stat;
        let owner = match self.rights.owner {
            Some(owner) => owner,
            None => {
                let xattrs = from.xattrs().map_err(|errno| failed(path, errno))?;
                self.owners.seen((stat.st_uid, stat.st_gid), &xattrs)
            }
        };
        let about = Metadata {
            owner: Some(owner),
            xattrs: Vec::new(),
            mode: self.mode(stat.st_mode, true),
            mtime: write::mtime(stat),
        };
        self.folders.set(path, &about)
    }

    fn file(&mut self, file: &File, path: &Path) -> Result<()> {
        let (parent, name) = split(path)?;
        let stat = &file.stat;
        if file.kind() == FileType::Socket {
            return Ok(());
        }
        let folder = self.folders.open(parent)?;
        let on = |errno| failed(path, errno);
        let spot = Spot::new(&folder, name).map_err(on)?;
        let about = self.about(file).map_err(on)?;
        match file.kind() {
            FileType::RegularFile if self.twin(stat, spot, path)? => return Ok(()),
            FileType::RegularFile => {
                let to = self.create(spot, path)?;
                let from = file.open().map_err(on)?;
                bytes::copy(&from, &to, stat.st_size).map_err(on)?;
                return write::finish(&to, &self.owners, &about).map_err(on);
            }
            FileType::Symlink => {
                self.make_room(spot, path)?;
                let target = file.target().map_err(on)?;
                spot.symlink(target.as_os_str()).map_err(on)?;
            }
            kind => {
                self.make_room(spot, path)?;
                match spot.node(kind, stat.st_rdev) {
                    // Devices cannot be created in a user namespace: a container has its own /dev anyway.
                    Err(Errno::PERM) => return Ok(()),
                    other => other.map_err(on)?,
                }
            }
        }
        spot.finish(&self.owners, &about).map_err(on)
    }

    /// The attributes for the copy of `file`. Extended attributes are copied with files of another stage.
    fn about(&self, file: &File) -> Result<Metadata, Errno> {
        let stat = &file.stat;
        let (owner, xattrs) = match self.rights.owner {
            Some(owner) => (owner, Vec::new()),
            None => {
                let xattrs = file.xattrs()?;
                (
                    self.owners.seen((stat.st_uid, stat.st_gid), &xattrs),
                    xattrs,
                )
            }
        };
        Ok(Metadata {
            owner: Some(owner),
            xattrs: owners::travelling(xattrs),
            mode: self.mode(stat.st_mode, false),
            mtime: write::mtime(stat),
        })
    }

    /// Creates a hard link at `spot` to a copy of the same file: hard links are preserved. Returns whether there was
    /// one.
    fn twin(&mut self, stat: &Stat, spot: Spot<'_>, path: &Path) -> Result<bool> {
        if stat.st_nlink < 2 {
            return Ok(false);
        }
        let Some(first) = self.twins.get(&(stat.st_dev, stat.st_ino)) else {
            self.twins
                .insert((stat.st_dev, stat.st_ino), path.to_owned());
            return Ok(false);
        };
        self.make_room(spot, path)?;
        let (parent, name) = split(first)?;
        self.folders
            .again(parent)
            .and_then(|folder| spot.hard_link(Spot::new(&folder, name)?))
            .map_err(|errno| failed(path, errno))?;
        Ok(true)
    }

    /// Creates an empty file, replacing an existing one. Usually nothing is in the way, so creation is tried first.
    fn create(&self, spot: Spot<'_>, path: &Path) -> Result<std::fs::File> {
        self.refuse_below(path)?;
        match spot.create(0o600) {
            Err(Errno::EXIST) => {
                self.make_room(spot, path)?;
                spot.create(0o600)
            }
            other => other,
        }
        .map_err(|errno| failed(path, errno))
    }

    /// Removes an obstacle for a file. A directory is not removed.
    fn make_room(&self, spot: Spot<'_>, path: &Path) -> Result<()> {
        match spot.unlink() {
            Ok(()) => Ok(()),
            Err(Errno::NOENT) => self.refuse_below(path),
            Err(Errno::ISDIR | Errno::PERM) => Err(in_the_way(path)),
            Err(errno) => Err(failed(path, errno)),
        }
    }

    /// Error: the layers below have a directory of this name.
    fn refuse_below(&self, path: &Path) -> Result<()> {
        match self.folders.covers_folder(path)? {
            true => Err(in_the_way(path)),
            false => Ok(()),
        }
    }

    fn mode(&self, mode: u32, is_dir: bool) -> u32 {
        let mode = mode & 0o7777;
        match &self.rights.chmod {
            Some(chmod) => chmod.apply(mode, is_dir),
            None => mode,
        }
    }
}

fn in_the_way(path: &Path) -> Error {
    Error::invalid(format!(
        "cannot copy to directory: /{}: a file cannot replace it",
        path.display()
    ))
}

/// The folder and the last name of `path`. Error: it is the root, which is always a directory.
fn split(path: &Path) -> Result<(&Path, &OsStr)> {
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => Ok((parent, name)),
        _ => Err(Error::invalid(
            "cannot copy to directory: /: a file cannot replace it",
        )),
    }
}

fn failed(path: &Path, errno: Errno) -> Error {
    Error::io("copy to", Path::new("/").join(path), errno.into())
}

#[cfg(test)]
mod tests;
