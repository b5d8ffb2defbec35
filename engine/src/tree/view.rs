//! Folders stacked as overlayfs would stack them, read without mounting anything.
//!
//! **Kernel feature.** None, on purpose. A name is looked up in each layer from the top: the first match wins, folders
//! merge, and a character device 0:0 (a *whiteout*) or a folder marked opaque ends the search.
//! **What we do.** The build context (a stack of one) and the layers of a stage are read through the same walk. Each
//! component of a path is opened on its parent's descriptor without following links; links are followed here, inside
//! the root, so no path leads out of it, whatever changes meanwhile.
//! **What we leave out.** `redirect_dir` and `metacopy`: our layers are made without them.
//! Source: Linux, `Documentation/filesystems/overlayfs.rst`.

use super::marks::{Marks, is_whiteout};
use super::owners::{self, Xattrs};
use crate::error::{Error, Result};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::collections::{BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// How many links one path may go through, the same as the kernel's limit.
const LINKS: usize = 40;

/// A stack of folders.
pub(crate) struct View {
    root: Folder,
}

/// A folder as the stack shows it: the layers that have it, topmost first.
#[derive(Clone)]
pub(crate) struct Folder {
    layers: Vec<Rc<OwnedFd>>,
    marks: Marks,
    /// Of the topmost layer.
    pub(crate) stat: Stat,
}

/// The result of a path lookup.
#[derive(Clone)]
pub(crate) enum Node {
    /// A folder.
    Folder(Folder),
    /// Anything else.
    File(File),
}

/// A file, link or device: the folder that holds it, in one layer, and its name there.
#[derive(Clone)]
pub(crate) struct File {
    parent: Rc<OwnedFd>,
    name: OsString,
    /// The file's own metadata; a link is not followed.
    pub(crate) stat: Stat,
}

/// A path followed to its end.
pub(crate) struct Found {
    /// What is there.
    pub(crate) node: Node,
    /// Its real path, without links: relative to the root, empty for the root itself.
    pub(crate) path: PathBuf,
}

/// Whether a link at the end of a path is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Last {
    Follow,
    Keep,
}

impl View {
    /// Opens `layers`, lowest first. An empty list is an empty root.
    pub(crate) fn open(layers: &[PathBuf]) -> Result<Self> {
        let mut fds = Vec::with_capacity(layers.len());
        for layer in layers.iter().rev() {
            let fd = rustix::fs::open(layer, folder_flags(), Mode::empty())
                .map_err(|errno| Error::io("open", layer, errno.into()))?;
            fds.push(Rc::new(fd));
        }
        let stat = match fds.first() {
            Some(fd) => rustix::fs::fstat(fd),
            // The metadata of any folder will do for an empty root.
            None => rustix::fs::stat("/"),
        };
        let stat = stat.map_err(|errno| Error::io("read", "/", errno.into()))?;
        Ok(Self {
            root: Folder {
                layers: fds,
                marks: Marks::detect(),
                stat,
            },
        })
    }

    /// The root.
    pub(crate) fn root(&self) -> &Folder {
        &self.root
    }

    /// Follows `path` from the root; `None` if nothing is there.
    pub(crate) fn find(&self, path: &Path, last: Last) -> Result<Option<Found>> {
        match self.follow(path, last) {
            Ok(found) => Ok(found),
            Err(errno) => Err(Error::io("read", path, errno.into())),
        }
    }

    /// Where `path` leads, even if its last components do not exist yet: the existing part is followed, the rest is
    /// kept as written. Relative to the root.
    pub(crate) fn resolve(&self, path: &Path) -> Result<PathBuf> {
        let mut walk = Walk::new(&self.root, path);
        loop {
            match walk.step(Last::Follow) {
                Ok(Step::Done(found)) => return Ok(found.path),
                Ok(Step::Missing(name)) => {
                    let mut real = walk.path();
                    real.push(name);
                    for part in walk.rest() {
                        match part.as_bytes() {
                            b"." | b"" => {}
                            b".." => {
                                real.pop();
                            }
                            _ => real.push(part),
                        }
                    }
                    return Ok(real);
                }
                Ok(Step::More) => {}
                Err(errno) => return Err(Error::io("read", path, errno.into())),
            }
        }
    }

    fn follow(&self, path: &Path, last: Last) -> Result<Option<Found>, Errno> {
        let mut walk = Walk::new(&self.root, path);
        loop {
            match walk.step(last)? {
                Step::Done(found) => return Ok(Some(found)),
                Step::Missing(_) => return Ok(None),
                Step::More => {}
            }
        }
    }
}

/// A path lookup in progress.
struct Walk {
    /// The folders entered, the root first, each with its name.
    stack: Vec<(OsString, Folder)>,
    todo: VecDeque<OsString>,
    links: usize,
}

enum Step {
    More,
    Done(Found),
    Missing(OsString),
}

impl Walk {
    fn new(root: &Folder, path: &Path) -> Self {
        Self {
            stack: vec![(OsString::new(), root.clone())],
            todo: parts(path),
            links: 0,
        }
    }

    fn path(&self) -> PathBuf {
        self.stack.iter().skip(1).map(|(name, _)| name).collect()
    }

    fn rest(&mut self) -> VecDeque<OsString> {
        std::mem::take(&mut self.todo)
    }

    /// Follows one component.
    fn step(&mut self, last: Last) -> Result<Step, Errno> {
        let current = match self.stack.last() {
            Some((_, folder)) => folder.clone(),
            None => return Err(Errno::NOENT),
        };
        let Some(name) = self.todo.pop_front() else {
            return Ok(Step::Done(Found {
                path: self.path(),
                node: Node::Folder(current),
            }));
        };
        match name.as_bytes() {
            b"" | b"." => return Ok(Step::More),
            b".." => {
                // As after a chroot, the root is its own parent.
                if self.stack.len() > 1 {
                    self.stack.pop();
                }
                return Ok(Step::More);
            }
            _ => {}
        }
        match current.child(&name)? {
            None => Ok(Step::Missing(name)),
            Some(Node::Folder(folder)) => {
                self.stack.push((name, folder));
                Ok(Step::More)
            }
            Some(Node::File(file)) => {
                let at_end = self
                    .todo
                    .iter()
                    .all(|part| matches!(part.as_bytes(), b"" | b"."));
                let is_link = file.kind() == FileType::Symlink;
                if is_link && (!at_end || last == Last::Follow) {
                    return self.enter_link(&file);
                }
                if !at_end {
                    return Err(Errno::NOTDIR);
                }
                Ok(Step::Done(Found {
                    path: self.path().join(&name),
                    node: Node::File(file),
                }))
            }
        }
    }

    fn enter_link(&mut self, link: &File) -> Result<Step, Errno> {
        self.links += 1;
        if self.links > LINKS {
            return Err(Errno::LOOP);
        }
        let target = link.target()?;
        if target.is_absolute() {
            self.stack.truncate(1);
        }
        for part in parts(&target).into_iter().rev() {
            self.todo.push_front(part);
        }
        Ok(Step::More)
    }
}

impl Folder {
    /// The entry `name` in it.
    pub(crate) fn child(&self, name: &OsStr) -> Result<Option<Node>, Errno> {
        let mut merged: Option<Folder> = None;
        for (index, layer) in self.layers.iter().enumerate() {
            let stat = match rustix::fs::statat(layer, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                Err(Errno::NOENT) => continue,
                Err(errno) => return Err(errno),
            };
            let kind = FileType::from_raw_mode(stat.st_mode);
            if kind == FileType::Directory {
                let fd = rustix::fs::openat(layer, name, folder_flags(), Mode::empty())?;
                let last = index + 1 == self.layers.len() || self.marks.is_opaque(&fd);
                let folder = merged.get_or_insert(Folder {
                    layers: Vec::new(),
                    marks: self.marks,
                    stat,
                });
                folder.layers.push(Rc::new(fd));
                if last {
                    break;
                }
            } else if merged.is_some() || is_whiteout(&stat) {
                break;
            } else {
                return Ok(Some(Node::File(File {
                    parent: Rc::clone(layer),
                    name: name.to_owned(),
                    stat,
                })));
            }
        }
        Ok(merged.map(Node::Folder))
    }

    /// Whether it shows a folder called `name`. Opens nothing.
    pub(crate) fn is_folder(&self, name: &OsStr) -> Result<bool, Errno> {
        for layer in &self.layers {
            match rustix::fs::statat(layer, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => return Ok(FileType::from_raw_mode(stat.st_mode).is_dir()),
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(false)
    }

    /// The folder in the topmost layer; `None` for an empty root.
    pub(crate) fn top(&self) -> Option<&OwnedFd> {
        self.layers.first().map(Rc::as_ref)
    }

    /// The attributes of the topmost layer's folder; none for an empty root.
    pub(crate) fn xattrs(&self) -> Result<Xattrs, Errno> {
        match self.top() {
            Some(top) => owners::xattrs_of(top),
            None => Ok(Vec::new()),
        }
    }

    /// The names in it, sorted. A name can be hidden: then [`Folder::child`] returns `None`. Nothing is opened, since a
    /// folder may hold more folders than a process may open files.
    pub(crate) fn names(&self) -> Result<BTreeSet<OsString>, Errno> {
        let mut names = BTreeSet::new();
        for layer in &self.layers {
            for entry in Dir::read_from(layer)? {
                let entry = entry?;
                let name = entry.file_name().to_bytes();
                if name != b"." && name != b".." {
                    names.insert(OsString::from_vec(name.to_vec()));
                }
            }
        }
        Ok(names)
    }
}

impl File {
    /// The file type.
    pub(crate) fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.stat.st_mode)
    }

    /// Where a link leads.
    pub(crate) fn target(&self) -> Result<PathBuf, Errno> {
        let target = rustix::fs::readlinkat(&self.parent, &self.name, Vec::new())?;
        Ok(OsString::from_vec(target.into_bytes()).into())
    }

    /// Opens a regular file for reading. Error: `LOOP` if a link replaced it meanwhile.
    pub(crate) fn open(&self) -> Result<OwnedFd, Errno> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        rustix::fs::openat(&self.parent, &self.name, flags, Mode::empty())
    }

    /// All its attributes; of a link itself, not of its target.
    pub(crate) fn xattrs(&self) -> Result<Xattrs, Errno> {
        owners::xattrs(&self.parent, self.name.as_bytes())
    }

    /// The folder that holds it and its name there.
    pub(crate) fn place(&self) -> (&OwnedFd, &OsStr) {
        (&self.parent, &self.name)
    }
}

impl Node {
    /// The metadata; a link is not followed.
    pub(crate) fn stat(&self) -> &Stat {
        match self {
            Self::Folder(folder) => &folder.stat,
            Self::File(file) => &file.stat,
        }
    }

    /// The folder, if it is one.
    pub(crate) fn folder(&self) -> Option<&Folder> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::File(_) => None,
        }
    }

    /// All its attributes; of a link itself, not of its target.
    pub(crate) fn xattrs(&self) -> Result<Xattrs, Errno> {
        match self {
            Self::Folder(folder) => folder.xattrs(),
            Self::File(file) => file.xattrs(),
        }
    }
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

fn parts(path: &Path) -> VecDeque<OsString> {
    path.as_os_str()
        .as_bytes()
        .split(|byte| *byte == b'/')
        .map(|part| OsString::from_vec(part.to_vec()))
        .collect()
}

#[cfg(test)]
mod tests;
