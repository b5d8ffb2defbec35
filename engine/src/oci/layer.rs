//! Whiteouts: how a layer deletes files of lower layers.
//!
//! **Kernel feature.** None: in a tar, `dir/.wh.name` deletes `name`, and `dir/.wh..wh..opq` hides all that lower
//! layers have in `dir`. Overlayfs has its own marks for both; `tree::unpack` and `tree::pack` translate.
//! Source: OCI image specification, `layer.md` § Whiteouts.

use crate::error::{Error, Result};

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
pub(crate) fn entry_name(name: &[u8]) -> Result<EntryName<'_>> {
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
