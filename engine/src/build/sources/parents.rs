//! `COPY --parents`: a source keeps its parent folders.
//!
//! **What Docker does.** `x/y/a.txt` is written to `x/y/a.txt` below the destination, which is always a directory. For
//! `x/./y/a.txt`, only the part after the first `/./` is kept. `**` matches any number of folders. A path without a
//! wildcard must exist.
//! **What we do.** The same: the part before `/./` is the item, and the rest selects what is walked over.
//! Source: Dockerfile reference, "COPY --parents".

use super::{Item, Selected, Tree};
use crate::build::pattern::{Pattern, is_pattern};
use crate::error::{Error, Result};
use crate::go::within_root;

/// The selected files of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Only {
    pattern: Pattern,
    /// One for each name of the pattern, up to the first `**`: folders that cannot match are not entered.
    names: Vec<Pattern>,
    /// Whether a `**` follows.
    deep: bool,
}

impl Only {
    /// `None` if `text` selects everything.
    fn parse(text: &str) -> Result<Option<Self>> {
        let path = &within_root(text);
        if path.is_empty() {
            return Ok(None);
        }
        let wrong = |problem| Error::invalid(format!("{problem}: `{text}`"));
        let known: Vec<&str> = path
            .split('/')
            .take_while(|name| !name.contains("**"))
            .collect();
        Ok(Some(Self {
            pattern: Pattern::ignore(path).map_err(wrong)?,
            deep: known.len() < path.split('/').count(),
            names: known
                .into_iter()
                .map(|name| Pattern::ignore(name).map_err(wrong))
                .collect::<Result<_>>()?,
        }))
    }

    /// Whether `path`, relative to the item, is selected.
    pub(super) fn fits(&self, path: &str) -> bool {
        self.pattern.matches(path)
    }

    /// Whether something below the folder `path` may be selected.
    pub(super) fn may_be_in(&self, path: &str) -> bool {
        let mut names = self.names.iter();
        for name in path.split('/') {
            match names.next() {
                Some(pattern) if pattern.matches(name) => {}
                Some(_) => return false,
                None => return self.deep,
            }
        }
        true
    }
}

/// Whether a source of `COPY --parents` may select nothing: one without a wildcard must exist.
pub(crate) fn may_be_nothing(source: &str) -> bool {
    is_pattern(source)
}

impl Tree {
    /// The items that `source` of `COPY --parents` selects. Whether they exist is found out on the walk.
    pub(crate) fn select_with_parents(&self, source: &str) -> Result<Selected> {
        let (pivot, rest) = source.split_once("/./").unwrap_or(("/", source));
        let only = Only::parse(rest)?;
        let items = match self.select(pivot)? {
            Selected::Items(items) => items,
            nothing => return Ok(nothing),
        };
        let with = |item: Item| Item {
            only: only.clone(),
            ..item
        };
        let folders = items.into_iter().filter(|item| item.is_dir);
        Ok(Selected::Items(folders.map(with).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::tree;
    use super::*;
    use crate::build::ignore::Ignore;

    const FILES: [&str; 7] = [
        "a.txt",
        "x/a.txt",
        "x/y/b.md",
        "x/y/c.txt",
        "x/z/c.txt",
        "y/a.txt",
        "y/q/d.txt",
    ];

    /// The visited entries, without the folders that are only parents.
    fn check(source: &str, ignore: &str, exclude: &[&str], expected: &[&str]) {
        let (_folder, tree) = tree(&FILES, ignore);
        let exclude: Vec<String> = exclude.iter().map(|text| (*text).to_owned()).collect();
        let exclude = Ignore::of(&exclude).unwrap();
        let Selected::Items(items) = tree.select_with_parents(source).unwrap() else {
            panic!("{source} is not there");
        };
        let mut found = Vec::new();
        for item in &items {
            tree.walk(item, &exclude, &mut |visit| {
                found.push(visit.inner.display().to_string());
                Ok(())
            })
            .unwrap();
        }
        found.retain(|path| !path.is_empty());
        assert_eq!(found, expected, "{source}");
    }

    #[test]
    fn the_folders_that_lead_to_a_source_come_with_it() {
        check("./x/a.txt", "", &[], &["x", "x/a.txt"]);
        check("/x/y", "", &[], &["x", "x/y", "x/y/b.md", "x/y/c.txt"]);
        check("*/a.txt", "", &[], &["x", "x/a.txt", "y", "y/a.txt"]);
        check(
            "x/*/c.txt",
            "",
            &[],
            &["x", "x/y", "x/y/c.txt", "x/z", "x/z/c.txt"],
        );
        check("x/nothing", "", &[], &[]);
    }

    #[test]
    fn a_pivot_ends_what_is_kept() {
        check("./x/./y/*.txt", "", &[], &["y", "y/c.txt"]);
        check(
            "x/./",
            "",
            &[],
            &["a.txt", "y", "y/b.md", "y/c.txt", "z", "z/c.txt"],
        );
        check("/x/y/./c.txt", "", &[], &["c.txt"]);
        // Every folder that matches a pattern before the pivot; a file contains nothing.
        check("*/./a.txt", "", &[], &["a.txt", "a.txt"]);
    }

    #[test]
    fn two_stars_stand_for_any_number_of_folders() {
        check(
            "**/*.txt",
            "x/z\n",
            &[],
            &[
                "a.txt",
                "x",
                "x/a.txt",
                "x/y",
                "x/y/c.txt",
                "y",
                "y/a.txt",
                "y/q",
                "y/q/d.txt",
            ],
        );
        check("y/**/d.txt", "", &[], &["y", "y/q", "y/q/d.txt"]);
        check("x/**/c.txt", "", &["x/z"], &["x", "x/y", "x/y/c.txt"]);
    }

    #[test]
    fn folders_that_lead_nowhere_are_not_looked_into() {
        let only = Only::parse("a/*/b").unwrap().unwrap();
        for (path, expected) in [("a", true), ("b", false), ("a/x", true), ("a/x/b", true)] {
            assert_eq!(only.may_be_in(path), expected, "{path}");
        }
        assert!(!only.may_be_in("a/x/b/c"));
        let deep = Only::parse("a/**/b").unwrap().unwrap();
        assert!(deep.may_be_in("a/x/y/z") && !deep.may_be_in("b"));
        assert_eq!(Only::parse(".").unwrap(), None);
        assert!(Only::parse("[").is_err());
    }
}
