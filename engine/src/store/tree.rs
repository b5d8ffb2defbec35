//! Removes a tree of files, whatever modes a container left on them.

use crate::error::{Error, IoContext, Result};
use crate::paths::create_private_dir;
use crate::sys::namespace;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, RenameFlags};
use rustix::fs::{openat, renameat_with, unlinkat};
use rustix::io::Errno;
use std::ffi::CStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Removes `path` and everything under it. A missing path is not an error; a symbolic link is removed, not followed. A
/// directory that its owner may not list or write is made accessible first.
pub(crate) fn remove_tree(path: &Path) -> Result<()> {
    let failed = |errno: Errno| Error::io("remove", path, errno.into());
    match unlinkat(CWD, path, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(errno) => return Err(failed(errno)),
    }
    match open_folder(CWD, path).and_then(|folder| empty_all(&folder)) {
        Ok(()) => {}
        Err(Errno::NOENT) => return Ok(()),
        Err(errno) => return Err(failed(errno)),
    }
    match unlinkat(CWD, path, AtFlags::REMOVEDIR) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(failed(errno)),
    }
}

/// The same for files of subordinate users, which only root of a namespace that maps them can unlink. The calling
/// process, which must be single-threaded, becomes that root if necessary.
pub(crate) fn remove_tree_of_anyone(path: &Path) -> Result<()> {
    remove_tree(path).or_else(|_| {
        namespace::become_root()?;
        remove_tree(path)
    })
}

/// Makes the folder `thing` disappear in one step: renames it to `away`, and returns where its files are now. If the
/// disk is too full for that, it stays in place, and its file `mark`, without which it does not count, is removed.
pub(crate) fn throw_away(thing: &Path, mark: &Path, away: PathBuf) -> Result<PathBuf> {
    let moved = match away.parent() {
        Some(trash) if !trash.is_dir() => create_private_dir(trash),
        _ => Ok(()),
    };
    match moved.and_then(|()| fs::rename(thing, &away).on("remove", thing)) {
        Ok(()) => Ok(away),
        Err(error) if error.is_lack_of_room() => match fs::remove_file(mark) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error).on("remove", mark),
            _ => Ok(thing.to_owned()),
        },
        Err(error) => Err(error),
    }
}

/// The most folders held open at once.
const DEEPEST: usize = 100;

/// Empties `top`, however deeply folders are nested: folders that are too deep are moved up and emptied later.
fn empty_all(top: &OwnedFd) -> Result<(), Errno> {
    let mut moved = 0;
    loop {
        let before = moved;
        empty(top, top, 0, &mut moved)?;
        if moved == before {
            return Ok(());
        }
    }
}

fn empty(folder: &OwnedFd, top: &OwnedFd, depth: usize, moved: &mut usize) -> Result<(), Errno> {
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
        if !is_folder {
            continue;
        }
        let inner = open_folder(folder, name)?;
        if depth >= DEEPEST {
            move_up(folder, name, &inner, top, moved)?;
            continue;
        }
        empty(&inner, top, depth + 1, moved)?;
        unlink(folder, name, AtFlags::REMOVEDIR, &mut retried)?;
    }
    Ok(())
}

/// Moves the folder `name`, open as `inner`, to `top`, under an unused name.
fn move_up(
    folder: &OwnedFd,
    name: &CStr,
    inner: &OwnedFd,
    top: &OwnedFd,
    moved: &mut usize,
) -> Result<(), Errno> {
    // Moving a folder to another parent also writes to the folder.
    rustix::fs::fchmod(inner, Mode::RWXU)?;
    rustix::fs::fchmod(folder, Mode::RWXU)?;
    rustix::fs::fchmod(top, Mode::RWXU)?;
    loop {
        *moved += 1;
        let new = format!(".deep-{moved}");
        match renameat_with(folder, name, top, new.as_str(), RenameFlags::NOREPLACE) {
            Err(Errno::EXIST) => {}
            other => return other,
        }
    }
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
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn closed_directories_are_removed_and_targets_of_links_stay() {
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

    #[test]
    fn folders_may_be_nested_to_any_depth() {
        let folder = tempfile::tempdir().unwrap();
        let tree = folder.path().join("tree");
        fs::create_dir_all(tree.join(".deep-1")).unwrap();
        let mut deepest = open_folder(CWD, &tree).unwrap();
        for _ in 0..3000 {
            rustix::fs::mkdirat(&deepest, "d", Mode::RWXU).unwrap();
            let file = OFlags::CREATE | OFlags::WRONLY;
            openat(&deepest, "f", file, Mode::RUSR).unwrap();
            deepest = open_folder(&deepest, "d").unwrap();
        }
        remove_tree(&tree).unwrap();
        assert!(!tree.exists());
    }
}
