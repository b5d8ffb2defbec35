//! Folders whose subfolders should be far apart on disk.
//!
//! **Kernel feature.** ext4 allocates a file near its folder, and a folder near its parent, unless the parent is marked
//! as a top of directory hierarchies (`FS_TOPDIR_FL`, `ioctl_iflags(2)`, `chattr +T`): its subfolders go where most
//! space is free.
//! **Why.** ext4 does not reuse an inode for some minutes after it was freed, and checks each such inode, from the
//! first, for every file that it creates near it. Removing a layer of 1,000 files and unpacking another beside it takes
//! three times as long, and ten times as much processor time.
//! **Try it.** `lsattr -d ~/.local/share/docklings/content/tmp`

use rustix::fs::{IFlags, Mode, OFlags, ioctl_getflags, ioctl_setflags};
use std::path::Path;

/// Marks `folder`, if the file system supports it; elsewhere there is nothing to gain.
pub(crate) fn subfolders_of(folder: &Path) {
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
    fn a_marked_folder_stays_a_folder_and_a_missing_one_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        subfolders_of(folder.path());
        std::fs::create_dir(folder.path().join("x")).unwrap();
        let open = std::fs::File::open(folder.path()).unwrap();
        // A file system may not support such marks.
        if let Ok(marks) = ioctl_getflags(&open)
            && ioctl_setflags(&open, marks | IFlags::TOPDIR).is_ok()
        {
            assert!(marks.contains(IFlags::TOPDIR));
        }
        subfolders_of(&folder.path().join("missing"));
    }
}
