//! Folders whose subfolders are to lie far from each other on the disk.
//!
//! **Kernel feature.** ext4 makes a file near its folder, and a folder near its parent, but for a folder that is marked as
//! one of many beginnings (`FS_TOPDIR_FL`, `ioctl_iflags(2)`, `chattr +T`): what is made in that lies where most is free.
//! **Why.** ext4 does not give out an inode again for some minutes after it was freed, and looks at each such one, from the
//! first, for every file that it makes near it. Who removes a layer of 1,000 files and unpacks another beside it waits
//! three times as long for it, ten times as long for the processor's part.
//! **Try it.** `lsattr -d ~/.local/share/docklings/content/tmp`

use rustix::fs::{IFlags, Mode, OFlags, ioctl_getflags, ioctl_setflags};
use std::path::Path;

/// Marks `folder`, where the file system knows of it; elsewhere there is nothing to gain.
pub fn subfolders_of(folder: &Path) {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(folder) = rustix::fs::open(folder, flags, Mode::empty()) else {
        return;
    };
    if let Ok(marks) = ioctl_getflags(&folder)
        && !marks.contains(IFlags::TOPDIR)
    {
        let _ = ioctl_setflags(&folder, marks | IFlags::TOPDIR);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marked_folder_is_still_one_and_a_missing_one_is_nobodys_fault() {
        let folder = tempfile::tempdir().unwrap();
        subfolders_of(folder.path());
        std::fs::create_dir(folder.path().join("x")).unwrap();
        let open = std::fs::File::open(folder.path()).unwrap();
        // A file system without such marks has none to show.
        if let Ok(marks) = ioctl_getflags(&open)
            && ioctl_setflags(&open, marks | IFlags::TOPDIR).is_ok()
        {
            assert!(marks.contains(IFlags::TOPDIR));
        }
        subfolders_of(&folder.path().join("missing"));
    }
}
