//! Fills an empty volume with the image's files at its mount point.
//!
//! **What Docker does.** Copies the image's folder into a new, empty volume when a container first uses it; never for a
//! bind mount.
//! **What we do.** The same, in the container's init, which has all rights over the files and is inside the root.
//! **Lesson.** `volumes`

use crate::sys::failed;
use crate::sys::rootdir::RootDir;
use crate::tree::bytes;
use crate::tree::owners::Owners;
use crate::tree::write::{self, Metadata, Spot};
use rustix::fs::{AtFlags, Dir, FileType, OFlags};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Copies the contents of `target` in `root` into the volume's folder, if that is empty.
pub(super) fn fill(root: &RootDir, target: &Path, volume: &OwnedFd) -> crate::Result<()> {
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
    // In a namespace with one id, all files stay the user's.
    let owners = Owners::detect().without_records();
    let copy = || {
        copy_dir(&source, volume, &owners)?;
        let stat = rustix::fs::fstat(&source)?;
        adopt(volume, &Metadata::of(&stat), &owners)
    };
    copy().map_err(|error| failed("fill the volume", target.display(), error))
}

/// Whether `folder` is a kernel file system, not the image's: `/sys`, `/dev`.
fn is_kernels(folder: &OwnedFd) -> bool {
    // Source: linux/magic.h.
    const KERNELS: [i64; 5] = [0x6265_6572, 0x6367_7270, 0x0102_1994, 0x1cd1, 0x1980_0202];
    rustix::fs::fstatfs(folder).is_ok_and(|about| KERNELS.contains(&about.f_type))
}

fn copy_dir(source: &OwnedFd, target: &OwnedFd, owners: &Owners) -> Result<(), Errno> {
    for entry in Dir::read_from(source)? {
        let entry = entry?;
        let name = entry.file_name();
        if name != c"." && name != c".." {
            copy_entry(source, target, OsStr::from_bytes(name.to_bytes()), owners)?;
        }
    }
    Ok(())
}

fn copy_entry(
    source: &OwnedFd,
    target: &OwnedFd,
    name: &OsStr,
    owners: &Owners,
) -> Result<(), Errno> {
    let stat = rustix::fs::statat(source, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let about = Metadata::of(&stat);
    let spot = Spot::new(target, name)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => {
            let from = Spot::new(source, name)?.open_folder()?;
            let to = spot.make_folder()?;
            copy_dir(&from, &to, owners)?;
            adopt(&to, &about, owners)
        }
        FileType::RegularFile => {
            let from = Spot::new(source, name)?.open_file()?;
            let to = spot.create(0o600)?;
            bytes::copy(&from, &to, stat.st_size)?;
            write::finish(&to, owners, &about)
        }
        FileType::Symlink => {
            let link = rustix::fs::readlinkat(source, name, Vec::new())?;
            spot.symlink(OsStr::from_bytes(link.to_bytes()))?;
            spot.finish(owners, &about)
        }
        kind => match spot.node(kind, stat.st_rdev) {
            // A device cannot be made in a user namespace, and images rarely have one in a volume.
            Err(Errno::PERM) => Ok(()),
            other => other.and_then(|()| spot.finish(owners, &about)),
        },
    }
}

/// Gives a finished folder its owner, mode and time.
fn adopt(folder: &OwnedFd, about: &Metadata, owners: &Owners) -> Result<(), Errno> {
    write::grant(folder, owners, about)?;
    write::set_times(folder, about.mtime)
}
