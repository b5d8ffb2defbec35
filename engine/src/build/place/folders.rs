//! The directories of a new layer: made when they are first needed, as they are below, and kept open on the way down.

use super::{failed, set_times};
use crate::error::{Error, Result};
use crate::tree::owners::{self, Owners};
use crate::tree::view::{Folder, Last, Node, View};
use rustix::fs::{Mode, OFlags, Timespec};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

pub(super) struct Folders {
    lower: View,
    root: OwnedFd,
    /// The directories open now, from the root down.
    open: Vec<Open>,
    owners: Owners,
    /// Of directories that exist neither below nor in the source.
    owner: (u32, u32),
}

struct Open {
    name: OsString,
    fd: OwnedFd,
    /// The same directory below.
    lower: Option<Folder>,
    /// The time that it must have when all is copied into it.
    time: Option<Timespec>,
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

    /// The layer's own folder.
    pub(super) fn root(&self) -> &OwnedFd {
        &self.root
    }

    /// Opens the directory `path` of the layer, making it and its parents. The path has no links: it was resolved.
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

    /// Sets owner, mode and time of a directory that [`Folders::open`] gave last.
    pub(super) fn set(
        &mut self,
        path: &Path,
        owner: (u32, u32),
        mode: u32,
        time: Timespec,
    ) -> Result<()> {
        let depth = self.open.len();
        let parent = match depth.checked_sub(2).and_then(|index| self.open.get(index)) {
            Some(open) => &open.fd,
            None => &self.root,
        };
        let Some(open) = self.open.get(depth.wrapping_sub(1)) else {
            return Ok(());
        };
        self.owners
            .give(parent, open.name.as_bytes(), owner, true)
            .and_then(|()| rustix::fs::fchmod(&open.fd, Mode::from_raw_mode(mode)))
            .map_err(|errno| failed(path, errno))?;
        if let Some(open) = self.open.last_mut() {
            open.time = Some(time);
        }
        Ok(())
    }

    /// Closes all directories, and gives them the times that they must have.
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

    /// Whether the layers below have a directory called `name` in the directory that was opened last; `path` is for
    /// messages.
    pub(super) fn covers_folder(&self, name: &OsStr, path: &Path) -> Result<bool> {
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
        // What is below something that is no directory is not there.
        Ok(matches!(found, Ok(Some(found)) if matches!(found.node, Node::Folder(_))))
    }

    fn close_to(&mut self, depth: usize) -> Result<()> {
        while self.open.len() > depth {
            if let Some(Open {
                fd,
                time: Some(time),
                name,
                ..
            }) = self.open.pop()
            {
                set_times(&fd, time).map_err(|errno| failed(Path::new(&name), errno))?;
            }
        }
        Ok(())
    }

    /// Enters `name` of the innermost open directory; `path` is its whole path.
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
            time: None,
        };
        match rustix::fs::openat(parent, name, flags(), Mode::empty()) {
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
        rustix::fs::mkdirat(parent, name, Mode::from_raw_mode(0o700)).map_err(on)?;
        let fd = rustix::fs::openat(parent, name, flags(), Mode::empty()).map_err(on)?;
        self.like_below(parent, name, &fd, lower.as_ref())
            .map_err(on)?;
        Ok(open(fd, lower))
    }

    /// Gives a new directory the owner, mode and attributes of the one below that it covers, or those of a new one.
    fn like_below(
        &self,
        parent: &OwnedFd,
        name: &OsStr,
        fd: &OwnedFd,
        lower: Option<&Folder>,
    ) -> Result<(), Errno> {
        let name = name.as_bytes();
        let Some(lower) = lower else {
            self.owners.give(parent, name, self.owner, true)?;
            return rustix::fs::fchmod(fd, Mode::from_raw_mode(0o755));
        };
        let xattrs = lower.xattrs()?;
        let owner = self
            .owners
            .seen((lower.stat.st_uid, lower.stat.st_gid), &xattrs);
        self.owners.give(parent, name, owner, true)?;
        for (key, value) in owners::travelling(xattrs) {
            owners::set_xattr(parent, name, &key, &value)?;
        }
        rustix::fs::fchmod(fd, Mode::from_raw_mode(lower.stat.st_mode & 0o7777))
    }
}

fn flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}
