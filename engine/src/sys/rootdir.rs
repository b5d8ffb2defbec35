//! Paths inside a container's root folder, resolved so that none escapes it.
//!
//! **Kernel feature.** `openat2(2)` with `RESOLVE_IN_ROOT`: absolute links and `..` stop at the given folder, as after
//! a chroot, without a race between check and use.
//! **What Docker does.** runc uses the same call, or libpathrs where it is missing.

use super::{failed, mount};
use crate::error::Result;
use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

/// The kernel's own limit on links in one path.
const MOST_LINKS: usize = 40;

/// A folder in which paths are resolved.
pub(crate) struct RootDir {
    fd: OwnedFd,
}

/// What [`RootDir::make`] creates if the path does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Make {
    /// A folder, and its parents.
    Dir,
    /// An empty file, and its parent folders.
    File,
}

impl RootDir {
    /// The folder at `path`.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::open(path, flags, Mode::empty())
            .map(|fd| Self { fd })
            .map_err(|error| failed("open", path.display(), error))
    }

    /// Opens `path`, following symbolic links only inside the root.
    pub(crate) fn resolve(
        &self,
        path: &Path,
        flags: OFlags,
    ) -> std::result::Result<OwnedFd, Errno> {
        self.open_at(
            path,
            flags,
            ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS,
        )
    }

    /// Opens `path`, which is relative and leads through no symbolic link.
    pub(crate) fn resolve_without_links(
        &self,
        path: &Path,
        flags: OFlags,
    ) -> std::result::Result<OwnedFd, Errno> {
        self.open_at(
            path,
            flags,
            ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS,
        )
    }

    fn open_at(
        &self,
        path: &Path,
        flags: OFlags,
        how: ResolveFlags,
    ) -> std::result::Result<OwnedFd, Errno> {
        let flags = flags | OFlags::CLOEXEC;
        loop {
            match rustix::fs::openat2(&self.fd, path, flags, Mode::empty(), how) {
                // EAGAIN: a concurrent rename prevented the kernel from verifying the path.
                Err(Errno::AGAIN | Errno::INTR) => {}
                other => return other,
            }
        }
    }

    /// Mounts `mounted` onto `path`, which is created if it is missing.
    pub(crate) fn mount(&self, path: &str, mounted: &OwnedFd, make: Make) -> Result<()> {
        let target = self.make(Path::new(path), make)?;
        mount::attach(mounted.as_fd(), target.as_fd(), path)
    }

    /// Opens `path` with `O_PATH`, first creating missing components. If a symbolic link points to something missing,
    /// its target is created, also inside the root.
    pub(crate) fn make(&self, path: &Path, make: Make) -> Result<OwnedFd> {
        let on = |path: &Path, error| failed("open", path.display(), error);
        let mut path = Path::new("/").join(path);
        for _ in 0..MOST_LINKS {
            match self.resolve(&path, OFlags::PATH) {
                Ok(fd) => return Ok(fd),
                Err(Errno::NOENT) => {}
                Err(error) => return Err(on(&path, error)),
            }
            match self.make_missing(&path, make)? {
                Some(target) => path = target,
                None => {
                    return self
                        .resolve(&path, OFlags::PATH)
                        .map_err(|error| on(&path, error));
                }
            }
        }
        Err(on(&path, Errno::LOOP))
    }

    /// Creates the missing components of `path`. Returns another path to continue with if it meets a dangling link.
    fn make_missing(&self, path: &Path, make: Make) -> Result<Option<PathBuf>> {
        let parts: Vec<_> = path
            .components()
            .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir))
            .collect();
        let mut done = PathBuf::from("/");
        for (index, part) in parts.iter().enumerate() {
            let above = done.clone();
            let parent = match self.resolve(&above, OFlags::PATH | OFlags::DIRECTORY) {
                Ok(parent) => parent,
                Err(error) => return Err(failed("open", above.display(), error)),
            };
            done.push(part);
            if *part == Component::ParentDir {
                continue;
            }
            let last = index + 1 == parts.len();
            match make_one(&parent, Path::new(part), last && make == Make::File) {
                Ok(()) => {}
                Err(Errno::EXIST) if self.resolve(&done, OFlags::PATH).is_ok() => {}
                Err(Errno::EXIST) => {
                    let link = rustix::fs::readlinkat(&parent, Path::new(part), Vec::new())
                        .map_err(|error| failed("readlink", done.display(), error))?;
                    let link = PathBuf::from(OsString::from_vec(link.into_bytes()));
                    let rest = parts[index + 1..].iter();
                    let whole = [above.join(link)]
                        .into_iter()
                        .chain(rest.map(PathBuf::from));
                    return Ok(Some(whole.collect()));
                }
                Err(error) => return Err(failed("create", done.display(), error)),
            }
        }
        Ok(None)
    }

    /// Reads a regular file of at most `limit` bytes; `None` if there is none. A fifo or device in its place is not
    /// opened for reading (CVE-2024-9676).
    pub(crate) fn read(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>> {
        use std::io::Read;
        let on = |error| failed("open", path.display(), error);
        let found = match self.resolve(path, OFlags::PATH) {
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(None),
            other => other.map_err(on)?,
        };
        let stat = rustix::fs::fstat(&found).map_err(on)?;
        if !rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file() {
            return Ok(None);
        }
        let file = self
            .resolve(path, OFlags::RDONLY | OFlags::NONBLOCK)
            .map_err(on)?;
        let mut bytes = Vec::new();
        std::fs::File::from(file)
            .take(limit as u64)
            .read_to_end(&mut bytes)
            .map_err(|error| failed("read", path.display(), error))?;
        Ok(Some(bytes))
    }
}

fn make_one(parent: &OwnedFd, name: &Path, file: bool) -> std::result::Result<(), Errno> {
    if file {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        rustix::fs::openat(parent, name, flags, Mode::from_raw_mode(0o644)).map(drop)
    } else {
        rustix::fs::mkdirat(parent, name, Mode::from_raw_mode(0o755))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn no_path_escapes_the_root() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir(&root).unwrap();
        fs::write(folder.path().join("secret"), "x").unwrap();
        symlink("../secret", root.join("up")).unwrap();
        symlink(folder.path().join("secret"), root.join("abs")).unwrap();
        let root = RootDir::open(&root).unwrap();
        for path in [
            "up",
            "/up",
            "abs",
            "../secret",
            "/../../secret",
            "proc/self/root",
        ] {
            assert_eq!(root.read(Path::new(path), 10).unwrap(), None, "{path}");
        }
    }

    #[test]
    fn absolute_links_are_followed_inside() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("run")).unwrap();
        fs::write(folder.path().join("run/x"), "in").unwrap();
        symlink("/run", folder.path().join("var")).unwrap();
        let root = RootDir::open(folder.path()).unwrap();
        assert_eq!(
            root.read(Path::new("/var/x"), 10).unwrap(),
            Some(b"in".to_vec())
        );
        root.make(Path::new("/var/a/b"), Make::Dir).unwrap();
        root.make(Path::new("/var/a/f"), Make::File).unwrap();
        assert!(folder.path().join("run/a/b").is_dir() && folder.path().join("run/a/f").is_file());
    }

    #[test]
    fn the_target_of_a_link_is_created_inside_the_root() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().join("root");
        fs::create_dir(&top).unwrap();
        symlink("/data/www", top.join("www")).unwrap();
        symlink("../../../out", top.join("up")).unwrap();
        symlink("loop", top.join("loop")).unwrap();
        let root = RootDir::open(&top).unwrap();
        root.make(Path::new("/www/html"), Make::Dir).unwrap();
        root.make(Path::new("up"), Make::File).unwrap();
        assert!(top.join("data/www/html").is_dir() && top.join("out").is_file());
        assert!(!folder.path().join("out").exists());
        assert!(root.make(Path::new("loop/x"), Make::Dir).is_err());
    }

    #[test]
    fn a_fifo_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("passwd");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRUSR).unwrap();
        let root = RootDir::open(folder.path()).unwrap();
        assert_eq!(root.read(Path::new("/passwd"), 10).unwrap(), None);
    }
}
