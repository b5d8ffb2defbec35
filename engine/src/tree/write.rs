//! The one writer into trees whose contents are not ours.
//!
//! **Kernel feature.** The calls that end in `…at` create a file by its last name in an open folder. None of the calls
//! here follows a link at that name, and the folder is open, so neither a file in the tree nor a rename can redirect a
//! write elsewhere.
//! **What we do.** The caller opens the folder in its own way (a layer, a container and a volume differ in what a link
//! may mean there), and makes everything else at a [`Spot`]. Owner, attributes, mode and times are set in this order:
//! `chown` clears set-user-id and capabilities, and writing changes the time.
//! **What we leave out.** Devices and owners that a user namespace does not have: see [`super::owners`].

use super::owners::{self, Owners, Xattrs};
use super::tar::damaged;
use crate::error::IoContext;
use rustix::fs::{
    AtFlags, Dev, FileType, Mode, OFlags, Stat, Timespec, Timestamps, chmod, fchmod, fstat,
    futimens, linkat, mkdirat, mknodat, openat, statat, symlinkat, unlinkat, utimensat,
};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Bytes that are copied at once.
const BUFFER: usize = 256 << 10;

/// A name in an open folder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot<'a> {
    folder: BorrowedFd<'a>,
    name: &'a OsStr,
}

/// The metadata of a new file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// `None`: the process that makes it keeps it.
    pub(crate) owner: Option<(u32, u32)>,
    /// Attributes that must not be packed are left out.
    pub(crate) xattrs: Xattrs,
    /// Permission bits; meaningless for a symbolic link.
    pub(crate) mode: u32,
    /// Modification time, in seconds since 1970 and nanoseconds. The access time is set to it too, so that the same
    /// input always gives the same tree.
    pub(crate) mtime: (i64, u32),
}

impl<'a> Spot<'a> {
    /// `name` in `folder`. Error: `INVAL` for a name that leads elsewhere.
    pub(crate) fn new(folder: &'a impl AsFd, name: &'a OsStr) -> Result<Self, Errno> {
        let bytes = name.as_bytes();
        if matches!(bytes, b"" | b"." | b"..") || bytes.contains(&b'/') {
            return Err(Errno::INVAL);
        }
        Ok(Self {
            folder: folder.as_fd(),
            name,
        })
    }

    /// The metadata of the file there, if any; a link is not followed.
    pub(crate) fn stat(self) -> Result<Option<Stat>, Errno> {
        match statat(self.folder, self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// Removes the file there, which must not be a folder.
    pub(crate) fn unlink(self) -> Result<(), Errno> {
        unlinkat(self.folder, self.name, AtFlags::empty())
    }

    /// Opens the folder there.
    pub(crate) fn open_folder(self) -> Result<OwnedFd, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        openat(self.folder, self.name, flags, Mode::empty())
    }

    /// Opens the regular file there, for reading. A pipe in its place does not block.
    pub(crate) fn open_file(self) -> Result<OwnedFd, Errno> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        openat(self.folder, self.name, flags, Mode::empty())
    }

    /// Makes a folder that only its owner may enter until it is finished.
    pub(crate) fn make_folder(self) -> Result<OwnedFd, Errno> {
        mkdirat(self.folder, self.name, Mode::RWXU)?;
        self.open_folder()
    }

    /// Makes an empty file; an error if anything exists there. The permissions of `mode` apply from the start.
    pub(crate) fn create(self, mode: u32) -> Result<File, Errno> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(mode & 0o777);
        openat(self.folder, self.name, flags, mode).map(File::from)
    }

    /// Opens the existing file and truncates it; for a file that cannot be replaced because something is mounted on it.
    pub(crate) fn overwrite(self) -> Result<File, Errno> {
        // A pipe in its place must not block us.
        let flags = OFlags::WRONLY | OFlags::TRUNC | OFlags::NONBLOCK;
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        openat(self.folder, self.name, flags, Mode::empty()).map(File::from)
    }

    /// Makes a symbolic link.
    pub(crate) fn symlink(self, target: &OsStr) -> Result<(), Errno> {
        symlinkat(target, self.folder, self.name)
    }

    /// Makes another name of the file at `first`: of a link itself, not of its target.
    pub(crate) fn hard_link(self, first: Spot<'_>) -> Result<(), Errno> {
        linkat(
            first.folder,
            first.name,
            self.folder,
            self.name,
            AtFlags::empty(),
        )
    }

    /// Makes a pipe or a device.
    pub(crate) fn node(self, kind: FileType, device: Dev) -> Result<(), Errno> {
        mknodat(
            self.folder,
            self.name,
            kind,
            Mode::RUSR | Mode::WUSR,
            device,
        )
    }

    /// Finishes a link, pipe or device.
    pub(crate) fn finish(self, owners: &Owners, about: &Metadata) -> Result<(), Errno> {
        if let Some(owner) = about.owner {
            owners.give_name(self.folder, self.name, owner)?;
        }
        for (key, value) in about.travelling() {
            owners::set_xattr(self.folder, self.name.as_bytes(), key, value)?;
        }
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let node = openat(self.folder, self.name, flags, Mode::empty())?;
        let made = fstat(&node)?;
        if !FileType::from_raw_mode(made.st_mode).is_symlink()
            && made.st_mode & 0o7777 != about.mode
        {
            // `O_PATH` does not open the device, and a path through the open file leads to nothing else.
            let itself = format!("/proc/self/fd/{}", node.as_raw_fd());
            chmod(itself, Mode::from_raw_mode(about.mode))?;
        }
        let times = times(about.mtime);
        utimensat(self.folder, self.name, &times, AtFlags::SYMLINK_NOFOLLOW)
    }
}

impl Metadata {
    fn travelling(&self) -> impl Iterator<Item = &(Vec<u8>, Vec<u8>)> {
        self.xattrs.iter().filter(|(key, _)| owners::travels(key))
    }

    /// A folder without an entry of its own.
    pub(crate) fn of_new_folder() -> Self {
        Self {
            mode: 0o755,
            ..Self::default()
        }
    }

    /// The metadata in `stat`.
    pub(crate) fn of(stat: &Stat) -> Self {
        Self {
            owner: Some((stat.st_uid, stat.st_gid)),
            xattrs: Vec::new(),
            mode: stat.st_mode & 0o7777,
            mtime: mtime(stat),
        }
    }
}

/// Gives an open file or folder its owner, attributes and mode. Each change of an inode goes through the file system's
/// journal, so values that are already right are left alone.
pub(crate) fn grant(file: impl AsFd, owners: &Owners, about: &Metadata) -> Result<(), Errno> {
    let made = fstat(&file)?;
    let mut changed = false;
    if let Some(owner) = about.owner
        && !owners.made_for(&made, owner)
    {
        owners.give_open(&file, owner)?;
        changed = true;
    }
    for (key, value) in about.travelling() {
        owners::set_xattr_of(&file, key, value)?;
        changed = true;
    }
    match changed || made.st_mode & 0o7777 != about.mode {
        true => fchmod(file, Mode::from_raw_mode(about.mode)),
        false => Ok(()),
    }
}

/// The same for a file whose content is complete: sets its times, too.
pub(crate) fn finish(file: &File, owners: &Owners, about: &Metadata) -> Result<(), Errno> {
    grant(file, owners, about)?;
    set_times(file, about.mtime)
}

/// Writes the `size` bytes of `content` into an empty file.
///
/// # Errors
/// The error of the source stream, in its own words, or a failure of this machine.
pub(crate) fn fill(
    file: &mut File,
    content: &mut impl Read,
    size: u64,
    path: &Path,
) -> crate::Result<()> {
    let mut buffer = vec![0; BUFFER.min(usize::try_from(size).unwrap_or(BUFFER))];
    loop {
        match content.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => file.write_all(&buffer[..count]).on("write", path)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(damaged(error)),
        }
    }
}

/// Sets both times of an open file, or of a folder in which nothing more is made.
pub(crate) fn set_times(file: impl AsFd, mtime: (i64, u32)) -> Result<(), Errno> {
    futimens(file, &times(mtime))
}

/// The modification time of a file.
pub(crate) fn mtime(stat: &Stat) -> (i64, u32) {
    (
        stat.st_mtime,
        u32::try_from(stat.st_mtime_nsec).unwrap_or(0),
    )
}

fn times(mtime: (i64, u32)) -> Timestamps {
    let time = Timespec {
        tv_sec: mtime.0,
        tv_nsec: mtime.1.into(),
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    /// A tree made by another party: `link` leads to the file `outside/secret`, `out` to the folder `outside`.
    struct World {
        top: tempfile::TempDir,
    }

    impl World {
        fn new() -> Self {
            let top = tempfile::tempdir().unwrap();
            fs::create_dir(top.path().join("tree")).unwrap();
            fs::create_dir(top.path().join("outside")).unwrap();
            let secret = top.path().join("outside/secret");
            fs::write(&secret, "secret").unwrap();
            fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
            symlink(&secret, top.path().join("tree/link")).unwrap();
            symlink(top.path().join("outside"), top.path().join("tree/out")).unwrap();
            Self { top }
        }

        fn folder(&self) -> File {
            File::open(self.path("tree")).unwrap()
        }

        fn path(&self, path: &str) -> std::path::PathBuf {
            self.top.path().join(path)
        }

        /// Nothing outside the tree has changed.
        fn is_intact(&self) {
            let secret = self.path("outside/secret");
            assert_eq!(fs::read_to_string(&secret).unwrap(), "secret");
            let about = fs::metadata(&secret).unwrap();
            assert_eq!(about.mode() & 0o7777, 0o600);
            assert!(about.mtime() > 1000 && about.nlink() == 1);
            assert_eq!(fs::read_dir(self.path("outside")).unwrap().count(), 1);
        }
    }

    fn spot<'a>(folder: &'a impl AsFd, name: &'a str) -> Spot<'a> {
        Spot::new(folder, OsStr::new(name)).unwrap()
    }

    fn about() -> Metadata {
        Metadata {
            owner: None,
            xattrs: Vec::new(),
            mode: 0o777,
            mtime: (1000, 0),
        }
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_none() {
        let world = World::new();
        let folder = world.folder();
        for name in ["", ".", "..", "../x", "/etc", "out/secret", "x/"] {
            let made = Spot::new(&folder, OsStr::new(name));
            assert_eq!(made.unwrap_err(), Errno::INVAL, "{name}");
        }
    }

    #[test]
    fn nothing_is_made_or_opened_through_a_link() {
        let world = World::new();
        let folder = world.folder();
        for name in ["link", "out"] {
            let spot = spot(&folder, name);
            assert_eq!(spot.create(0o600).unwrap_err(), Errno::EXIST, "{name}");
            assert!(spot.overwrite().is_err(), "{name}");
            assert_eq!(spot.make_folder().unwrap_err(), Errno::EXIST, "{name}");
            assert!(spot.open_folder().is_err(), "{name}");
            let node = spot.node(FileType::Fifo, 0);
            assert_eq!(node.unwrap_err(), Errno::EXIST, "{name}");
            let stat = spot.stat().unwrap().unwrap();
            assert!(FileType::from_raw_mode(stat.st_mode).is_symlink());
        }
        world.is_intact();
    }

    #[test]
    fn a_link_is_finished_and_removed_itself_and_not_its_target() {
        let world = World::new();
        let folder = world.folder();
        let first = spot(&folder, "link");
        first.finish(&Owners::detect(), &about()).unwrap();
        let second = spot(&folder, "second");
        second.hard_link(first).unwrap();
        assert!(world.path("tree/second").is_symlink());
        first.unlink().unwrap();
        assert!(!world.path("tree/link").is_symlink());
        world.is_intact();
    }

    #[test]
    fn a_folder_that_is_swapped_for_a_link_meanwhile_is_still_the_folder() {
        let world = World::new();
        let folder = world.folder();
        let made = spot(&folder, "d").make_folder().unwrap();
        fs::rename(world.path("tree/d"), world.path("tree/moved")).unwrap();
        symlink(world.path("outside"), world.path("tree/d")).unwrap();
        let spot = spot(&made, "f");
        finish(&spot.create(0o600).unwrap(), &Owners::detect(), &about()).unwrap();
        grant(&made, &Owners::detect(), &about()).unwrap();
        assert!(world.path("tree/moved/f").is_file());
        world.is_intact();
    }

    #[test]
    fn a_file_that_is_swapped_for_a_link_meanwhile_is_finished_itself() {
        let world = World::new();
        let folder = world.folder();
        let spot = spot(&folder, "f");
        let file = spot.create(0o600).unwrap();
        fs::rename(world.path("tree/f"), world.path("tree/moved")).unwrap();
        symlink(world.path("outside/secret"), world.path("tree/f")).unwrap();
        finish(&file, &Owners::detect(), &about()).unwrap();
        let moved = fs::metadata(world.path("tree/moved")).unwrap();
        assert_eq!((moved.mode() & 0o7777, moved.mtime()), (0o777, 1000));
        world.is_intact();
    }

    #[test]
    fn a_pipe_is_made_with_its_mode_and_is_never_waited_for() {
        let world = World::new();
        let folder = world.folder();
        let spot = spot(&folder, "pipe");
        spot.node(FileType::Fifo, 0).unwrap();
        spot.finish(&Owners::detect(), &about()).unwrap();
        let made = fs::metadata(world.path("tree/pipe")).unwrap();
        assert_eq!((made.mode() & 0o7777, made.mtime()), (0o777, 1000));
        assert!(spot.overwrite().is_err(), "the pipe has no reader");
    }

    #[test]
    fn a_device_or_a_whiteout_in_the_way_is_not_opened() {
        let world = World::new();
        let folder = world.folder();
        let hidden = spot(&folder, "hidden");
        crate::tree::marks::make_whiteout(&folder, b"hidden").unwrap();
        assert!(hidden.overwrite().is_err());
        assert!(hidden.open_folder().is_err());
        assert_eq!(hidden.create(0o600).unwrap_err(), Errno::EXIST);
        hidden.unlink().unwrap();
        hidden.create(0o600).unwrap();
    }

    #[test]
    fn marks_of_overlayfs_are_not_set() {
        let world = World::new();
        let folder = world.folder();
        let made = spot(&folder, "d").make_folder().unwrap();
        let mut about = about();
        about.xattrs = [
            "user.overlay.opaque",
            "trusted.overlay.opaque",
            "user.docklings.owner",
        ]
        .map(|name| (name.as_bytes().to_vec(), b"y".to_vec()))
        .to_vec();
        grant(&made, &Owners::detect(), &about).unwrap();
        assert_eq!(owners::xattrs_of(&made).unwrap(), []);
        assert!(Path::new(&world.path("tree/d")).is_dir());
    }
}
