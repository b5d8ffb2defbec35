//! Makes one entry in its open parent folder.

use super::folders::{Folder, as_path};
use super::{EntryPath, Frame, Unpacker, failed, refused};
use crate::error::{IoContext, Result};
use crate::store::tree::remove_tree;
use crate::tree::owners::through;
use crate::tree::tar::{Entry, EntryKind, Reader};
use crate::tree::write::{self, Spot};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, makedev, openat, statat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

impl Unpacker {
    /// Makes a file, folder, link, device or pipe called `name`, replacing any existing file.
    pub(super) fn make(
        &mut self,
        path: &EntryPath,
        parent: &[u8],
        name: &[u8],
        entry: &Entry,
        tar: &mut Reader<impl Read, Frame>,
    ) -> Result<()> {
        let folder = self.parent(parent, entry)?;
        if !self.is_possible(entry) {
            self.done.skipped += 1;
            self.done.entries -= 1;
            return Ok(());
        }
        let was_hidden = self.whiteouts.remove(&path.0);
        let kept = self.clear(&folder, name, entry)?;
        let on = |errno| failed("create", &entry.path, errno);
        let spot = Spot::new(&folder.fd, OsStr::from_bytes(name)).map_err(on)?;
        let node = |kind| spot.node(kind, makedev(entry.device.0, entry.device.1));
        match entry.kind {
            EntryKind::Directory => {
                let made = match kept {
                    true => spot.open_folder(),
                    false => spot.make_folder(),
                }
                .map_err(on)?;
                if was_hidden {
                    self.marks.set_opaque(&folder.fd, name).map_err(on)?;
                }
                return self.folder(&made, &path.0, entry);
            }
            EntryKind::File => return self.file(&folder, name, entry, tar),
            // Another name of a file that is already finished.
            EntryKind::HardLink => return self.hard_link(spot, entry),
            EntryKind::Symlink => {
                if entry.link.is_empty() || entry.link.contains(&0) {
                    return Err(refused(&entry.path, "its target is not a path"));
                }
                spot.symlink(OsStr::from_bytes(&entry.link))
            }
            EntryKind::Fifo => node(FileType::Fifo),
            EntryKind::CharDevice => node(FileType::CharacterDevice),
            EntryKind::BlockDevice => node(FileType::BlockDevice),
        }
        .map_err(on)?;
        spot.finish(&self.owners, &self.about(entry)?).map_err(on)
    }

    /// Whether this process may make such an entry. Device 0:0 would be overlayfs's mark for a deletion, which only a
    /// whiteout may set.
    fn is_possible(&self, entry: &Entry) -> bool {
        match entry.kind {
            EntryKind::CharDevice => self.devices && entry.device != (0, 0),
            EntryKind::BlockDevice => self.devices,
            _ => true,
        }
    }

    /// Removes an existing file, unless it is a folder and stays one: then it returns true.
    fn clear(&mut self, folder: &Folder, name: &[u8], entry: &Entry) -> Result<bool> {
        let on = |errno| failed("replace", &entry.path, errno);
        let stat = match statat(&folder.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(false),
            other => other.map_err(on)?,
        };
        let is_folder = FileType::from_raw_mode(stat.st_mode).is_dir();
        if is_folder && entry.kind == EntryKind::Directory {
            return Ok(true);
        }
        if is_folder || FileType::from_raw_mode(stat.st_mode).is_symlink() {
            self.folders.forget();
        }
        if let Some((aside, numbers)) = &self.aside {
            set_aside(folder.fd.as_fd(), name, &stat, aside, numbers)
                .on("keep a replaced file in", aside)?;
        }
        remove_tree(&through(folder.fd.as_fd(), name))?;
        Ok(false)
    }

    fn file(
        &mut self,
        folder: &Folder,
        name: &[u8],
        entry: &Entry,
        tar: &mut Reader<impl Read, Frame>,
    ) -> Result<()> {
        let on = |errno| failed("create", &entry.path, errno);
        // No other process can enter the layer yet, so the file may have its final permissions from the start.
        let mut file = Spot::new(&folder.fd, OsStr::from_bytes(name))
            .and_then(|spot| spot.create(entry.mode))
            .map_err(on)?;
        let made = rustix::fs::fstat(&file).map_err(on)?;
        if let Some((_, numbers)) = &mut self.aside {
            let parent = self.folders.real_path(folder).map_err(on)?;
            let real = match parent {
                b"" => name.to_vec(),
                parent => [parent, b"/", name].concat(),
            };
            if let Some(recipe) = &mut tar.frame().0 {
                let number = recipe.mark(&real, entry.size).on("write", "recipe")?;
                numbers.insert(made.st_ino, number);
            }
        }
        write::fill(&mut file, tar, entry.size, as_path(&entry.path))?;
        write::finish(&file, &self.owners, &self.about(entry)?).map_err(on)
    }

    fn hard_link(&mut self, spot: Spot<'_>, entry: &Entry) -> Result<()> {
        let target = EntryPath::parse(&entry.link)?;
        let missing = || {
            refused(
                &entry.path,
                "the file that it links to is not in this layer",
            )
        };
        let (parent, base) = target.split().ok_or_else(missing)?;
        let parent = self
            .folders
            .open(parent, entry.mtime, |_, _, _| Err(Errno::NOTDIR))
            .map_err(|_| missing())?;
        let first = Spot::new(&parent.fd, OsStr::from_bytes(base)).map_err(|_| missing())?;
        match spot.hard_link(first) {
            Err(Errno::NOENT | Errno::PERM) => Err(missing()),
            other => other.map_err(|errno| failed("create", &entry.path, errno)),
        }
    }
}

/// Moves the files at or under `name` that the recipe mentions into the folder `aside`, under their numbers.
fn set_aside(
    folder: impl AsFd,
    name: &[u8],
    stat: &Stat,
    aside: &Path,
    numbers: &std::collections::HashMap<u64, u64>,
) -> std::io::Result<()> {
    let folder = folder.as_fd();
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {
            let Some(number) = numbers.get(&stat.st_ino) else {
                return Ok(());
            };
            let target = aside.join(number.to_string());
            if target.exists() {
                return Ok(());
            }
            std::fs::create_dir_all(aside)?;
            rustix::fs::renameat(folder, name, rustix::fs::CWD, &target)?;
            Ok(())
        }
        FileType::Directory => {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let inner = openat(folder, name, flags, Mode::empty())?;
            let names: Vec<_> = Dir::read_from(&inner)?
                .filter_map(std::result::Result::ok)
                .map(|entry| entry.file_name().to_bytes().to_vec())
                .filter(|name| !matches!(name.as_slice(), b"." | b".."))
                .collect();
            for name in names {
                let stat = statat(&inner, name.as_slice(), AtFlags::SYMLINK_NOFOLLOW)?;
                set_aside(&inner, &name, &stat, aside, numbers)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}
