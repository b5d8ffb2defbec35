//! Mounts: overlayfs through `mount(2)`, the rest by file descriptor.
//!
//! **Kernel feature.** overlayfs (`Documentation/filesystems/overlayfs.rst`), `fsopen(2)`, `fsmount(2)`, `open_tree(2)`,
//! `move_mount(2)`, `pivot_root(2)`.
//! **What Docker does.** The daemon mounts the overlay on the machine; runc does the rest in the container.
//! **What we do.** Mounts everything inside the container's own mount namespace, so that no mount outlives a killed
//! process. The target of a mount is a descriptor resolved inside the root, never a path that an image could redirect.
//! **What we leave out.** `metacopy` and `redirect_dir`: a layer must contain everything that it changes.
//! **Lesson.** `files-in-and-out`

use super::{check, failed};
use crate::error::{Error, Result};
use nix::mount::{MntFlags, MsFlags};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, fsconfig_create,
    fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, move_mount, open_tree,
};
use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// `mount(2)` accepts one page of options.
const OPTIONS_LIMIT: usize = 4000;

/// An overlay: layers, lowest first, and optionally a writable one on top.
pub struct Overlay<'a> {
    /// Folders, lowest first.
    pub lowers: &'a [PathBuf],
    /// The writable folder and overlayfs's scratch folder beside it.
    pub upper: Option<(&'a Path, &'a Path)>,
    /// The upper layer need not survive a power cut: no sync at unmount or copy-up.
    pub volatile: bool,
    /// We are root only in a user namespace: extended attributes are `user.overlay.*`.
    pub userxattr: bool,
    /// Device nodes can be created and listed, but not opened.
    pub bar_devices: bool,
}

impl Overlay<'_> {
    /// The options other than the lower folders.
    fn flags(&self) -> Vec<&'static str> {
        let mut flags = Vec::new();
        if self.userxattr {
            flags.push("userxattr");
        }
        if self.volatile && self.upper.is_some() {
            flags.push("volatile");
        }
        flags
    }

    /// The options for `mount(2)`, topmost layer first. `None` if a path cannot be expressed there.
    fn options(&self) -> Option<Vec<u8>> {
        let plain = |path: &Path| {
            let bytes = path.as_os_str().as_bytes();
            (!bytes.iter().any(|b| matches!(b, b':' | b',' | b'\\'))).then(|| bytes.to_vec())
        };
        let lowers: Vec<Vec<u8>> = self
            .lowers
            .iter()
            .rev()
            .map(|p| plain(p))
            .collect::<Option<_>>()?;
        let mut options = b"lowerdir=".to_vec();
        options.extend(lowers.join(&b':'));
        if let Some((upper, work)) = self.upper {
            options.extend(b",upperdir=");
            options.extend(plain(upper)?);
            options.extend(b",workdir=");
            options.extend(plain(work)?);
        }
        for flag in self.flags() {
            options.push(b',');
            options.extend(flag.as_bytes());
        }
        (options.len() < OPTIONS_LIMIT).then_some(options)
    }

    /// Mounts it at `target`.
    ///
    /// An image without layers (`FROM scratch`) needs an empty lower folder, which the caller provides.
    pub fn mount(&self, target: &Path) -> Result<()> {
        if let (Some((_, work)), true) = (self.upper, self.volatile) {
            // Left by an earlier volatile mount; overlayfs refuses to mount until it is removed.
            let _ = std::fs::remove_dir_all(work.join("work/incompat"));
        }
        match self.options() {
            Some(options) => mount_overlay(target, options, self.bar_devices),
            None => self.mount_by_descriptor(target),
        }
        .map_err(|error| {
            let error = failed("mount overlay on", target.display(), error);
            match error.hint() {
                None => error.with_hint("docklings doctor"),
                Some(_) => error,
            }
        })?;
        if let Some((_, work)) = self.upper {
            // Overlayfs creates it with mode 000, so `rm -rf` by its owner fails. Overlayfs itself accesses it with the
            // mounter's credentials, whatever the mode.
            let owner_only = rustix::fs::Mode::RWXU;
            let _ = rustix::fs::chmod(work.join("work"), owner_only);
        }
        Ok(())
    }

    /// For more layers than fit in a page of options, or unusual paths. Needs Linux 6.8 (`lowerdir+`).
    fn mount_by_descriptor(&self, target: &Path) -> std::io::Result<()> {
        let context = fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
        for lower in self.lowers.iter().rev() {
            fsconfig_set_string(context.as_fd(), "lowerdir+", lower.as_os_str().as_bytes())?;
        }
        if let Some((upper, work)) = self.upper {
            fsconfig_set_string(context.as_fd(), "upperdir", upper.as_os_str().as_bytes())?;
            fsconfig_set_string(context.as_fd(), "workdir", work.as_os_str().as_bytes())?;
        }
        for flag in self.flags() {
            fsconfig_set_flag(context.as_fd(), flag)?;
        }
        fsconfig_create(context.as_fd())?;
        let attributes = match self.bar_devices {
            true => MountAttrFlags::MOUNT_ATTR_NODEV,
            false => MountAttrFlags::empty(),
        };
        let mount = fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)?;
        let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
        Ok(move_mount(
            mount.as_fd(),
            "",
            rustix::fs::CWD,
            target,
            flags,
        )?)
    }
}

/// Wraps `mount(2)` for overlayfs.
fn mount_overlay(target: &Path, options: Vec<u8>, bar_devices: bool) -> std::io::Result<()> {
    let target = CString::new(target.as_os_str().as_bytes())?;
    let options = CString::new(options)?;
    let kind = c"overlay".as_ptr();
    let flags = if bar_devices { libc::MS_NODEV } else { 0 };
    // SAFETY: four pointers to null-terminated strings that outlive the call.
    let result =
        unsafe { libc::mount(kind, target.as_ptr(), kind, flags, options.as_ptr().cast()) };
    check(result.into()).map(drop)
}

/// The attributes of a mount without devices, without programs and without programs of another user.
pub fn closed() -> MountAttrFlags {
    MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC
}

/// A new detached tmpfs, for `/dev` and below.
pub fn memory(options: &[(&str, &str)], noexec: bool) -> Result<OwnedFd> {
    let attributes = match noexec {
        true => closed(),
        false => MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_STRICTATIME,
    };
    new_mount("tmpfs", options, attributes)
}

/// A new detached mount of a file system of `kind`.
pub fn new_mount(
    kind: &str,
    options: &[(&str, &str)],
    attributes: MountAttrFlags,
) -> Result<OwnedFd> {
    let make = || {
        let context = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
        // The source shown by `df` and `mount`; without it they show `none`.
        if !options.iter().any(|(name, _)| *name == "source") {
            fsconfig_set_string(context.as_fd(), "source", kind)?;
        }
        for (name, value) in options {
            if value.is_empty() {
                fsconfig_set_flag(context.as_fd(), *name)?;
            } else {
                fsconfig_set_string(context.as_fd(), *name, *value)?;
            }
        }
        fsconfig_create(context.as_fd())?;
        fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)
    };
    make().map_err(|error: rustix::io::Errno| failed("mount", kind, error))
}

/// A detached copy of the mount at `source`; with the mounts below it if `recursive`.
pub fn clone_mount(source: BorrowedFd<'_>, recursive: bool) -> Result<OwnedFd> {
    let mut flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_EMPTY_PATH;
    if recursive {
        flags |= OpenTreeFlags::AT_RECURSIVE;
    }
    open_tree(source, "", flags).map_err(|error| failed("open_tree", "a mount", error))
}

/// Attaches a detached mount at `target`.
pub fn attach(mount: BorrowedFd<'_>, target: BorrowedFd<'_>, name: &str) -> Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(mount, "", target, "", flags).map_err(|error| failed("mount on", name, error))
}

/// Prevents device nodes from being opened through `mount` and, if `recursive`, through the mounts below it. Source:
/// `mount_setattr(2)`.
pub fn bar_devices(mount: BorrowedFd<'_>, recursive: bool) -> Result<()> {
    // SAFETY: mount_attr is a plain struct of integers, for which all zeroes is a valid value.
    let mut attributes: libc::mount_attr = unsafe { std::mem::zeroed() };
    attributes.attr_set = libc::MOUNT_ATTR_NODEV;
    let recursion = if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the path is an empty string, and the attributes are valid for the size given; both outlive the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | recursion,
            &raw const attributes,
            std::mem::size_of::<libc::mount_attr>(),
        )
    };
    check(result)
        .map(drop)
        .map_err(|error| failed("mount_setattr", "a mount", error))
}

/// Makes the attached mount `mount` read-only, keeping the flags that a user namespace may not clear.
pub fn make_read_only(mount: BorrowedFd<'_>, name: &str) -> Result<()> {
    remount(
        &PathBuf::from(format!("/proc/self/fd/{}", mount.as_raw_fd())),
        name,
    )
}

/// Bind-mounts `path` onto itself, read-only. Only for paths on file systems that we mounted, which contain no hostile
/// symlinks.
pub fn protect(path: &str) -> Result<()> {
    nix::mount::mount(
        Some(path),
        path,
        None::<&str>,
        MsFlags::MS_BIND | MsFlags::MS_REC,
        None::<&str>,
    )
    .map_err(|error| failed("mount on", path, error))?;
    remount(Path::new(path), path)
}

/// Remounts the root folder read-only.
pub fn make_root_read_only() -> Result<()> {
    remount(Path::new("/"), "/")
}

fn remount(path: &Path, name: &str) -> Result<()> {
    use nix::sys::statvfs::{FsFlags, statvfs};
    let has = statvfs(path)
        .map_err(|error| failed("statvfs", name, error))?
        .flags();
    let mut flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
    for (present, keep) in [
        (FsFlags::ST_NOSUID, MsFlags::MS_NOSUID),
        (FsFlags::ST_NODEV, MsFlags::MS_NODEV),
        (FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
        (FsFlags::ST_NOATIME, MsFlags::MS_NOATIME),
        (FsFlags::ST_NODIRATIME, MsFlags::MS_NODIRATIME),
        (FsFlags::ST_RELATIME, MsFlags::MS_RELATIME),
    ] {
        if has.contains(present) {
            flags |= keep;
        }
    }
    nix::mount::mount(None::<&str>, path, None::<&str>, flags, None::<&str>)
        .map_err(|error| failed("remount", name, error))
}

/// Makes mounts slave: the machine's mounts still reach us, ours do not reach it.
pub fn follow() -> Result<()> {
    let flags = MsFlags::MS_REC | MsFlags::MS_SLAVE;
    nix::mount::mount(None::<&str>, "/", None::<&str>, flags, None::<&str>)
        .map_err(|error| failed("mount", "/", error))
}

/// Makes mounts private: the machine's mount namespace sees none of ours.
pub fn make_private() -> Result<()> {
    let flags = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    nix::mount::mount(None::<&str>, "/", None::<&str>, flags, None::<&str>)
        .map_err(|error| failed("mount", "/", error))
}

/// Makes `root`, which must be a mount, the root folder, and detaches the old one.
/// Source: `pivot_root(2)`, § "pivot_root(".", ".")".
pub fn pivot_root(root: &Path) -> Result<()> {
    let change = || {
        nix::unistd::chdir(root)?;
        nix::unistd::pivot_root(".", ".")?;
        nix::mount::umount2(".", MntFlags::MNT_DETACH)?;
        nix::unistd::chdir("/")
    };
    change().map_err(|error| failed("pivot_root", root.display(), error))
}

/// The device at `path`, checked to be the character device `major`:`minor` (an image's `/dev/null` could be a
/// link to anything; CVE-2025-31133).
pub fn open_device(path: &str, major: u32, minor: u32) -> Result<OwnedFd> {
    use rustix::fs::{FileType, Mode, OFlags};
    let fd = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
        .map_err(|error| failed("open", path, error))?;
    let stat = rustix::fs::fstat(&fd).map_err(|error| failed("fstat", path, error))?;
    let found = (
        rustix::fs::major(stat.st_rdev),
        rustix::fs::minor(stat.st_rdev),
    );
    if FileType::from_raw_mode(stat.st_mode) != FileType::CharacterDevice || found != (major, minor)
    {
        return Err(Error::machine(format!(
            "`{path}` is not the expected device"
        )));
    }
    Ok(fd)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlay<'a>(lowers: &'a [PathBuf], upper: Option<(&'a Path, &'a Path)>) -> Overlay<'a> {
        Overlay {
            lowers,
            upper,
            volatile: true,
            userxattr: false,
            bar_devices: true,
        }
    }

    #[test]
    fn the_topmost_layer_comes_first() {
        let lowers = [PathBuf::from("/a"), PathBuf::from("/b")];
        let both = overlay(&lowers, Some((Path::new("/u"), Path::new("/w"))));
        assert_eq!(
            both.options().unwrap(),
            b"lowerdir=/b:/a,upperdir=/u,workdir=/w,volatile"
        );
        assert_eq!(overlay(&lowers, None).options().unwrap(), b"lowerdir=/b:/a");
    }

    #[test]
    fn odd_paths_and_long_lists_are_not_written_as_options() {
        assert_eq!(overlay(&[PathBuf::from("/a:b")], None).options(), None);
        let many: Vec<PathBuf> = (0..200)
            .map(|n| PathBuf::from(format!("/layers/{n:064}")))
            .collect();
        assert_eq!(overlay(&many, None).options(), None);
    }

    #[test]
    fn a_wrong_device_is_refused() {
        assert!(open_device("/dev/null", 1, 3).is_ok());
        assert!(open_device("/dev/null", 1, 5).is_err());
        assert!(open_device("/etc/passwd", 1, 3).is_err());
    }
}
