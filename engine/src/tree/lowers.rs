//! What the layers under a folder show together, as overlayfs would: a lookup without mounting anything.

use super::marks::{Marks, is_whiteout};
use super::owners;
use crate::error::{IoContext, Result};
use rustix::fs::{AtFlags, CWD, FileType, Stat, statat};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The lower layers' folders that together show one directory, topmost first.
#[derive(Debug, Clone)]
pub struct Lowers {
    folders: Vec<PathBuf>,
    marks: Marks,
}

impl Lowers {
    /// The top directory of a stack; `diffs` are lowest first.
    pub fn new(diffs: &[PathBuf]) -> Self {
        Self {
            folders: diffs.iter().rev().cloned().collect(),
            marks: Marks::detect(),
        }
    }

    /// What this directory shows as `name`, and, if that is a directory too, what together shows it.
    pub fn find(&self, name: &OsStr) -> Result<(Option<Stat>, Self)> {
        let mut found = None;
        let mut folders = Vec::new();
        for folder in &self.folders {
            let path = folder.join(name);
            let stat = match statat(CWD, &path, AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) => continue,
                other => other.map_err(std::io::Error::from).on("read", &path)?,
            };
            let is_folder = FileType::from_raw_mode(stat.st_mode).is_dir();
            if is_whiteout(&stat) || (!is_folder && found.is_some()) {
                break;
            }
            found.get_or_insert(stat);
            if !is_folder {
                break;
            }
            let opaque = self.marks.is_opaque(&path);
            folders.push(path);
            if opaque {
                break;
            }
        }
        let marks = self.marks;
        Ok((found, Self { folders, marks }))
    }

    /// The attributes of what this directory shows as `name`.
    pub fn xattrs(&self, name: &OsStr) -> Result<owners::Xattrs> {
        for folder in &self.folders {
            let path = folder.join(name);
            if path.symlink_metadata().is_ok() {
                return owners::xattrs_at(&path)
                    .map_err(std::io::Error::from)
                    .on("read", &path);
            }
        }
        Ok(Vec::new())
    }

    /// All names that this directory shows.
    pub fn names(&self) -> Result<BTreeSet<OsString>> {
        let mut names = BTreeSet::new();
        for folder in &self.folders {
            for entry in std::fs::read_dir(folder).on("read", folder)? {
                names.insert(entry.on("read", folder)?.file_name());
            }
        }
        let mut visible = BTreeSet::new();
        for name in names {
            if self.find(&name)?.0.is_some() {
                visible.insert(name);
            }
        }
        Ok(visible)
    }
}
