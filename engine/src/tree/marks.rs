//! How a layer says that something of a lower layer is gone: in its folder, and in its tar.
//!
//! In a tar, `dir/.wh.name` deletes `name`, and `dir/.wh..wh..opq` hides all that lower layers have in `dir`; `unpack` and
//! `pack` translate.
//! **Kernel feature.** A character device 0:0 hides the name below it; the attribute `overlay.opaque=y` on a directory
//! hides all its entries from lower layers. The attribute is `trusted.*` for the machine's root. In a user namespace,
//! where `trusted.*` cannot be set, it is `user.*` (mount option `userxattr`). Making the device needs no privilege
//! since Linux 5.8.
//! Source: Documentation/filesystems/overlayfs.rst § whiteouts and opaque directories; OCI image specification, `layer.md`
//! § Whiteouts.
//! **Lesson.** `small-images`

use super::owners::through;
use crate::error::{Error, Result as EngineResult};
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

/// The prefix of a deleted name.
pub(crate) const WHITEOUT_PREFIX: &[u8] = b".wh.";
/// The mark of an opaque directory.
pub(crate) const OPAQUE_MARK: &[u8] = b".wh..wh..opq";
/// AUFS kept its own metadata under such names; it is ignored here.
const AUFS_PREFIX: &[u8] = b".wh..wh.";

/// What the last component of a path in a layer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryName<'a> {
    /// The name of a file.
    Plain(&'a [u8]),
    /// This name of a lower layer is deleted.
    Whiteout(&'a [u8]),
    /// Everything that lower layers have in this directory is deleted.
    Opaque,
    /// To be skipped.
    Ignored,
}

/// Parses the last component of a path in a layer. A whiteout of nothing, of `.` or of `..` is an error, since it would
/// delete something the path does not name.
pub(crate) fn entry_name(name: &[u8]) -> EngineResult<EntryName<'_>> {
    let Some(rest) = name.strip_prefix(WHITEOUT_PREFIX) else {
        return Ok(EntryName::Plain(name));
    };
    if name == OPAQUE_MARK {
        return Ok(EntryName::Opaque);
    }
    if matches!(rest, b"" | b"." | b"..") {
        return Err(Error::invalid(format!(
            "invalid whiteout `{}` in a layer",
            String::from_utf8_lossy(name)
        )));
    }
    if name.starts_with(AUFS_PREFIX) {
        return Ok(EntryName::Ignored);
    }
    Ok(EntryName::Whiteout(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_whiteouts_opaque_or_ignored() {
        let check = |name: &str, expected| {
            assert_eq!(entry_name(name.as_bytes()).unwrap(), expected, "{name}");
        };
        check("a", EntryName::Plain(b"a"));
        check("a.wh.b", EntryName::Plain(b"a.wh.b"));
        check(".wh.a", EntryName::Whiteout(b"a"));
        check(".wh..a", EntryName::Whiteout(b".a"));
        check(".wh..wh..opq", EntryName::Opaque);
        check(".wh..wh.plnk", EntryName::Ignored);
    }

    #[test]
    fn a_whiteout_of_nothing_or_of_dots_is_an_error() {
        for bad in [".wh.", ".wh..", ".wh..."] {
            assert!(entry_name(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
