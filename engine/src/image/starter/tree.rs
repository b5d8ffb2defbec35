//! A tree of files in memory that becomes a layer.

use crate::error::{IoContext, Result};
use crate::tree::tar::{Entry, EntryKind, Writer};
use std::collections::BTreeMap;
use std::io;

/// The file at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Folder(u32),
    File(u32, Vec<u8>),
    Link(String),
}

/// Paths without a leading slash; their parent folders are made with mode 755.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tree {
    nodes: BTreeMap<String, Node>,
}

impl Tree {
    pub(super) fn folder(&mut self, path: &str, mode: u32) {
        self.put(path, Node::Folder(mode));
    }

    pub(super) fn file(&mut self, path: &str, mode: u32, bytes: Vec<u8>) {
        self.put(path, Node::File(mode, bytes));
    }

    pub(super) fn link(&mut self, path: &str, target: &str) {
        self.put(path, Node::Link(target.to_owned()));
    }

    pub(super) fn holds(&self, path: &str) -> bool {
        self.nodes.contains_key(path)
    }

    fn put(&mut self, path: &str, node: Node) {
        for (slash, _) in path.match_indices('/') {
            self.nodes
                .entry(path[..slash].to_owned())
                .or_insert(Node::Folder(0o755));
        }
        self.nodes.insert(path.to_owned(), node);
    }

    /// The tar of the tree, all owned by root and with the same time.
    pub(super) fn to_tar(&self, mtime: i64) -> Result<Vec<u8>> {
        let mut writer = Writer::new(Vec::new());
        for (path, node) in &self.nodes {
            let mut content = &b""[..];
            let mut entry = match node {
                Node::Folder(mode) => Entry::new(format!("{path}/"), EntryKind::Directory, *mode),
                Node::Link(target) => {
                    let mut entry = Entry::new(path.as_str(), EntryKind::Symlink, 0o777);
                    entry.link = target.clone().into();
                    entry
                }
                Node::File(mode, bytes) => {
                    content = bytes;
                    let mut entry = Entry::new(path.as_str(), EntryKind::File, *mode);
                    entry.size = bytes.len() as u64;
                    entry
                }
            };
            entry.mtime = (mtime, 0);
            writer.append(&entry, content).on("pack", path)?;
        }
        let tar: io::Result<Vec<u8>> = writer.finish();
        tar.on("pack", "layer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tar::Reader;

    #[test]
    fn folders_above_come_first_and_need_not_be_named() {
        let mut tree = Tree::default();
        tree.file("usr/bin/x", 0o755, b"x".to_vec());
        tree.link("bin", "usr/bin");
        tree.folder("tmp", 0o1777);
        let tar = tree.to_tar(1).unwrap();
        let mut reader = Reader::new(tar.as_slice());
        let mut names = Vec::new();
        while let Some(entry) = reader.next_entry().unwrap() {
            names.push(String::from_utf8(entry.path).unwrap());
        }
        assert_eq!(names, ["bin", "tmp/", "usr/", "usr/bin/", "usr/bin/x"]);
    }
}
