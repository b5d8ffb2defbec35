//! The folders of a layer during unpacking: opened inside the root, kept open for the next entry, and given their mode
//! and time at the end.

use super::failed;
use crate::error::Result;
use crate::sys::rootdir::RootDir;
use crate::tree::write::{Spot, set_times};
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;

/// Entries are sorted by folder in most tars, so few folders need to stay open.
const KEPT_OPEN: usize = 64;

/// An open folder.
pub(super) struct Folder {
    /// Opened with `O_PATH`.
    pub(super) fd: OwnedFd,
    /// See [`Folders::real_path`].
    real: OnceCell<Vec<u8>>,
}

impl Folder {
    fn new(fd: OwnedFd) -> Self {
        let real = OnceCell::new();
        Self { fd, real }
    }
}

pub(super) struct Folders {
    root_dir: RootDir,
    root: Rc<Folder>,
    open: HashMap<Vec<u8>, Rc<Folder>>,
    /// The final mode and time of each folder, by path.
    noted: BTreeMap<Vec<u8>, (u32, (i64, u32))>,
}

impl Folders {
    pub(super) fn new(root: &Path) -> Result<Self> {
        let root_dir = RootDir::open(root)?;
        let fd = root_dir
            .resolve(Path::new("."), OFlags::PATH | OFlags::DIRECTORY)
            .map_err(|errno| failed("open", root.as_os_str().as_bytes(), errno))?;
        Ok(Self {
            root_dir,
            root: Rc::new(Folder::new(fd)),
            open: HashMap::new(),
            noted: BTreeMap::new(),
        })
    }

    /// The top folder.
    pub(super) fn root(&self) -> Rc<Folder> {
        Rc::clone(&self.root)
    }

    /// Opens the top folder for reading, which is needed to set its owner and attributes.
    pub(super) fn open_root(&self) -> Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        openat(&self.root.fd, ".", flags, Mode::empty())
            .map_err(|errno| failed("open", b"/", errno))
    }

    /// Where an open folder really is, relative to the root. Looked up once: a folder that is being unpacked into does
    /// not move, and a folder that is replaced is opened again.
    pub(super) fn real_path<'f>(&self, folder: &'f Folder) -> std::result::Result<&'f [u8], Errno> {
        if let Some(known) = folder.real.get() {
            return Ok(known);
        }
        let read = |fd: &OwnedFd| {
            rustix::fs::readlink(itself(fd), Vec::new()).map(std::ffi::CString::into_bytes)
        };
        let (root, path) = (read(&self.root.fd)?, read(&folder.fd)?);
        let inside = path.strip_prefix(root.as_slice()).ok_or(Errno::XDEV)?;
        let inside = inside.strip_prefix(b"/").unwrap_or(inside);
        Ok(folder.real.get_or_init(|| inside.to_vec()))
    }

    /// Opens the folder at `path`. Missing folders are made with `mtime`, since no entry gives their own. `in_the_way`
    /// is called for anything there that is not a folder: it replaces it by one, or refuses.
    pub(super) fn open(
        &mut self,
        path: &[u8],
        mtime: (i64, u32),
        in_the_way: impl FnMut(BorrowedFd<'_>, &[u8], &[u8]) -> std::result::Result<(), Errno>,
    ) -> std::result::Result<Rc<Folder>, Errno> {
        if path.is_empty() {
            return Ok(self.root());
        }
        if let Some(folder) = self.open.get(path) {
            return Ok(Rc::clone(folder));
        }
        let folder = match self.resolve(path) {
            Err(Errno::NOENT | Errno::NOTDIR) => self.make(path, mtime, in_the_way)?,
            other => other?,
        };
        if self.open.len() >= KEPT_OPEN {
            self.open.clear();
        }
        self.open.insert(path.to_vec(), Rc::clone(&folder));
        Ok(folder)
    }

    /// Forgets the cached folders. Call it when a folder or a link was replaced.
    pub(super) fn forget(&mut self) {
        self.open.clear();
    }

    /// Records the final mode and time of the folder at `path`.
    pub(super) fn note(&mut self, path: &[u8], mode: u32, mtime: (i64, u32)) {
        self.noted.insert(path.to_vec(), (mode, mtime));
    }

    /// Gives all folders their mode and time, the deepest first, because a folder without permissions cannot be entered
    /// any more.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.forget();
        for (path, (mode, mtime)) in std::mem::take(&mut self.noted).into_iter().rev() {
            let on = |errno| failed("change the mode of", &path, errno);
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let found = if path.is_empty() {
                openat(&self.root.fd, ".", flags, Mode::empty())
            } else {
                self.root_dir.resolve(as_path(&path), flags)
            };
            let folder = match found {
                // A later entry put something else here.
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => continue,
                other => other.map_err(on)?,
            };
            rustix::fs::fchmod(&folder, Mode::from_raw_mode(mode)).map_err(on)?;
            set_times(&folder, mtime).map_err(on)?;
        }
        Ok(())
    }

    fn resolve(&self, path: &[u8]) -> std::result::Result<Rc<Folder>, Errno> {
        self.root_dir
            .resolve(as_path(path), OFlags::PATH | OFlags::DIRECTORY)
            .map(|fd| Rc::new(Folder::new(fd)))
    }

    fn make(
        &mut self,
        path: &[u8],
        mtime: (i64, u32),
        mut in_the_way: impl FnMut(BorrowedFd<'_>, &[u8], &[u8]) -> std::result::Result<(), Errno>,
    ) -> std::result::Result<Rc<Folder>, Errno> {
        use std::os::fd::AsFd;
        let mut parent = self.root();
        let mut start = 0;
        while start < path.len() {
            let end = path[start..]
                .iter()
                .position(|byte| *byte == b'/')
                .map_or(path.len(), |length| start + length);
            let (name, so_far) = (&path[start..end], &path[..end]);
            let folder = match self.resolve(so_far) {
                Err(Errno::NOENT) => {
                    Spot::new(&parent.fd, OsStr::from_bytes(name))?.make_folder()?;
                    self.noted.entry(so_far.to_vec()).or_insert((0o755, mtime));
                    self.resolve(so_far)?
                }
                Err(Errno::NOTDIR) => {
                    in_the_way(parent.fd.as_fd(), name, so_far)?;
                    self.noted.entry(so_far.to_vec()).or_insert((0o755, mtime));
                    self.resolve(so_far)?
                }
                other => other?,
            };
            parent = folder;
            start = end + 1;
        }
        Ok(parent)
    }
}

/// A path to the open folder, whatever its name is now.
fn itself(open: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", open.as_raw_fd())
}

pub(super) fn as_path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}
