//! The directories of a new layer: created when they are first needed, with the attributes of the directories below,
//! and kept open on the way down.

use super::failed;
use crate::error::{Error, Result};
use crate::tree::owners::{self, Owners};
use crate::tree::view::{Folder, Last, Node, View};
use crate::tree::write::{self, Metadata, Spot};
use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

pub(super) struct Folders {
    lower: View,
    root: OwnedFd,
    /// The open directories, from the root down.
    open: Vec<Open>,
    owners: Owners,
    /// The owner of directories that exist neither below nor in the source.
    owner: (u32, u32),
}

struct Open {
    name: OsString,
    fd: OwnedFd,
    /// The same directory in the layers below.
    lower: Option<Folder>,
    /// The time to set when everything is copied into it.
    mtime: Option<(i64, u32)>,
}

impl Folders {
    pub(super) fn new(upper: &Path, lower: View, owner: (u32, u32)) -> Result<Self> {
        let root = rustix::fs::open(upper, flags(), Mode::empty())
            .map_err(|errno| Error::io("open", upper, errno.into()))?;
        Ok(Self {
            lower,
            root,
            open: Vec::new(),
            owners: Owners::detect(),
            owner,
        })
    }

    /// Opens the directory `path` of the layer, creating it and its parents. The path is resolved and has no links.
    pub(super) fn open(&mut self, path: &Path) -> Result<OwnedFd> {
        let names: Vec<&OsStr> = path.iter().collect();
        let common = self
            .open
            .iter()
            .zip(&names)
            .take_while(|(open, name)| open.name == **name)
            .count();
        self.close_to(common)?;
        for name in &names[common..] {
            let so_far: PathBuf = names[..=self.open.len()].iter().collect();
            let next = self.enter(name, &so_far)?;
            self.open.push(next);
        }
        let fd = self.open.last().map_or(&self.root, |open| &open.fd);
        fd.try_clone()
            .map_err(|error| Error::io("open", path, error))
    }

    /// Opens a directory of the layer again, independently of the open ones.
    pub(super) fn again(&self, path: &Path) -> Result<OwnedFd, Errno> {
        let path = match path.as_os_str().is_empty() {
            true => Path::new("."),
            false => path,
        };
        let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        rustix::fs::openat2(&self.root, path, flags(), Mode::empty(), how)
    }

    /// Sets owner, mode and time of the directory that [`Folders::open`] returned last.
    pub(super) fn set(&mut self, path: &Path, about: &Metadata) -> Result<()> {
        let Some(open) = self.open.last_mut() else {
            return Ok(());
        };
        open.mtime = Some(about.mtime);
        write::grant(&open.fd, &self.owners, about).map_err(|errno| failed(path, errno))
    }

    /// Closes all directories, and sets their times.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.close_to(0)
    }

    /// Whether a directory is at `path`, in the layer or below.
    pub(super) fn is_there(&self, path: &Path) -> Result<bool> {
        if path.as_os_str().is_empty() {
            return Ok(true);
        }
        match rustix::fs::openat(&self.root, path, flags(), Mode::empty()) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => self.is_folder_below(path),
            Err(errno) => Err(failed(path, errno)),
        }
    }

    /// Whether the layers below have a directory at `path`, which is in the directory that was opened last.
    pub(super) fn covers_folder(&self, path: &Path) -> Result<bool> {
        let name = path.file_name().unwrap_or_default();
        let below = match self.open.last() {
            Some(open) => open.lower.as_ref(),
            None => Some(self.lower.root()),
        };
        match below.map(|folder| folder.is_folder(name)) {
            Some(Err(errno)) => Err(failed(path, errno)),
            Some(Ok(is_folder)) => Ok(is_folder),
            None => Ok(false),
        }
    }

    /// Whether a directory is at `path` in the layers below.
    fn is_folder_below(&self, path: &Path) -> Result<bool> {
        let found = self.lower.find(path, Last::Keep);
        // Nothing exists below a file.
        Ok(matches!(found, Ok(Some(found)) if matches!(found.node, Node::Folder(_))))
    }

    fn close_to(&mut self, depth: usize) -> Result<()> {
        while self.open.len() > depth {
            if let Some(Open {
                fd,
                mtime: Some(mtime),
                name,
                ..
            }) = self.open.pop()
            {
                write::set_times(&fd, mtime).map_err(|errno| failed(Path::new(&name), errno))?;
            }
        }
        Ok(())
    }

    /// Enters `name` in the innermost open directory; `path` is its whole path.
    fn enter(&self, name: &OsStr, path: &Path) -> Result<Open> {
        let on = |errno| failed(path, errno);
        let (parent, below) = match self.open.last() {
            Some(open) => (&open.fd, open.lower.as_ref()),
            None => (&self.root, Some(self.lower.root())),
        };
        let lower = match below.map(|folder| folder.child(name)) {
            Some(child) => child.map_err(on)?,
            None => None,
        };
        let blocked =
            || Error::invalid(format!("cannot copy to non-directory: /{}", path.display()));
        let open = |fd, lower| Open {
            name: name.to_owned(),
            fd,
            lower,
            mtime: None,
        };
        let spot = Spot::new(parent, name).map_err(on)?;
        match spot.open_folder() {
            Ok(fd) => {
                let lower = match lower {
                    Some(Node::Folder(folder)) => Some(folder),
                    _ => None,
                };
                return Ok(open(fd, lower));
            }
            Err(Errno::NOENT) => {}
            Err(Errno::NOTDIR | Errno::LOOP) => return Err(blocked()),
            Err(errno) => return Err(on(errno)),
        }
        let lower = match lower {
            Some(Node::Folder(folder)) => Some(folder),
            Some(Node::File(_)) => return Err(blocked()),
            None => None,
        };
        let fd = spot.make_folder().map_err(on)?;
        let about = self.like_below(lower.as_ref()).map_err(on)?;
        write::grant(&fd, &self.owners, &about).map_err(on)?;
        Ok(open(fd, lower))
    }

    /// The attributes of a new directory: those of the covered one below, or the default.
    fn like_below(&self, lower: Option<&Folder>) -> Result<Metadata, Errno> {
        let Some(lower) = lower else {
            return Ok(Metadata {
                owner: Some(self.owner),
                ..Metadata::of_new_folder()
            });
        };
        let xattrs = lower.xattrs()?;
        let about = Metadata::of(&lower.stat);
        let on_disk = (lower.stat.st_uid, lower.stat.st_gid);
        Ok(Metadata {
            owner: Some(self.owners.seen(on_disk, &xattrs)),
            xattrs: owners::travelling(xattrs),
            ..about
        })
    }
}

fn flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}
