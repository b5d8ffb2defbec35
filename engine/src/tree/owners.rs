//! Who owns the files of an image, and which of their attributes are packed.
//!
//! **Kernel feature.** In a user namespace only the ids of its map exist: `chown` to any other id is EINVAL.
//! **What Docker does.** Rootless Docker needs subordinate ids; Podman can record a refused owner in an attribute.
//! **What we do.** An owner that is not in the map is recorded in `user.docklings.owner` as `uid:gid`, and written back
//! into the tar when the file is packed. An ordinary user outside a namespace counts as the root of the files it makes:
//! in its later namespace its own id is 0.
//! **What we leave out.** The record needs a regular file or a directory: the kernel allows `user.*` on nothing else.

use rustix::fs::{AtFlags, Gid, Stat, Uid, XattrFlags, chownat, fchown};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const RECORD: &[u8] = b"user.docklings.owner";
const CAPABILITY: &[u8] = b"security.capability";

/// Extended attributes: names and values.
pub(crate) type Xattrs = Vec<(Vec<u8>, Vec<u8>)>;

/// How owners in a tar and owners on disk correspond for the calling process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owners {
    root: bool,
    own: (u32, u32),
    records: bool,
}

impl Owners {
    /// For the calling process.
    pub(crate) fn detect() -> Self {
        let uid = rustix::process::geteuid();
        let gid = rustix::process::getegid();
        Self {
            root: uid.is_root(),
            own: (uid.as_raw(), gid.as_raw()),
            records: true,
        }
    }

    /// The same for files outside layers: if the owner is refused, the file keeps the owner that made it.
    pub(crate) fn without_records(self) -> Self {
        Self {
            records: false,
            ..self
        }
    }

    /// Gives an open file or folder to `owner`, or records the owner where that is not possible. Call it before setting
    /// the mode, because `chown` clears set-user-id.
    pub(crate) fn give_open(&self, file: impl AsFd, owner: (u32, u32)) -> Result<(), Errno> {
        if self.root {
            let (uid, gid) = (Uid::from_raw(owner.0), Gid::from_raw(owner.1));
            match fchown(&file, Some(uid), Some(gid)) {
                Err(Errno::PERM | Errno::INVAL) => {}
                other => return other,
            }
        } else if owner == (0, 0) {
            return Ok(());
        }
        if !self.records {
            return Ok(());
        }
        let text = format!("{}:{}", owner.0, owner.1);
        match rustix::fs::fsetxattr(file, RECORD, text.as_bytes(), XattrFlags::empty()) {
            // A file system without attributes: the owner is lost, but the file is not.
            Err(Errno::OPNOTSUPP) => Ok(()),
            other => other,
        }
    }

    /// Gives the link, pipe or device `name` in `folder` to `owner`, where that is possible.
    pub(crate) fn give_name(
        &self,
        folder: impl AsFd,
        name: &OsStr,
        owner: (u32, u32),
    ) -> Result<(), Errno> {
        if !self.root {
            return Ok(());
        }
        let (uid, gid) = (Uid::from_raw(owner.0), Gid::from_raw(owner.1));
        match chownat(
            folder,
            name,
            Some(uid),
            Some(gid),
            AtFlags::SYMLINK_NOFOLLOW,
        ) {
            Err(Errno::PERM | Errno::INVAL) => Ok(()),
            other => other,
        }
    }

    /// Whether a file that this process just made already belongs to `owner`.
    pub(crate) fn made_for(&self, made: &Stat, owner: (u32, u32)) -> bool {
        self.root && (made.st_uid, made.st_gid) == owner
    }

    /// The owner to put in a tar for a file owned by `on_disk`, with these attributes.
    pub(crate) fn seen(&self, on_disk: (u32, u32), xattrs: &[(Vec<u8>, Vec<u8>)]) -> (u32, u32) {
        let recorded = xattrs
            .iter()
            .find(|(name, _)| name == RECORD)
            .and_then(|(_, value)| parse_record(value));
        if let Some(recorded) = recorded {
            return recorded;
        }
        if self.root {
            return on_disk;
        }
        let own = |id, own| if id == own { 0 } else { id };
        (own(on_disk.0, self.own.0), own(on_disk.1, self.own.1))
    }
}

fn parse_record(value: &[u8]) -> Option<(u32, u32)> {
    let (uid, gid) = std::str::from_utf8(value).ok()?.split_once(':')?;
    Some((uid.parse().ok()?, gid.parse().ok()?))
}

/// Whether an attribute may be part of a layer. `trusted.overlay.*` and `user.overlay.*` would make overlayfs show
/// content that the layer does not hold (moby #47962); SELinux labels and signatures belong to one machine.
pub(crate) fn travels(name: &[u8]) -> bool {
    if name == CAPABILITY {
        return true;
    }
    let refused: [&[u8]; 3] = [b"user.overlay.", b"trusted.overlay.", b"user.docklings."];
    (name.starts_with(b"user.") || name.starts_with(b"trusted."))
        && !refused.iter().any(|prefix| name.starts_with(prefix))
}

/// Sets an attribute from a layer, on a link itself and not on its target.
pub(crate) fn set_xattr(
    folder: impl AsFd,
    name: &[u8],
    xattr: &[u8],
    value: &[u8],
) -> Result<(), Errno> {
    let path = through(folder.as_fd(), name);
    tolerated(rustix::fs::lsetxattr(
        path,
        xattr,
        value,
        XattrFlags::empty(),
    ))
}

/// The same of an open file.
pub(crate) fn set_xattr_of(file: impl AsFd, xattr: &[u8], value: &[u8]) -> Result<(), Errno> {
    tolerated(rustix::fs::fsetxattr(
        file,
        xattr,
        value,
        XattrFlags::empty(),
    ))
}

/// The kernel's refusal is accepted: the file is usable without the attribute.
fn tolerated(set: Result<(), Errno>) -> Result<(), Errno> {
    match set {
        Err(Errno::OPNOTSUPP | Errno::PERM | Errno::INVAL | Errno::ACCESS) => Ok(()),
        other => other,
    }
}

/// All attributes of `name` in `folder`, sorted; of a link itself, not of its target.
pub(crate) fn xattrs(folder: impl AsFd, name: &[u8]) -> Result<Xattrs, Errno> {
    xattrs_at(&through(folder.as_fd(), name))
}

/// All attributes of the file at `path`, sorted; of a link itself, not of its target.
pub(crate) fn xattrs_at(path: &Path) -> Result<Xattrs, Errno> {
    collect(
        |names| rustix::fs::llistxattr(path, names),
        |name, value| rustix::fs::lgetxattr(path, name, value),
    )
}

/// All attributes of an open file, sorted. No path is looked up, which saves time when there are many files.
pub(crate) fn xattrs_of(file: impl AsFd) -> Result<Xattrs, Errno> {
    collect(
        |names| rustix::fs::flistxattr(&file, names),
        |name, value| rustix::fs::fgetxattr(&file, name, value),
    )
}

/// The file capabilities of an open file, as a tar should have them; `None` if it has none.
pub(crate) fn capability(file: impl AsFd) -> Option<Vec<u8>> {
    let mut value = vec![0; 32];
    let length = rustix::fs::fgetxattr(file, CAPABILITY, &mut value).ok()?;
    value.truncate(length);
    Some(without_namespace(value))
}

/// Collects attributes, from one call that lists the names and one that reads a value.
fn collect(
    list: impl Fn(&mut [u8]) -> Result<usize, Errno>,
    get: impl Fn(&[u8], &mut [u8]) -> Result<usize, Errno>,
) -> Result<Xattrs, Errno> {
    let mut names = vec![0; 1024];
    let length = loop {
        match list(&mut names) {
            Ok(length) => break length,
            Err(Errno::RANGE) => names.resize(names.len() * 8, 0),
            Err(Errno::OPNOTSUPP) => break 0,
            Err(error) => return Err(error),
        }
    };
    let mut found = Vec::new();
    for name in names[..length].split(|byte| *byte == 0) {
        if name.is_empty() {
            continue;
        }
        let mut value = vec![0; 256];
        let length = loop {
            match get(name, &mut value) {
                Ok(length) => break Some(length),
                Err(Errno::RANGE) => value.resize(value.len() * 16, 0),
                // It was removed, or we may not read it.
                Err(Errno::NODATA | Errno::ACCESS | Errno::PERM | Errno::OPNOTSUPP) => break None,
                Err(error) => return Err(error),
            }
        };
        if let Some(length) = length {
            value.truncate(length);
            found.push((name.to_vec(), value));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The attributes of a file that a layer records.
pub(crate) fn travelling(xattrs: Xattrs) -> Xattrs {
    xattrs
        .into_iter()
        .filter(|(name, _)| travels(name))
        .map(|(name, value)| match name == CAPABILITY {
            true => (name, without_namespace(value)),
            false => (name, value),
        })
        .collect()
}

/// A file capability made inside a user namespace names that namespace's root (revision 3), which means nothing
/// elsewhere. Revision 2 is the same without it. Source: capabilities(7) § File capability extended attribute
/// versioning.
fn without_namespace(mut value: Vec<u8>) -> Vec<u8> {
    if value.len() == 24 && value[3] == 3 {
        value[3] = 2;
        value.truncate(20);
    }
    value
}

/// A path to `name` in an open folder, for calls that take no folder. The kernel resolves only the last name.
pub(crate) fn through(folder: BorrowedFd<'_>, name: &[u8]) -> PathBuf {
    let folder = format!("/proc/self/fd/{}", folder.as_raw_fd());
    Path::new(&folder).join(OsStr::from_bytes(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_attributes_of_the_file_itself_travel() {
        for good in ["security.capability", "user.x", "trusted.x"] {
            assert!(travels(good.as_bytes()), "{good}");
        }
        for bad in [
            "trusted.overlay.opaque",
            "user.overlay.redirect",
            "user.docklings.owner",
            "security.selinux",
            "system.posix_acl_access",
        ] {
            assert!(!travels(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn a_recorded_owner_wins_and_an_ordinary_users_own_files_are_roots() {
        let user = Owners {
            root: false,
            own: (1001, 1002),
            records: true,
        };
        assert_eq!(user.seen((1001, 1002), &[]), (0, 0));
        assert_eq!(user.seen((5, 6), &[]), (5, 6));
        let record = [(RECORD.to_vec(), b"33:34".to_vec())];
        assert_eq!(user.seen((1001, 1002), &record), (33, 34));
    }

    #[test]
    fn a_capability_of_a_namespace_becomes_a_plain_one() {
        let mut value = vec![9; 24];
        value[3] = 3;
        let plain = without_namespace(value);
        assert_eq!((plain.len(), plain[3]), (20, 2));
        assert_eq!(without_namespace(vec![2; 20]), vec![2; 20]);
    }
}
