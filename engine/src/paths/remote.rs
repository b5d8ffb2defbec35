//! The file system of a home: containers cannot run on network file systems.
//!
//! **Kernel feature.** overlayfs rejects an upper layer whose names another machine may change (`d_revalidate`), and
//! over NFS a folder cannot be locked (`flock(2)`, notes).
//! **What we do.** Report it at once, with the only remedy: a home on a local disk.

use crate::error::{Error, Result};
use std::path::Path;

/// Puts the home in a local folder that no other user can have created first, now and in later sessions.
pub const ELSEWHERE: &str = "export DOCKLINGS_HOME=\"$(mktemp -d /var/tmp/docklings-XXXXXX)\" && echo \"export DOCKLINGS_HOME=$DOCKLINGS_HOME\" >> ~/.profile";

/// The magic number of the file system of `path`, as in `statfs(2)`.
pub fn file_system(path: &Path) -> Option<u32> {
    let found = rustix::fs::statfs(path).ok()?;
    // The field is signed on some architectures; the number is a 32-bit pattern.
    Some(found.f_type as u32)
}

/// The name of the file system with the number `magic`, if overlayfs treats it as remote.
pub fn name(magic: u32) -> Option<&'static str> {
    match magic {
        0x6969 => Some("NFS"),
        0xff53_4d42 => Some("CIFS"),
        0xfe53_4d42 => Some("SMB2"),
        0x517b => Some("SMB"),
        0x0102_1997 => Some("9p"),
        0x6573_5546 => Some("FUSE"),
        0x5346_414f => Some("AFS"),
        0x00c3_6400 => Some("Ceph"),
        0x7375_7245 => Some("Coda"),
        _ => None,
    }
}

/// Refuses a home on a network file system.
pub fn refuse(home: &Path) -> Result<()> {
    match file_system(home).and_then(name) {
        None => Ok(()),
        Some(name) => Err(refusal(home, name)),
    }
}

fn refusal(home: &Path, name: &str) -> Error {
    let home = home.display();
    Error::machine(format!(
        "`{home}` lies on {name}, where containers cannot run"
    ))
    .with_hint(ELSEWHERE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_homes_are_accepted_and_network_homes_refused() {
        for local in [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0x794c_7630] {
            assert_eq!(name(local), None);
        }
        assert_eq!(name(0x6969), Some("NFS"));
        refuse(Path::new("/proc")).unwrap();
        let error = refusal(Path::new("/h"), "NFS");
        assert_eq!(
            error.message(),
            "`/h` lies on NFS, where containers cannot run"
        );
        assert!(error.hint().unwrap().contains("mktemp -d"));
    }
}
