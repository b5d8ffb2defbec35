//! Where the course's files come from: the binary, or a folder for authors.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Folders of a course, relative to its top.
const FOLDERS: [&str; 2] = ["lessons/content", "exercises"];

/// Where the course's files come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The files embedded in the binary.
    Embedded,
    /// A folder with `lessons/content` and `exercises`, such as a checkout of the repository.
    Folder(PathBuf),
}

/// One file of the course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentFile {
    /// Its path from the top of the course, such as `exercises/01-first/run.yaml`.
    pub path: String,
    /// Its content.
    pub bytes: Cow<'static, [u8]>,
    /// Whether it is executable.
    pub executable: bool,
}

impl ContentFile {
    /// The text, if it is UTF-8.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }
}

impl Source {
    /// Every file of the course, sorted by path. Error: the folder, or a file in it, cannot be read.
    pub fn files(&self) -> io::Result<Vec<ContentFile>> {
        match self {
            Self::Embedded => Ok(FILES
                .iter()
                .map(|(path, bytes)| ContentFile {
                    path: (*path).to_owned(),
                    bytes: Cow::Borrowed(bytes),
                    executable: bytes.starts_with(b"#!"),
                })
                .collect()),
            Self::Folder(folder) => from_folder(folder),
        }
    }
}

/// The first file or folder of the course at `top` that anyone but its owner may change, or that its group may change
/// unless the group is ours. A link counts as its target.
pub fn changeable_by_others(top: &Path) -> Option<PathBuf> {
    // `/proc/self` belongs to our effective user.
    let own = fs::metadata("/proc/self").map_or(0, |about| about.uid());
    let below = FOLDERS
        .iter()
        .flat_map(|folder| WalkDir::new(top.join(folder)));
    let paths = below.flatten().map(walkdir::DirEntry::into_path);
    [top.to_owned()].into_iter().chain(paths).find(|path| {
        let others = |about: fs::Metadata| match about.uid() == own {
            true => about.mode() & 0o002 != 0,
            false => about.mode() & 0o022 != 0,
        };
        fs::metadata(path).is_ok_and(others)
    })
}

/// Reads the course from `top`. Error: it has no lessons.
fn from_folder(top: &Path) -> io::Result<Vec<ContentFile>> {
    let mut files = Vec::new();
    for folder in FOLDERS {
        if folder == "exercises" && !top.join(folder).exists() {
            continue;
        }
        for entry in WalkDir::new(top.join(folder)).sort_by_file_name() {
            let entry = entry.map_err(io::Error::from)?;
            let name = entry.file_name().to_string_lossy();
            if !entry.file_type().is_file() || name.ends_with('~') || name.ends_with(".swp") {
                continue;
            }
            let path = entry.path();
            let relative = path.strip_prefix(top).unwrap_or(path);
            let bytes = fs::read(path)?;
            files.push(ContentFile {
                path: relative.to_string_lossy().into_owned(),
                executable: bytes.starts_with(b"#!"),
                bytes: Cow::Owned(bytes),
            });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_that_others_may_change_is_named_with_what_they_may_change() {
        use std::os::unix::fs::PermissionsExt;
        let top = tempfile::tempdir().unwrap();
        let folder = top.path().join("exercises/01-first");
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("run.yaml");
        fs::write(&file, "").unwrap();
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
        assert_eq!(changeable_by_others(top.path()), None);
        for path in [file, folder, top.path().to_owned()] {
            mode(&path, 0o777).unwrap();
            assert_eq!(changeable_by_others(top.path()), Some(path.clone()));
            // The user's own group may write.
            mode(&path, 0o775).unwrap();
            assert_eq!(changeable_by_others(top.path()), None);
        }
    }

    #[test]
    fn the_embedded_course_is_the_one_in_the_repository() {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let paths = |source: Source| -> Vec<String> {
            let files = source.files().unwrap();
            files.into_iter().map(|file| file.path).collect()
        };
        assert_eq!(
            paths(Source::Embedded),
            paths(Source::Folder(repository.to_owned()))
        );
    }

    #[test]
    fn a_folder_without_a_course_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let source = Source::Folder(folder.path().to_owned());
        assert!(source.files().is_err());
    }

    #[test]
    fn a_script_may_be_executed() {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("lessons/content/a.sh", "#!/bin/sh\n"),
            ("exercises/b", "x"),
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let files = Source::Folder(folder.path().to_owned()).files().unwrap();
        let seen: Vec<_> = files.iter().map(|f| (&*f.path, f.executable)).collect();
        assert_eq!(
            seen,
            [("exercises/b", false), ("lessons/content/a.sh", true)]
        );
    }
}
