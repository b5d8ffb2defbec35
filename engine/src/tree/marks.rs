//! How overlayfs notes, in a layer's folder, that something of a lower layer is gone.
//!
//! **Kernel feature.** A character device 0:0 hides the name below it; the attribute `overlay.opaque=y` on a directory
//! hides all that lower layers have in it. The attribute is `trusted.*` for the machine's root; in a user namespace,
//! where nobody may set that, it is `user.*` (mount option `userxattr`). Making the device needs no privilege since 5.8.
//! Source: Documentation/filesystems/overlayfs.rst § whiteouts and opaque directories.

use super::owners::through;
use crate::sys::namespace::in_user_namespace;
use rustix::fs::{FileType, Mode, Stat, XattrFlags, mknodat};
use rustix::io::Errno;
use std::os::fd::AsFd;

/// The marks that hold for the calling process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    opaque: &'static str,
}

impl Marks {
    /// For the calling process: the machine's root, or anybody else.
    pub fn detect() -> Self {
        let user = !rustix::process::geteuid().is_root() || in_user_namespace();
        Self {
            opaque: match user {
                true => "user.overlay.opaque",
                false => "trusted.overlay.opaque",
            },
        }
    }

    /// Hides all that lower layers have in the directory `name`.
    pub fn set_opaque(&self, folder: impl AsFd, name: &[u8]) -> Result<(), Errno> {
        let path = through(folder.as_fd(), name);
        rustix::fs::lsetxattr(path, self.opaque, b"y", XattrFlags::empty())
    }

    /// Whether this open directory hides what lower layers have in it.
    pub fn is_opaque(&self, folder: impl AsFd) -> bool {
        let mut value = [0; 8];
        let length = rustix::fs::fgetxattr(folder, self.opaque, &mut value[..]);
        length.is_ok_and(|length| &value[..length] == b"y")
    }
}

/// Hides `name`, which must not exist in this folder.
pub fn make_whiteout(folder: impl AsFd, name: &[u8]) -> Result<(), Errno> {
    mknodat(folder, name, FileType::CharacterDevice, Mode::empty(), 0)
}

/// Whether this is what hides a name.
pub fn is_whiteout(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice && stat.st_rdev == 0
}
