//! Removing a tree of files, whatever modes a container left on them.

use crate::error::{Error, Result};
use crate::sys::namespace;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, unlinkat};
use rustix::io::Errno;
use std::ffi::CStr;
use std::path::Path;

/// Removes `path` and everything under it. A missing path is fine; a symbolic link is removed, not followed.
/// A directory that its owner may not list or write is opened up first.
pub fn remove_tree(path: &Path) -> Result<()> {
    let failed = |errno: Errno| Error::io("remove", path, errno.into());
    match unlinkat(CWD, path, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(errno) => return Err(failed(errno)),
    }
    match open_folder(CWD, path).and_then(|folder| empty(&folder)) {
        Ok(()) => {}
        Err(Errno::NOENT) => return Ok(()),
        Err(errno) => return Err(failed(errno)),
    }
    match unlinkat(CWD, path, AtFlags::REMOVEDIR) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(failed(errno)),
    }
}

/// The same for files of subordinate users, which can be unlinked only as root of a namespace that knows them. The calling
/// process, which must have one thread only, becomes that root if it has to.
pub fn remove_tree_of_anyone(path: &Path) -> Result<()> {
    remove_tree(path).or_else(|_| {
        namespace::become_root()?;
        remove_tree(path)
    })
}

fn empty(folder: &OwnedFd) -> Result<(), Errno> {
    let mut retried = false;
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let is_folder = match entry.file_type() {
            FileType::Directory => true,
            FileType::Unknown => remove_file(folder, name, &mut retried).is_err(),
            _ => {
                remove_file(folder, name, &mut retried)?;
                false
            }
        };
        if is_folder {
            empty(&open_folder(folder, name)?)?;
            unlink(folder, name, AtFlags::REMOVEDIR, &mut retried)?;
        }
    }
    Ok(())
}

fn remove_file(folder: &OwnedFd, name: &CStr, retried: &mut bool) -> Result<(), Errno> {
    unlink(folder, name, AtFlags::empty(), retried)
}

fn unlink(folder: &OwnedFd, name: &CStr, flags: AtFlags, retried: &mut bool) -> Result<(), Errno> {
    match unlinkat(folder, name, flags) {
        Err(Errno::NOENT) => Ok(()),
        Err(Errno::ACCESS) if !*retried => {
            *retried = true;
            rustix::fs::fchmod(folder, Mode::RWXU)?;
            unlinkat(folder, name, flags)
        }
        other => other,
    }
}

fn open_folder<P: rustix::path::Arg + Copy>(
    parent: impl rustix::fd::AsFd + Copy,
    name: P,
) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match openat(parent, name, flags, Mode::empty()) {
        Err(Errno::ACCESS) => {
            rustix::fs::chmodat(parent, name, Mode::RWXU, AtFlags::empty())?;
            openat(parent, name, flags, Mode::empty())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn closed_directories_go_and_what_links_point_to_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (outside, tree) = (folder.path().join("outside"), folder.path().join("tree"));
        fs::write(&outside, "x").unwrap();
        fs::create_dir_all(tree.join("a/b")).unwrap();
        fs::write(tree.join("a/b/c"), "x").unwrap();
        symlink(&outside, tree.join("a/link")).unwrap();
        symlink(folder.path(), tree.join("up")).unwrap();
        fs::set_permissions(tree.join("a/b"), fs::Permissions::from_mode(0o0)).unwrap();
        fs::set_permissions(tree.join("a"), fs::Permissions::from_mode(0o555)).unwrap();
        remove_tree(&tree).unwrap();
        assert!(!tree.exists() && outside.exists());
        remove_tree(&tree).unwrap();
    }
}
