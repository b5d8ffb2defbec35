//! The destination of a copy: Docker's table of cases A to J, as a pure function.
//!
//! Source: moby `go-archive`, `copy.go`, `PrepareArchiveCopy`.

use super::{About, Rebase};
use crate::error::{Error, Result};
use crate::go::within_root;
use std::io::ErrorKind;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// The source of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) is_dir: bool,
    /// The path as written: it may end with `/.`.
    pub(super) name: String,
}

/// The requested destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Destination {
    pub(super) exists: bool,
    pub(super) is_dir: bool,
    /// Whether it was written with a slash at its end.
    pub(super) as_dir: bool,
    /// The path, with links at its end followed.
    pub(super) path: String,
}

/// The resulting place: everything is unpacked into an existing folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) folder: String,
    pub(super) rebase: Rebase,
}

/// Decides the case. The letters are those of Docker's table.
pub(super) fn decide(source: &Source, to: &Destination) -> Result<Spot> {
    let contents = source.is_dir && (source.name.ends_with("/.") || source.name == ".");
    let beside = || {
        let path = to.path.trim_end_matches('/');
        let path = path.strip_suffix("/.").unwrap_or(path);
        let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
        Spot {
            folder: if folder.is_empty() {
                "/".to_owned()
            } else {
                folder.to_owned()
            },
            rebase: Rebase::To(name.to_owned()),
        }
    };
    let within = |rebase| Spot {
        folder: to.path.clone(),
        rebase,
    };
    match (source.is_dir, to.exists, to.is_dir) {
        // B: a file to a folder that does not exist, or is not a folder.
        (false, _, false) if to.as_dir => Err(Error::local("no such directory")),
        // A, C
        (false, false, _) | (false, true, false) => Ok(beside()),
        // D
        (false, true, true) => Ok(within(Rebase::Keep)),
        // E, H
        (true, false, _) => Ok(beside()),
        // F, I
        (true, true, false) => Err(Error::local("cannot copy directory")),
        // J
        (true, true, true) if contents => Ok(within(Rebase::Drop)),
        // G
        (true, true, true) => Ok(within(Rebase::Keep)),
    }
}

fn ends_as_dir(path: &str) -> bool {
    path.ends_with('/') || path.ends_with("/.") || path == "."
}

/// A place inside the container.
pub(super) fn inside(path: &str, about: &About) -> Destination {
    Destination {
        exists: about.exists,
        is_dir: about.is_dir,
        as_dir: ends_as_dir(path),
        path: about.target.clone(),
    }
}

/// A place on the machine. Error: its folder does not exist.
pub(super) fn local(path: &Path) -> Result<Destination> {
    let text = path.to_string_lossy().into_owned();
    let about = std::fs::metadata(path);
    if about
        .as_ref()
        .is_err_and(|error| error.kind() == std::io::ErrorKind::NotADirectory)
    {
        return Err(Error::local(format!("stat {text}: not a directory")));
    }
    if about.is_err() {
        let parent = match path.parent() {
            Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
            Some(parent) => parent.to_owned(),
            None => PathBuf::from("/"),
        };
        if !parent.is_dir() {
            let full = std::path::absolute(&parent).unwrap_or(parent);
            return Err(Error::local(format!(
                "invalid output path: directory \"{}\" does not exist",
                full.display()
            )));
        }
    } else if about.as_ref().is_ok_and(|about| {
        about.file_type().is_char_device() || about.file_type().is_block_device()
    }) {
        return Err(Error::local(format!(
            "invalid output path: \"{text}\" must be a directory or a regular file: got a device"
        )));
    }
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Ok(Destination {
        exists: about.is_ok(),
        is_dir: about.is_ok_and(|about| about.is_dir()),
        as_dir: ends_as_dir(&text),
        path: full.to_string_lossy().into_owned(),
    })
}

/// A source on the machine. Error: `lstat /abs/x: no such file or directory`.
pub(super) fn local_source(path: &Path, follow: bool) -> Result<Source> {
    let text = path.to_string_lossy().into_owned();
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let about = if follow || text.ends_with('/') || text.ends_with("/.") {
        std::fs::metadata(&full)
    } else {
        std::fs::symlink_metadata(&full)
    };
    match about {
        Ok(about) if !about.is_dir() && ends_as_dir(&text) => Err(Error::local("not a directory")),
        Ok(about) => Ok(Source {
            is_dir: about.is_dir(),
            name: text,
        }),
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            Err(Error::local("not a directory"))
        }
        Err(_) => {
            // For a broken link, the missing file is its target.
            let missing = match std::fs::read_link(&full) {
                Ok(link) => full.parent().unwrap_or(Path::new("/")).join(link),
                Err(_) => full.components().collect(),
            };
            Err(Error::local(format!(
                "lstat {}: no such file or directory",
                missing.display()
            )))
        }
    }
}

/// `path`, made absolute and cleaned. Its ending (`/`, `/.`) is kept: it decides what is copied.
pub fn tidy(path: &str) -> String {
    let cleaned = within_root(path);
    let end = match path {
        _ if path.ends_with("/.") => "/.",
        _ if path.ends_with('/') => "/",
        _ => "",
    };
    match cleaned.is_empty() {
        true => format!("/{}", end.trim_start_matches('/')),
        false => format!("/{cleaned}{end}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: (bool, &str), to: (bool, bool, &str), expected: Result<(&str, Rebase), &str>) {
        let source = Source {
            is_dir: source.0,
            name: source.1.into(),
        };
        let (exists, is_dir, path) = to;
        let to = Destination {
            exists,
            is_dir,
            as_dir: ends_as_dir(path),
            path: path.into(),
        };
        let found = decide(&source, &to).map(|spot| (spot.folder, spot.rebase));
        match expected {
            Ok((folder, rebase)) => assert_eq!(found.unwrap(), (folder.to_owned(), rebase)),
            Err(message) => assert_eq!(found.unwrap_err().message(), message),
        }
    }

    #[test]
    fn files_go_where_dockers_table_says() {
        let to = |name: &str| Rebase::To(name.into());
        check(
            (false, "f"),
            (false, false, "/a/new"),
            Ok(("/a", to("new"))),
        );
        check((false, "f"), (false, false, "/new"), Ok(("/", to("new"))));
        check(
            (false, "f"),
            (false, false, "/a/new/"),
            Err("no such directory"),
        );
        check((false, "f"), (true, false, "/a/old"), Ok(("/a", to("old"))));
        check((false, "f"), (true, true, "/a"), Ok(("/a", Rebase::Keep)));
    }

    #[test]
    fn folders_go_where_dockers_table_says() {
        let to = |name: &str| Rebase::To(name.into());
        for name in ["d", "d/", "d/."] {
            check(
                (true, name),
                (false, false, "/a/new"),
                Ok(("/a", to("new"))),
            );
            check(
                (true, name),
                (false, false, "/a/new/"),
                Ok(("/a", to("new"))),
            );
            check(
                (true, name),
                (true, false, "/f"),
                Err("cannot copy directory"),
            );
        }
        check((true, "d"), (true, true, "/a"), Ok(("/a", Rebase::Keep)));
        check((true, "d/"), (true, true, "/a"), Ok(("/a", Rebase::Keep)));
        check((true, "d/."), (true, true, "/a"), Ok(("/a", Rebase::Drop)));
        check((true, "."), (true, true, "/a"), Ok(("/a", Rebase::Drop)));
    }
}
