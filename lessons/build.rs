//! Puts the course into the binary: every file under `lessons/content` and `exercises`, by its path in the repository.
//!
//! Adding a lesson or an exercise is adding a file; nothing lists them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders of the repository that belong to the course.
const FOLDERS: [&str; 2] = ["lessons/content", "exercises"];

fn main() {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let repository = here.parent().expect("the crate lies in the workspace");
    let mut files = Vec::new();
    for folder in FOLDERS {
        let folder = repository.join(folder);
        println!("cargo::rerun-if-changed={}", folder.display());
        collect(&folder, &mut files);
    }
    // By the whole text of the path, so that `a.yaml` stands before `a/x` as in a listing of strings.
    files.sort_by_key(|file| file.display().to_string());
    let mut source = String::from("/// Every file of the course: path in the repository, bytes.\n");
    source.push_str("pub(crate) static FILES: &[(&str, &[u8])] = &[\n");
    for file in &files {
        let name = file.strip_prefix(repository).expect("it was found there");
        writeln!(
            source,
            "    ({:?}, include_bytes!({:?})),",
            name.display().to_string(),
            file.display().to_string()
        )
        .expect("a string takes everything");
    }
    source.push_str("];\n");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("embedded.rs"), source).expect("the output directory can be written");
}

/// Adds every file below `folder`, hidden and temporary ones of editors left out.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with('~') || name.ends_with(".swp") || name == ".DS_Store" {
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
