//! Our own program, opened so that no container can write to it.
//!
//! **Kernel feature.** A process in a container can reach the program that entered it as `/proc/<pid>/exe`, and write
//! to the file once it no longer runs (CVE-2019-5736). A detached read-only overlay over the program's folder gives a
//! descriptor of the same file that cannot be used to write to it.
//! **What Docker does.** runc has done the same since 1.2; earlier it copied itself into memory.

use crate::error::{IoContext, Result};
use rustix::fs::{Mode, OFlags};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsconfig_set_string, fsmount,
    fsopen,
};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Opens the program at `path` for `execveat`, permanently read-only. Needs permission to mount; if the kernel cannot
/// stack an overlay on the file system, the program is copied into a sealed memory file instead, which costs
/// milliseconds. `beside` is any small folder.
pub(crate) fn open(path: &Path, beside: &Path) -> Result<OwnedFd> {
    // The kernel refuses one folder inside the other, as with a home beside the program.
    open_through_overlay(path, beside)
        .or_else(|_| open_through_overlay(path, Path::new("/sys/kernel")))
        .or_else(|_| copy_to_memory(path).on("open", path))
}

fn open_through_overlay(path: &Path, beside: &Path) -> std::io::Result<OwnedFd> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let name = path.file_name().ok_or(std::io::ErrorKind::InvalidInput)?;
    let plain = |folder: &Path| {
        !folder
            .as_os_str()
            .as_bytes()
            .iter()
            .any(|b| matches!(b, b':' | b',' | b'\\'))
    };
    if !plain(folder) || !plain(beside) {
        return Err(std::io::ErrorKind::InvalidInput.into());
    }
    let context = fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
    // An overlay without an upper folder needs two lower ones.
    let lowers = [folder, beside]
        .map(|folder| folder.as_os_str().as_bytes())
        .join(&b':');
    fsconfig_set_string(context.as_fd(), "lowerdir", lowers)?;
    fsconfig_create(context.as_fd())?;
    let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY | MountAttrFlags::MOUNT_ATTR_NODEV;
    let mount = fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)?;
    let flags = OFlags::PATH | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    Ok(rustix::fs::openat(&mount, name, flags, Mode::empty())?)
}

fn copy_to_memory(path: &Path) -> std::io::Result<OwnedFd> {
    use rustix::fs::{MemfdFlags, SealFlags};
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let mut memory = std::fs::File::from(rustix::fs::memfd_create("docklings", flags)?);
    std::io::copy(&mut std::fs::File::open(path)?, &mut memory)?;
    let seals = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
    rustix::fs::fcntl_add_seals(&memory, seals)?;
    Ok(memory.into())
}
