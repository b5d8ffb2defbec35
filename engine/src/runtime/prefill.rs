//! Filling an empty volume with what the image has at its place.
//!
//! **What Docker does.** Copies the image's folder into a new, empty volume when a container first uses it; never for a
//! bind mount.
//! **What we do.** The same, in the container's init, which has all rights over the files and is inside of the root.
//! **Lesson.** `volumes-and-binds`

use crate::error::Result;
use crate::sys::failed;
use crate::sys::rootdir::RootDir;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, Timestamps};
use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// Copies what `root` has at `target` into the volume's folder, if that is empty.
pub(super) fn fill(root: &RootDir, target: &Path, volume: &OwnedFd) -> Result<()> {
    let mut entries =
        Dir::read_from(volume).map_err(|error| failed("read", "the volume", error))?;
    let is_empty = entries
        .all(|entry| entry.is_ok_and(|entry| matches!(entry.file_name().to_bytes(), b"." | b"..")));
    let Ok(source) = root.resolve(target, OFlags::RDONLY | OFlags::DIRECTORY) else {
        return Ok(());
    };
    if !is_empty || is_kernels(&source) {
        return Ok(());
    }
    let copy = || {
        copy_dir(&source, volume)?;
        let stat = rustix::fs::fstat(&source)?;
        adopt(volume, &stat)
    };
    copy().map_err(|error| failed("fill the volume", target.display(), error))
}

/// Whether `folder` shows what the kernel, and not the image, has there: `/sys`, `/dev`.
fn is_kernels(folder: &OwnedFd) -> bool {
    // Source: linux/magic.h.
    const KERNELS: [i64; 5] = [0x6265_6572, 0x6367_7270, 0x0102_1994, 0x1cd1, 0x1980_0202];
    rustix::fs::fstatfs(folder).is_ok_and(|about| KERNELS.contains(&about.f_type))
}

fn copy_dir(source: &OwnedFd, target: &OwnedFd) -> rustix::io::Result<()> {
    for entry in Dir::read_from(source)? {
        let entry = entry?;
        let name = entry.file_name();
        if name != c"." && name != c".." {
            copy_entry(source.as_fd(), target.as_fd(), name)?;
        }
    }
    Ok(())
}

fn copy_entry(
    source: BorrowedFd<'_>,
    target: BorrowedFd<'_>,
    name: &CStr,
) -> rustix::io::Result<()> {
    let stat = rustix::fs::statat(source, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let safe = OFlags::CLOEXEC | OFlags::NOFOLLOW;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => {
            rustix::fs::mkdirat(target, name, Mode::from_raw_mode(0o700))?;
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | safe;
            let from = rustix::fs::openat(source, name, flags, Mode::empty())?;
            let to = rustix::fs::openat(target, name, flags, Mode::empty())?;
            copy_dir(&from, &to)?;
            adopt(&to, &stat)
        }
        FileType::RegularFile => {
            let from = rustix::fs::openat(source, name, OFlags::RDONLY | safe, Mode::empty())?;
            let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | safe;
            let to = rustix::fs::openat(target, name, flags, Mode::from_raw_mode(0o600))?;
            let (mut from, to) = (std::fs::File::from(from), std::fs::File::from(to));
            std::io::copy(&mut from, &mut &to).map_err(|error| {
                rustix::io::Errno::from_io_error(&error).unwrap_or(rustix::io::Errno::IO)
            })?;
            adopt(&to.into(), &stat)
        }
        FileType::Symlink => {
            let link = rustix::fs::readlinkat(source, name, Vec::new())?;
            rustix::fs::symlinkat(&link, target, name)?;
            owner(target, name, &stat)
        }
        kind => {
            // A device cannot be made in a user namespace; an image that has one in a volume is rare enough.
            let mode = Mode::from_raw_mode(stat.st_mode & 0o7777);
            match rustix::fs::mknodat(target, name, kind, mode, stat.st_rdev) {
                Err(rustix::io::Errno::PERM) => Ok(()),
                other => other.and_then(|()| owner(target, name, &stat)),
            }
        }
    }
}

fn owner(folder: BorrowedFd<'_>, name: &CStr, stat: &Stat) -> rustix::io::Result<()> {
    let (uid, gid) = ids(stat);
    match rustix::fs::chownat(folder, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW) {
        // In a namespace with one id everything stays the user's.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::PERM) => Ok(()),
        other => other,
    }
}

fn ids(stat: &Stat) -> (Option<rustix::fs::Uid>, Option<rustix::fs::Gid>) {
    (
        Some(rustix::fs::Uid::from_raw(stat.st_uid)),
        Some(rustix::fs::Gid::from_raw(stat.st_gid)),
    )
}

/// Gives `file` the owner, mode and time of `stat`.
fn adopt(file: &OwnedFd, stat: &Stat) -> rustix::io::Result<()> {
    let (uid, gid) = ids(stat);
    match rustix::fs::fchown(file, uid, gid) {
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::PERM) => {}
        other => other?,
    }
    rustix::fs::fchmod(file, Mode::from_raw_mode(stat.st_mode & 0o7777))?;
    let time = rustix::fs::Timespec {
        tv_sec: stat.st_mtime as _,
        tv_nsec: stat.st_mtime_nsec as _,
    };
    rustix::fs::futimens(
        file,
        &Timestamps {
            last_access: time,
            last_modification: time,
        },
    )
}
