//! How overlayfs marks, in a layer's folder, that something of a lower layer is gone.
//!
//! **Kernel feature.** A character device 0:0 hides the name below it; the attribute `overlay.opaque=y` on a directory
//! hides all its entries from lower layers. The attribute is `trusted.*` for the machine's root. In a user namespace,
//! where `trusted.*` cannot be set, it is `user.*` (mount option `userxattr`). Making the device needs no privilege
//! since Linux 5.8.
//! Source: Documentation/filesystems/overlayfs.rst § whiteouts and opaque directories.
//! **Lesson.** `small-images`

use super::owners::through;
use crate::sys::namespace::in_user_namespace;
use rustix::fs::{FileType, Mode, Stat, XattrFlags, mknodat};
use rustix::io::Errno;
use std::os::fd::AsFd;

/// The marks that the calling process uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marks {
    opaque: &'static str,
}

impl Marks {
    /// For the calling process: as the machine's root, or as any other user.
    pub(crate) fn detect() -> Self {
        let user = !rustix::process::geteuid().is_root() || in_user_namespace();
        Self {
            opaque: match user {
                true => "user.overlay.opaque",
                false => "trusted.overlay.opaque",
            },
        }
    }

    /// Hides the contents of lower layers in the directory `name`.
    pub(crate) fn set_opaque(&self, folder: impl AsFd, name: &[u8]) -> Result<(), Errno> {
        let path = through(folder.as_fd(), name);
        rustix::fs::lsetxattr(path, self.opaque, b"y", XattrFlags::empty())
    }

    /// Whether this open directory hides its contents from lower layers.
    pub(crate) fn is_opaque(&self, folder: impl AsFd) -> bool {
        let mut value = [0; 8];
        let length = rustix::fs::fgetxattr(folder, self.opaque, &mut value[..]);
        length.is_ok_and(|length| &value[..length] == b"y")
    }
}

/// Hides `name`, which must not exist in this folder.
pub(crate) fn make_whiteout(folder: impl AsFd, name: &[u8]) -> Result<(), Errno> {
    mknodat(folder, name, FileType::CharacterDevice, Mode::empty(), 0)
}

/// Whether this is a whiteout, which hides a name.
pub(crate) fn is_whiteout(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice && stat.st_rdev == 0
}
