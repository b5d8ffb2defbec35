//! A layer's tar → the folder that overlayfs stacks.
//!
//! **Kernel feature.** `openat2(2)` with `RESOLVE_IN_ROOT`, and calls relative to an open folder (`…at`).
//! **What Docker does.** It unpacks in a process that has changed its root to the target folder.
//! **What we do.** Each entry's parent is opened inside the root, and the entry is made in it by its last name only,
//! never through a link. Whatever a hostile tar contains (`..`, absolute names, a link and then a file through it, a
//! hard link out), it stays in the folder. Deletions become overlayfs's marks. Directories get mode and time at the
//! end: making files in them changes the time, and may need a more permissive mode.
//! **What we leave out.** Devices, in a user namespace: the kernel refuses them there.
//! **Try it.** `docker load` an archive, then `docklings show layers IMAGE` and `docklings show layer ID`.
//! Sources: OCI image specification `layer.md`; the attacks are those of moby, buildah, umoci and runc advisories.

mod folders;
mod place;

use super::marks::{self, EntryName, Marks, entry_name};
use super::owners::Owners;
use super::recipe::Recipe;
use super::tar::{Entry, EntryKind, Reader, damaged};
use super::upper::DEEPEST;
use super::write::{self, Metadata, Spot};
use crate::error::{Error, Result};
use crate::store::layers::DIFF;
use crate::sys::namespace::in_user_namespace;
use folders::Folders;
use rustix::fs::{AtFlags, FileType, statat};
use rustix::io::Errno;
use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The limits of a layer's content.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of files.
    pub bytes: u64,
    /// Entries.
    pub entries: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 20 << 30,
            entries: 1 << 20,
        }
    }
}

impl Limits {
    /// The size of the whole tar in bytes: its files, and 4 KiB of headers and padding for each entry.
    pub fn stream(&self) -> u64 {
        self.bytes.saturating_add(self.entries.saturating_mul(4096))
    }
}

/// What was unpacked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Bytes of files.
    pub size: u64,
    /// Entries, without the skipped ones.
    pub entries: u64,
    /// Skipped devices and other entries.
    pub skipped: u64,
}

/// The frame of the tar being unpacked: kept as a recipe, or discarded.
#[derive(Default)]
pub struct Frame(pub Option<Recipe>);

impl Write for Frame {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Some(recipe) => recipe.write(bytes),
            None => Ok(bytes.len()),
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Unpacks all entries of `tar` into `layer/diff`, which exists and is empty.
///
/// # Errors
/// Kind `Invalid` for a tar that is damaged, hostile, or beyond `limits`; the caller must then discard what was
/// unpacked so far. Kind `Io` when this machine fails.
pub fn unpack(
    tar: &mut Reader<impl Read, Frame>,
    layer: &Path,
    limits: &Limits,
) -> Result<Unpacked> {
    let mut unpacker = Unpacker::new(layer, tar.frame().0.is_some())?;
    while let Some(entry) = tar.next_entry().map_err(damaged)? {
        unpacker.count(&entry, limits)?;
        unpacker.entry(&entry, tar)?;
    }
    unpacker.folders.finish()?;
    Ok(unpacker.done)
}

struct Unpacker {
    folders: Folders,
    owners: Owners,
    marks: Marks,
    /// Names that this layer hides and has not made again.
    whiteouts: HashSet<Vec<u8>>,
    /// The folder for replaced files, and the number of each file by its inode; only with a recipe.
    aside: Option<(PathBuf, HashMap<u64, u64>)>,
    devices: bool,
    done: Unpacked,
}

impl Unpacker {
    fn new(layer: &Path, with_recipe: bool) -> Result<Self> {
        let owners = Owners::detect();
        Ok(Self {
            folders: Folders::new(&layer.join(DIFF))?,
            owners,
            marks: Marks::detect(),
            whiteouts: HashSet::new(),
            aside: with_recipe.then(|| (layer.join(super::recipe::ASIDE), HashMap::new())),
            devices: rustix::process::geteuid().is_root() && !in_user_namespace(),
            done: Unpacked::default(),
        })
    }

    fn count(&mut self, entry: &Entry, limits: &Limits) -> Result<()> {
        self.done.entries += 1;
        self.done.size = self.done.size.saturating_add(entry.stored());
        if self.done.entries > limits.entries {
            return Err(Error::invalid(format!(
                "a layer of more than {} entries is refused",
                limits.entries
            )));
        }
        if self.done.size > limits.bytes {
            return Err(Error::invalid(format!(
                "a layer of more than {} bytes is refused",
                limits.bytes
            )));
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Entry, tar: &mut Reader<impl Read, Frame>) -> Result<()> {
        let path = EntryPath::parse(&entry.path)?;
        let Some((parent, name)) = path.split() else {
            return self.root(entry);
        };
        match entry_name(name)? {
            EntryName::Ignored => {
                self.done.skipped += 1;
                self.done.entries -= 1;
                Ok(())
            }
            EntryName::Opaque => {
                let folder = self.parent(parent, entry)?;
                self.marks
                    .set_opaque(&folder.fd, b".")
                    .map_err(|errno| failed("mark", &entry.path, errno))
            }
            EntryName::Whiteout(hidden) => self.whiteout(&path, parent, hidden, entry),
            EntryName::Plain(name) => self.make(&path, parent, name, entry, tar),
        }
    }

    /// Mode, owner and time of the top folder itself.
    fn root(&mut self, entry: &Entry) -> Result<()> {
        if entry.kind != EntryKind::Directory {
            return Err(refused(
                &entry.path,
                "it would replace the root of the image",
            ));
        }
        let folder = self.folders.open_root()?;
        self.folder(&folder, b"", entry)
    }

    fn whiteout(
        &mut self,
        path: &EntryPath,
        parent: &[u8],
        hidden: &[u8],
        entry: &Entry,
    ) -> Result<()> {
        let folder = self.parent(parent, entry)?;
        let on = |errno| failed("hide", &entry.path, errno);
        match statat(&folder.fd, hidden, AtFlags::SYMLINK_NOFOLLOW) {
            // This layer has the name itself. Whiteouts apply to lower layers only, and may come in any order.
            Ok(stat) if FileType::from_raw_mode(stat.st_mode).is_dir() => {
                self.marks.set_opaque(&folder.fd, hidden).map_err(on)
            }
            Ok(_) => Ok(()),
            Err(Errno::NOENT) => {
                marks::make_whiteout(&folder.fd, hidden).map_err(on)?;
                self.whiteouts.insert(path.with_name(hidden));
                Ok(())
            }
            Err(errno) => Err(on(errno)),
        }
    }

    fn parent(&mut self, path: &[u8], entry: &Entry) -> Result<std::rc::Rc<folders::Folder>> {
        let (marks, whiteouts) = (self.marks, &mut self.whiteouts);
        self.folders
            .open(path, entry.mtime, |folder, name, path| {
                // This layer hid the name and now has an entry at or below it: a new directory that shows nothing of
                // lower layers.
                if !whiteouts.remove(path) {
                    return Err(Errno::NOTDIR);
                }
                let spot = Spot::new(&folder, OsStr::from_bytes(name))?;
                spot.unlink()?;
                spot.make_folder()?;
                marks.set_opaque(folder, name)
            })
            .map_err(|errno| match errno {
                Errno::NOTDIR | Errno::EXIST | Errno::LOOP | Errno::NOENT => {
                    refused(&entry.path, "what it lies in is not a directory")
                }
                errno => failed("create", &entry.path, errno),
            })
    }

    fn about(&self, entry: &Entry) -> Result<Metadata> {
        let id = |id: u64| {
            u32::try_from(id)
                .ok()
                .filter(|id| *id != u32::MAX)
                .ok_or_else(|| refused(&entry.path, "its owner is not a user id"))
        };
        Ok(Metadata {
            owner: Some((id(entry.uid)?, id(entry.gid)?)),
            xattrs: entry.xattrs.clone(),
            mode: entry.mode,
            mtime: entry.mtime,
        })
    }

    /// Gives an open folder its owner and attributes. Its mode stays permissive for us until all its entries are made.
    fn folder(&mut self, folder: &OwnedFd, path: &[u8], entry: &Entry) -> Result<()> {
        let about = Metadata {
            mode: 0o700,
            ..self.about(entry)?
        };
        write::grant(folder, &self.owners, &about)
            .map_err(|errno| failed("create", &entry.path, errno))?;
        self.folders.note(path, entry.mode, entry.mtime);
        Ok(())
    }
}

/// A path in a tar, made relative to the root: `/a//./b/../c` is `a/c`.
#[derive(Debug, PartialEq, Eq)]
struct EntryPath(Vec<u8>);

impl EntryPath {
    const LONGEST: usize = 4096;

    /// Errors for a path that leads out of the root, one that is too long, and one below a whiteout.
    fn parse(path: &[u8]) -> Result<Self> {
        let mut parts: Vec<&[u8]> = Vec::new();
        for part in path.split(|byte| *byte == b'/') {
            match part {
                b"" | b"." => {}
                b".." => {
                    if parts.pop().is_none() {
                        return Err(refused(path, "it leads out of the image"));
                    }
                }
                part => parts.push(part),
            }
        }
        if path.len() > Self::LONGEST || parts.len() > DEEPEST {
            return Err(refused(path, "it is too long"));
        }
        if path.contains(&0) {
            return Err(refused(path, "it holds a zero byte"));
        }
        let parents = &parts[..parts.len().saturating_sub(1)];
        if parents.iter().any(|part| part.starts_with(b".wh.")) {
            return Err(refused(path, "it lies in a whiteout"));
        }
        Ok(Self(parts.join(&b'/')))
    }

    /// Parent, empty for the root, and last name; `None` for the root itself.
    fn split(&self) -> Option<(&[u8], &[u8])> {
        if self.0.is_empty() {
            return None;
        }
        Some(match self.0.iter().rposition(|byte| *byte == b'/') {
            Some(slash) => (&self.0[..slash], &self.0[slash + 1..]),
            None => (b"", &self.0),
        })
    }

    /// The path of another name in the same parent.
    fn with_name(&self, name: &[u8]) -> Vec<u8> {
        match self.split() {
            Some((b"", _)) | None => name.to_vec(),
            Some((parent, _)) => [parent, b"/", name].concat(),
        }
    }
}

fn refused(path: &[u8], reason: &str) -> Error {
    let shown: String = String::from_utf8_lossy(path).chars().take(200).collect();
    Error::invalid(format!("invalid entry `{shown}` in a layer: {reason}"))
}

fn failed(action: &str, path: &[u8], errno: Errno) -> Error {
    Error::io(action, String::from_utf8_lossy(path).as_ref(), errno.into())
}

#[cfg(test)]
mod tests;
