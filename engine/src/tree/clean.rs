//! The shortest equivalent of a path, by its text alone: no link is looked at.
//!
//! Source: Go, `filepath.Clean`, which Docker uses for each path that a user types.

use std::path::{Component, Path, PathBuf};

/// `path` without `.`, doubled slashes, and `..` after a name. The root is its own parent; an empty path becomes `.`.
pub fn clean(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for part in path.components() {
        match (part, cleaned.components().next_back()) {
            (Component::CurDir, _) | (Component::ParentDir, Some(Component::RootDir)) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                cleaned.pop();
            }
            _ => cleaned.push(part),
        }
    }
    match cleaned.as_os_str().is_empty() {
        true => PathBuf::from("."),
        false => cleaned,
    }
}

/// The same for text.
pub fn clean_text(path: &str) -> String {
    clean(Path::new(path)).to_string_lossy().into_owned()
}

/// Where `path` leads from a root that it cannot leave, relative to that root; empty for the root itself.
pub fn within_root(path: &str) -> String {
    clean_text(&format!("/{path}"))[1..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_as_go_does_it() {
        // Source: Go, path/filepath/path_test.go, `cleantests`.
        for (path, expected) in [
            ("abc", "abc"),
            ("abc/def", "abc/def"),
            ("", "."),
            (".", "."),
            ("..", ".."),
            ("../../abc", "../../abc"),
            ("/abc", "/abc"),
            ("/", "/"),
            ("abc/", "abc"),
            ("/abc/", "/abc"),
            ("//abc//def//", "/abc/def"),
            ("abc/./def", "abc/def"),
            ("/./abc/def", "/abc/def"),
            ("abc/def/ghi/../jkl", "abc/def/jkl"),
            ("abc/def/../..", "."),
            ("/abc/def/../..", "/"),
            ("abc/def/../../..", ".."),
            ("/abc/def/../../..", "/"),
            ("abc/../../././../def", "../../def"),
            ("/../../abc", "/abc"),
        ] {
            assert_eq!(clean_text(path), expected, "{path}");
        }
    }

    #[test]
    fn a_path_within_a_root_never_leaves_it() {
        for (path, expected) in [("", ""), ("/", ""), ("../a/./b/..", "a"), ("/a//b/", "a/b")] {
            assert_eq!(within_root(path), expected, "{path}");
        }
    }
}
