//! A container's `/dev`: a separate folder with the few harmless devices.
//!
//! **Kernel feature.** A device node gives access to a driver, wherever it is and whichever user created it; a mount
//! with `nodev` prevents that.
//! **What Docker does.** A tmpfs with null, zero, full, random, urandom and tty; devpts; shm; mqueue. A container may
//! create other nodes, but its device cgroup lets it open only the harmless ones.
//! **What we do.** The same devices, each with its own mount, and everything around them is `nodev`: a node that a
//! container creates cannot be opened. That costs nothing at start, unlike a version 1 cgroup, which costs
//! milliseconds. In a user namespace, where nodes cannot be created, the machine's are bind-mounted.

use crate::error::Result;
use crate::sys::rootdir::{Make, RootDir};
use crate::sys::{failed, mount};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::mount::MountAttrFlags;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

const DEVICES: [(&str, u32, u32); 6] = [
    ("null", 1, 3),
    ("zero", 1, 5),
    ("full", 1, 7),
    ("random", 1, 8),
    ("urandom", 1, 9),
    ("tty", 5, 0),
];

const LINKS: [(&str, &str); 5] = [
    ("/proc/self/fd", "fd"),
    ("/proc/self/fd/0", "stdin"),
    ("/proc/self/fd/1", "stdout"),
    ("/proc/self/fd/2", "stderr"),
    ("pts/ptmx", "ptmx"),
];

/// Mounts and fills `/dev`; `/dev/shm` holds `shm_size` bytes.
pub(super) fn populate(root: &RootDir, bar_devices: bool, shm_size: u64) -> Result<()> {
    let dev = mount::memory(&[("mode", "755"), ("size", "65536k")], false)?;
    root.mount("/dev", &dev, Make::Dir)?;
    let folder = root
        .resolve(Path::new("/dev"), OFlags::PATH | OFlags::DIRECTORY)
        .map_err(|error| failed("open", "/dev", error))?;
    for (name, major, minor) in DEVICES {
        make_device(&folder, name, major, minor, bar_devices)?;
    }
    if bar_devices {
        mount::bar_devices(dev.as_fd(), false)?;
    }
    for (target, name) in LINKS {
        rustix::fs::symlinkat(target, &folder, name)
            .map_err(|error| failed("symlink", name, error))?;
    }
    root.mount("/dev/pts", &pseudo_terminals()?, Make::Dir)?;
    root.mount(
        "/dev/shm",
        &mount::memory(
            &[
                ("source", "shm"),
                ("mode", "1777"),
                ("size", &shm_size.to_string()),
            ],
            true,
        )?,
        Make::Dir,
    )?;
    let closed = MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    root.mount(
        "/dev/mqueue",
        &mount::new_mount("mqueue", &[], closed)?,
        Make::Dir,
    )
}

/// Creates a node, or bind-mounts the machine's. With `separate`, a node has its own mount, which keeps its flags when
/// those of the folder change.
fn make_device(folder: &OwnedFd, name: &str, major: u32, minor: u32, separate: bool) -> Result<()> {
    let mode = Mode::from_raw_mode(0o666);
    let device = rustix::fs::makedev(major, minor);
    if rustix::fs::mknodat(folder, name, FileType::CharacterDevice, mode, device).is_ok() {
        rustix::fs::chmodat(folder, name, mode, AtFlags::empty())
            .map_err(|error| failed("chmod", name, error))?;
        if !separate {
            return Ok(());
        }
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let node = rustix::fs::openat(folder, name, flags, Mode::empty())
            .map_err(|error| failed("open", name, error))?;
        let copy = mount::clone_mount(node.as_fd(), false)?;
        return mount::attach(copy.as_fd(), node.as_fd(), name);
    }
    let source = mount::open_device(&format!("/dev/{name}"), major, minor)?;
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    let target = rustix::fs::openat(folder, name, flags, mode)
        .map_err(|error| failed("create", name, error))?;
    mount::attach(
        mount::clone_mount(source.as_fd(), false)?.as_fd(),
        target.as_fd(),
        name,
    )
}

/// Whether a node with `mode` and `device` may be opened in any container: a terminal, or a device that all containers
/// have.
pub(super) fn is_harmless(mode: u32, device: u64) -> bool {
    let number = (rustix::fs::major(device), rustix::fs::minor(device));
    FileType::from_raw_mode(mode) == FileType::CharacterDevice
        && (number.0 == 136
            || DEVICES
                .iter()
                .any(|(_, major, minor)| number == (*major, *minor)))
}

/// Group 5 owns terminals; in a namespace with one id, where it does not exist, the owner's group does.
fn pseudo_terminals() -> Result<OwnedFd> {
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let options = [("ptmxmode", "0666"), ("mode", "0620"), ("gid", "5")];
    mount::new_mount("devpts", &options, attributes)
        .or_else(|_| mount::new_mount("devpts", &options[..2], attributes))
}

/// The container's own `/dev/null`, verified. For use after the root has changed.
pub(super) fn null() -> Result<OwnedFd> {
    mount::open_device("/dev/null", 1, 3)
}
