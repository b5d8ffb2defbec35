//! The files that a source of COPY or ADD selects, and the walk over them.
//!
//! **What Docker does.** A source is a path, or a pattern of Go's `filepath.Match` over the whole path, always inside
//! the context. A link as source is followed; links inside a directory are copied as links. A directory means its
//! contents.
//! **What we do.** The same. Hashing and copying use one walk, so both see the same files in the same order.

pub(crate) mod parents;

use super::ignore::{Ignore, Inherited};
use super::pattern::{Pattern, is_pattern};
use crate::error::{Error, Result};
use crate::go::within_root;
use crate::tree::view::{Folder, Last, Node, View};
use parents::Only;
use rustix::io::Errno;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A tree of source files: the context, or the root of a stage.
pub(crate) struct Tree {
    pub(crate) view: View,
    /// The excluded files.
    pub(crate) ignore: Ignore,
}

/// A file or directory that a source selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// Its path relative to the root, with links resolved.
    pub(crate) path: PathBuf,
    /// Its requested name, which it gets in a destination directory.
    pub(crate) name: OsString,
    /// It is a directory, and its contents are selected.
    pub(crate) is_dir: bool,
    /// The selected part of a directory; `None` is all of it.
    pub(crate) only: Option<Only>,
}

/// An entry visited on a walk.
pub(crate) struct Visit<'a> {
    /// Relative to the item; empty for the item itself.
    pub(crate) inner: &'a Path,
    /// Relative to the root.
    pub(crate) full: &'a Path,
    /// The entry.
    pub(crate) node: &'a Node,
}

/// The result of a source.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Selected {
    /// These items; none if it is a pattern without matches.
    Items(Vec<Item>),
    /// Nothing exists there.
    Missing,
    /// It exists, but `.dockerignore` excludes it.
    Ignored,
    /// This link has no target in the tree.
    Dangling(PathBuf),
}

impl Tree {
    /// A tree of `layers`, lowest first, without the files that match `ignore`.
    pub(crate) fn open(layers: &[PathBuf], ignore: Ignore) -> Result<Self> {
        Ok(Self {
            view: View::open(layers)?,
            ignore,
        })
    }

    /// The items that `source` selects.
    pub(crate) fn select(&self, source: &str) -> Result<Selected> {
        // A path cannot climb above the root, as after a chroot.
        let path = &within_root(source);
        if !is_pattern(path) {
            return self.select_path(Path::new(path));
        }
        let pattern = Pattern::path(path)
            .map_err(|problem| Error::invalid(format!("{problem}: `{source}`")))?;
        let mut items = Vec::new();
        let dangling = self.fitting(
            &pattern,
            self.view.root(),
            Path::new(""),
            &Inherited::default(),
            &mut items,
        )?;
        Ok(dangling.map_or(Selected::Items(items), Selected::Dangling))
    }

    fn select_path(&self, path: &Path) -> Result<Selected> {
        let Some(found) = self.view.find(path, Last::Follow)? else {
            return Ok(self
                .dangling(path)?
                .map_or(Selected::Missing, Selected::Dangling));
        };
        let is_dir = matches!(found.node, Node::Folder(_));
        let ignored = |path: &str| !path.is_empty() && self.ignore.excludes_path(path);
        let real = found.path.to_string_lossy().into_owned();
        if ignored(&path.to_string_lossy()) || ignored(&real) {
            // An ignored directory may hold files that an exception includes again.
            let item = Item {
                path: found.path,
                name: last_name(path),
                is_dir,
                only: None,
            };
            return Ok(match is_dir && self.holds_anything(&item)? {
                true => Selected::Items(vec![item]),
                false => Selected::Ignored,
            });
        }
        Ok(Selected::Items(vec![Item {
            path: found.path,
            name: last_name(path),
            is_dir,
            only: None,
        }]))
    }

    /// The first link on the path `path` without a target.
    fn dangling(&self, path: &Path) -> Result<Option<PathBuf>> {
        let mut so_far = PathBuf::new();
        for name in path {
            so_far.push(name);
            // Nothing exists below a file either.
            let Ok(Some(found)) = self.view.find(&so_far, Last::Keep) else {
                return Ok(None);
            };
            let is_link = matches!(&found.node, Node::File(file) if file.kind().is_symlink());
            if is_link && self.view.find(&so_far, Last::Follow)?.is_none() {
                return Ok(Some(so_far));
            }
        }
        Ok(None)
    }

    fn holds_anything(&self, item: &Item) -> Result<bool> {
        let mut any = false;
        self.walk(item, &Ignore::default(), &mut |visit| {
            any |= !visit.inner.as_os_str().is_empty();
            Ok(())
        })?;
        Ok(any)
    }

    /// Collects the matches of `pattern` in `folder`; the contents of a matching directory are not searched. Returns a
    /// matching link without a target.
    fn fitting(
        &self,
        pattern: &Pattern,
        folder: &Folder,
        at: &Path,
        inherited: &Inherited,
        items: &mut Vec<Item>,
    ) -> Result<Option<PathBuf>> {
        for name in folder.names().map_err(|errno| unreadable(at, errno))? {
            let path = at.join(&name);
            let text = path.to_string_lossy().into_owned();
            let (ignored, inner) = self.ignore.excludes(&text, inherited);
            if ignored && !self.ignore.has_exceptions() {
                continue;
            }
            let Some(node) = folder
                .child(&name)
                .map_err(|errno| unreadable(&path, errno))?
            else {
                continue;
            };
            if !ignored && pattern.matches(&text) {
                // A link that matches a pattern is followed, like a named one.
                match self.select_path(&path)? {
                    Selected::Items(found) => items.extend(found),
                    _ => return Ok(Some(path)),
                }
                continue;
            }
            if let Node::Folder(folder) = node
                && let Some(dangling) = self.fitting(pattern, &folder, &path, &inner, items)?
            {
                return Ok(Some(dangling));
            }
        }
        Ok(None)
    }

    /// Walks over `item` and everything in it, directories before their contents, names sorted. `exclude` holds
    /// patterns relative to the item, or for the name of a file that is itself the item.
    pub(crate) fn walk(
        &self,
        item: &Item,
        exclude: &Ignore,
        visit: &mut dyn FnMut(&Visit<'_>) -> Result<()>,
    ) -> Result<()> {
        let Some(found) = self.view.find(&item.path, Last::Keep)? else {
            return Err(unreadable(&item.path, Errno::NOENT));
        };
        let mut walk = Walk {
            tree: self,
            exclude,
            only: item.only.as_ref(),
            visit,
            pending: Vec::new(),
        };
        match &found.node {
            Node::File(_) => {
                if item.only.is_some() || exclude.excludes_path(&item.name.to_string_lossy()) {
                    return Ok(());
                }
                walk.call(Path::new(""), &item.path, &found.node)
            }
            Node::Folder(folder) => {
                walk.call(Path::new(""), &item.path, &found.node)?;
                let mut inherited = Inherited::default();
                let full = item.path.to_string_lossy().into_owned();
                let ends = full.match_indices('/').map(|(at, _)| at);
                for end in ends.chain([full.len()]).filter(|end| *end > 0) {
                    inherited = self.ignore.excludes(&full[..end], &inherited).1;
                }
                let start = At {
                    inner: PathBuf::new(),
                    full: item.path.clone(),
                    ignored: inherited,
                    excluded: Inherited::default(),
                    chosen: item.only.is_none(),
                };
                walk.folder(folder, &start)
            }
        }
    }
}

struct Walk<'a> {
    tree: &'a Tree,
    exclude: &'a Ignore,
    only: Option<&'a Only>,
    visit: &'a mut dyn FnMut(&Visit<'_>) -> Result<()>,
    /// Excluded directories, which are visited only if something in them is not excluded: (inner, full, node).
    pending: Vec<(PathBuf, PathBuf, Node)>,
}

struct At {
    inner: PathBuf,
    full: PathBuf,
    ignored: Inherited,
    excluded: Inherited,
    /// Everything in it is selected, unless it is excluded.
    chosen: bool,
}

impl Walk<'_> {
    fn call(&mut self, inner: &Path, full: &Path, node: &Node) -> Result<()> {
        for (inner, full, node) in std::mem::take(&mut self.pending) {
            (self.visit)(&Visit {
                inner: &inner,
                full: &full,
                node: &node,
            })?;
        }
        (self.visit)(&Visit { inner, full, node })
    }

    fn folder(&mut self, folder: &Folder, at: &At) -> Result<()> {
        for name in folder
            .names()
            .map_err(|errno| unreadable(&at.full, errno))?
        {
            let inner = at.inner.join(&name);
            let full = at.full.join(&name);
            let (ignored, ignored_inside) = self
                .tree
                .ignore
                .excludes(&full.to_string_lossy(), &at.ignored);
            let (excluded, excluded_inside) = self
                .exclude
                .excludes(&inner.to_string_lossy(), &at.excluded);
            let again = self.tree.ignore.has_exceptions() || self.exclude.has_exceptions();
            if (ignored || excluded) && !again {
                continue;
            }
            let text = inner.to_string_lossy();
            let chosen = at.chosen || self.only.is_none_or(|only| only.fits(&text));
            if !chosen && !self.only.is_some_and(|only| only.may_be_in(&text)) {
                continue;
            }
            drop(text);
            let out = ignored || excluded || !chosen;
            let child = folder.child(&name);
            let Some(node) = child.map_err(|errno| unreadable(&full, errno))? else {
                continue;
            };
            if !out {
                self.call(&inner, &full, &node)?;
            }
            if let Node::Folder(folder) = &node {
                let depth = self.pending.len();
                if out {
                    self.pending
                        .push((inner.clone(), full.clone(), node.clone()));
                }
                let at = At {
                    inner,
                    full,
                    ignored: ignored_inside,
                    excluded: excluded_inside,
                    chosen,
                };
                self.folder(folder, &at)?;
                self.pending.truncate(depth);
            }
        }
        Ok(())
    }
}

fn last_name(path: &Path) -> OsString {
    path.file_name().unwrap_or_default().to_owned()
}

/// A file that cannot be read, in the classic builder's words.
fn unreadable(path: &Path, errno: Errno) -> Error {
    match errno {
        Errno::ACCESS | Errno::PERM => Error::invalid(format!(
            "error checking context: no permission to read from '{}'",
            path.display()
        )),
        errno => Error::io("read", path, errno.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::ffi::OsStringExt;
    use std::os::unix::fs::symlink;

    pub(super) fn tree(files: &[&str], ignore: &str) -> (tempfile::TempDir, Tree) {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, file).unwrap();
        }
        let ignore = Ignore::parse(".dockerignore", ignore).unwrap();
        let tree = Tree::open(&[folder.path().to_owned()], ignore).unwrap();
        (folder, tree)
    }

    /// The selection of a source, and the visited entries, in order.
    fn check(tree: &Tree, source: &str, exclude: &[&str], expected: &[&str]) {
        let exclude: Vec<String> = exclude.iter().map(|text| (*text).to_owned()).collect();
        let exclude = Ignore::of(&exclude).unwrap();
        let Selected::Items(items) = tree.select(source).unwrap() else {
            panic!("{source} is not there");
        };
        let mut found = Vec::new();
        for item in &items {
            tree.walk(item, &exclude, &mut |visit| {
                found.push(format!("{}:{}", item.path.display(), visit.inner.display()));
                Ok(())
            })
            .unwrap();
        }
        assert_eq!(found, expected, "{source}");
    }

    const FILES: [&str; 6] = ["a.txt", "b.md", "d/x.txt", "d/e/y.md", "z/keep", "z/drop"];

    #[test]
    fn paths_and_patterns_select_files() {
        let (_folder, tree) = tree(&FILES, "");
        check(&tree, "a.txt", &[], &["a.txt:"]);
        check(&tree, "/d", &[], &["d:", "d:e", "d:e/y.md", "d:x.txt"]);
        check(&tree, "*.txt", &[], &["a.txt:"]);
        check(&tree, "*/*.txt", &[], &["d/x.txt:"]);
        check(&tree, "d*", &[], &["d:", "d:e", "d:e/y.md", "d:x.txt"]);
        check(&tree, "../../a.txt", &[], &["a.txt:"]);
        check(&tree, "nothing*", &[], &[]);
        assert_eq!(tree.select("nothing").unwrap(), Selected::Missing);
    }

    #[test]
    fn ignored_files_are_not_there() {
        let (_folder, tree) = tree(&FILES, "*.md\nd/e\nz\n!z/keep\n");
        check(
            &tree,
            ".",
            &[],
            &[":", ":a.txt", ":d", ":d/x.txt", ":z", ":z/keep"],
        );
        check(&tree, "z", &[], &["z:", "z:keep"]);
        check(&tree, "*.md", &[], &[]);
        check(&tree, "z/keep", &[], &["z/keep:"]);
        assert_eq!(tree.select("b.md").unwrap(), Selected::Ignored);
        assert_eq!(tree.select("d/e").unwrap(), Selected::Ignored);
    }

    #[test]
    fn a_name_that_is_no_text_fits_patterns() {
        let (folder, tree) = tree(&[], "");
        let name = OsString::from_vec(b"a\xff.txt".to_vec());
        fs::write(folder.path().join(&name), "x").unwrap();
        let Selected::Items(items) = tree.select("*.txt").unwrap() else {
            panic!("not there");
        };
        assert_eq!(
            (&items[0].path, &items[0].name),
            (&PathBuf::from(&name), &name)
        );
    }

    #[test]
    fn exclusions_are_relative_to_the_source() {
        let (_folder, tree) = tree(&FILES, "");
        check(&tree, "d", &["e"], &["d:", "d:x.txt"]);
        check(&tree, "d", &["**/*.md"], &["d:", "d:e", "d:x.txt"]);
        check(&tree, "a*", &["*.txt"], &[]);
    }

    #[test]
    fn links_are_followed_at_the_end_of_a_source_and_kept_inside() {
        let (folder, tree) = tree(&FILES, "");
        symlink("d/x.txt", folder.path().join("link")).unwrap();
        symlink("/etc/passwd", folder.path().join("out")).unwrap();
        symlink("x.txt", folder.path().join("d/in")).unwrap();
        check(&tree, "link", &[], &["d/x.txt:"]);
        check(&tree, "d", &["e"], &["d:", "d:in", "d:x.txt"]);
        for source in ["out", "o*", "out/passwd"] {
            let dangling = Selected::Dangling(PathBuf::from("out"));
            assert_eq!(tree.select(source).unwrap(), dangling, "{source}");
        }
    }
}
