//! A container's writable layer → what it added, changed and deleted.
//!
//! **Kernel feature.** overlayfs's upper folder holds only the differences. A file that was only opened for writing is
//! also copied up, so each file is compared with the one below it.
//! **What Docker does.** It compares two whole trees by mode, owner, size and time; a directory counts as changed if
//! something in it did. **What we do.** The same answers, reading the upper folder alone.
//! **Try it.** `docker diff CONTAINER`.

use super::marks::{Marks, is_whiteout};
use super::owners;
use super::upper::{Item, check_depth, items, open, open_top};
use super::view::{Folder, Node, View};
use crate::error::{Error, Result};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// One line of `docker diff`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The absolute path in the container.
    pub path: String,
    /// What happened to it.
    pub kind: ChangeKind,
}

/// What happened to a path, compared with the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// `A`.
    Added,
    /// `C`.
    Changed,
    /// `D`.
    Deleted,
}

/// What the layer `upper` changes in the view of `lowers` (folders, lowest first), sorted by path.
pub fn changes(upper: &Path, lowers: &[PathBuf]) -> Result<Vec<Change>> {
    let mut walk = Walk {
        marks: Marks::detect(),
        found: Vec::new(),
    };
    let below = View::open(lowers)?;
    walk.folder(&open_top(upper)?, "", Some(below.root()))?;
    walk.found.sort();
    Ok(walk.found)
}

struct Walk {
    marks: Marks,
    found: Vec<Change>,
}

impl Walk {
    fn add(&mut self, path: &str, kind: ChangeKind) {
        self.found.push(Change {
            path: path.to_owned(),
            kind,
        });
    }

    fn folder(&mut self, folder: &OwnedFd, path: &str, lower: Option<&Folder>) -> Result<()> {
        let on = |errno: Errno| Error::io("read", path, errno.into());
        check_depth(path.as_bytes())?;
        for item in items(folder).map_err(on)? {
            let path = format!("{path}/{}", item.name.to_string_lossy());
            let below = match lower {
                Some(lower) => lower.child(&item.name).map_err(on)?,
                None => None,
            };
            if is_whiteout(&item.stat) {
                if below.is_some() {
                    self.add(&path, ChangeKind::Deleted);
                }
                continue;
            }
            let before = self.found.len();
            let inner = below.as_ref().and_then(Node::folder);
            if item.kind().is_dir() {
                self.inside(folder, &item, &path, inner)?;
            } else if let Some(inner) = inner {
                self.deleted(&path, inner, |_| false)?;
            }
            match below {
                None => self.add(&path, ChangeKind::Added),
                Some(below) => {
                    if self.found.len() > before || differs(folder, &item, &below)? {
                        self.add(&path, ChangeKind::Changed);
                    }
                }
            }
        }
        Ok(())
    }

    /// The changes inside the directory `item`.
    fn inside(
        &mut self,
        parent: &OwnedFd,
        item: &Item,
        path: &str,
        below: Option<&Folder>,
    ) -> Result<()> {
        let folder = open(parent, &item.name).map_err(|e| Error::io("read", path, e.into()))?;
        if let Some(below) = below
            && self.marks.is_opaque(&folder)
        {
            let kept = items(&folder).map_err(|e| Error::io("read", path, e.into()))?;
            self.deleted(path, below, |name| {
                kept.iter().any(|item| item.name == name)
            })?;
        }
        self.folder(&folder, path, below)
    }

    /// Records the entries of lower layers that disappeared with a directory.
    fn deleted(&mut self, path: &str, lower: &Folder, kept: impl Fn(&OsStr) -> bool) -> Result<()> {
        let on = |errno: Errno| Error::io("read", path, errno.into());
        for name in lower.names().map_err(on)? {
            if !kept(&name) && lower.child(&name).map_err(on)?.is_some() {
                self.add(
                    &format!("{path}/{}", name.to_string_lossy()),
                    ChangeKind::Deleted,
                );
            }
        }
        Ok(())
    }
}

/// Whether a copied-up file differs from the one below it. The size and time of a directory say nothing.
fn differs(folder: &OwnedFd, item: &Item, below: &Node) -> Result<bool> {
    let (new, old) = (&item.stat, below.stat());
    if (new.st_mode, new.st_uid, new.st_gid, new.st_rdev)
        != (old.st_mode, old.st_uid, old.st_gid, old.st_rdev)
    {
        return Ok(true);
    }
    let changed = (new.st_size, new.st_mtime, new.st_mtime_nsec)
        != (old.st_size, old.st_mtime, old.st_mtime_nsec);
    if !item.kind().is_dir() && changed {
        return Ok(true);
    }
    let on = |errno: Errno| Error::io("read", &item.name, errno.into());
    let new = owners::xattrs(folder, item.name.as_bytes()).map_err(on)?;
    let old = below.xattrs().map_err(on)?;
    Ok(owners::travelling(new) != owners::travelling(old))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::marks::make_whiteout;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    struct World {
        folder: tempfile::TempDir,
    }

    impl World {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            for name in ["low/etc", "low/dir/sub", "mid/etc", "up"] {
                fs::create_dir_all(folder.path().join(name)).unwrap();
            }
            for name in [
                "low/etc/group",
                "low/etc/passwd",
                "low/dir/a",
                "low/dir/sub/b",
                "mid/m",
            ] {
                fs::write(folder.path().join(name), "x").unwrap();
            }
            Self { folder }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn write(&self, name: &str, text: &str) {
            fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
            fs::write(self.path(name), text).unwrap();
        }

        fn hide(&self, folder: &str, name: &str) {
            fs::create_dir_all(self.path(folder)).unwrap();
            let folder = open_top(&self.path(folder)).unwrap();
            make_whiteout(folder, name.as_bytes()).unwrap();
        }

        fn set_opaque(&self, path: &str) {
            let (folder, name) = path.rsplit_once('/').unwrap();
            let folder = open_top(&self.path(folder)).unwrap();
            Marks::detect().set_opaque(folder, name.as_bytes()).unwrap();
        }

        #[track_caller]
        fn check(&self, expected: &str) {
            let lowers = [self.path("low"), self.path("mid")];
            let found: Vec<_> = changes(&self.path("up"), &lowers)
                .unwrap()
                .iter()
                .map(|change| {
                    let letter = match change.kind {
                        ChangeKind::Added => 'A',
                        ChangeKind::Changed => 'C',
                        ChangeKind::Deleted => 'D',
                    };
                    format!("{letter} {}", change.path)
                })
                .collect();
            assert_eq!(found.join(", "), expected);
        }
    }

    #[test]
    fn an_untouched_container_has_no_changes() {
        World::new().check("");
    }

    #[test]
    fn added_changed_and_deleted_files_come_with_their_parents() {
        let world = World::new();
        world.write("up/new", "x");
        world.write("up/etc/passwd", "longer");
        world.hide("up/etc", "group");
        world.check("C /etc, D /etc/group, C /etc/passwd, A /new");
    }

    #[test]
    fn a_file_that_was_only_copied_up_is_no_change() {
        let world = World::new();
        world.write("up/dir/a", "x");
        let copy = fs::File::options()
            .write(true)
            .open(world.path("up/dir/a"))
            .unwrap();
        let old = fs::metadata(world.path("low/dir/a")).unwrap();
        copy.set_modified(old.modified().unwrap()).unwrap();
        world.check("");
        fs::set_permissions(world.path("up/dir/a"), fs::Permissions::from_mode(0o600)).unwrap();
        world.check("C /dir, C /dir/a");
    }

    #[test]
    fn a_new_folder_is_listed_with_all_in_it_and_a_deleted_one_alone() {
        let world = World::new();
        world.write("up/n/sub/f", "x");
        world.hide("up", "dir");
        world.check("D /dir, A /n, A /n/sub, A /n/sub/f");
    }

    #[test]
    fn a_folder_made_anew_lost_what_it_had() {
        let world = World::new();
        world.write("up/dir/c", "x");
        world.set_opaque("up/dir");
        world.check("C /dir, D /dir/a, A /dir/c, D /dir/sub");
    }

    #[test]
    fn a_file_in_place_of_a_folder_and_a_folder_in_place_of_a_file() {
        let world = World::new();
        world.write("up/dir", "now a file");
        world.write("up/m/f", "x");
        world.check("C /dir, D /dir/a, D /dir/sub, C /m, A /m/f");
    }

    #[test]
    fn middle_layers_hide_what_is_below_them() {
        let world = World::new();
        world.hide("mid/etc", "group");
        world.write("up/etc/group", "x");
        world.hide("mid", "dir");
        world.write("up/dir/f", "x");
        world.check("A /dir, A /dir/f, C /etc, A /etc/group");
    }

    #[test]
    fn links_are_compared_and_never_followed() {
        let world = World::new();
        symlink("/etc", world.path("up/link")).unwrap();
        world.check("A /link");
    }
}
