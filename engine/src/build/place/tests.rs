//! Copying into a layer on top of another.

use super::*;
use crate::build::sources::Selected;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

struct World {
    folder: tempfile::TempDir,
}

impl World {
    /// `below/`: a layer with `app/` (mode 0750), `link -> app`, `file`, `out -> ../../..`. `context/`: `a`, `d/{b,e/c}`.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for dir in ["below/app/old", "context/d/e", "upper"] {
            fs::create_dir_all(path(dir)).unwrap();
        }
        fs::set_permissions(path("below/app"), fs::Permissions::from_mode(0o750)).unwrap();
        symlink("app", path("below/link")).unwrap();
        symlink("../../..", path("below/out")).unwrap();
        for file in ["below/file", "context/a", "context/d/b", "context/d/e/c"] {
            fs::write(path(file), file).unwrap();
        }
        fs::set_permissions(path("context/a"), fs::Permissions::from_mode(0o751)).unwrap();
        fs::set_permissions(path("context/d/e"), fs::Permissions::from_mode(0o700)).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Copies `source` to `to`, and lists the contents of the new layer; or returns the error.
    fn copy(&self, source: &str, to: &str, chmod: Option<&str>) -> String {
        let rights = Rights {
            owner: Some((0, 0)),
            chmod: chmod.map(|text| Chmod::parse(text).unwrap()),
        };
        let mut placer = Placer::new(&self.path("upper"), &[self.path("below")], rights).unwrap();
        let tree = Tree::open(&[self.path("context")], Ignore::default()).unwrap();
        let Selected::Items(items) = tree.select(source).unwrap() else {
            panic!("{source}");
        };
        let to = Destination {
            path: to,
            is_dir: to.ends_with('/'),
            with_folder: false,
            through_links: false,
        };
        for item in &items {
            if let Err(error) = placer.item(&tree, item, &Ignore::default(), to) {
                return format!("! {error}");
            }
        }
        let mut found: Vec<String> = walkdir::WalkDir::new(self.path("upper"))
            .min_depth(1)
            .into_iter()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                let path = entry
                    .path()
                    .strip_prefix(self.path("upper"))
                    .unwrap()
                    .to_owned();
                format!(
                    "{} {:o}",
                    path.display(),
                    entry.metadata().unwrap().mode() & 0o7777
                )
            })
            .collect();
        found.sort();
        found.join(", ")
    }
}

fn check(source: &str, to: &str, expected: &str) {
    assert_eq!(
        World::new().copy(source, to, None),
        expected,
        "{source} -> {to}"
    );
}

#[test]
fn a_file_goes_into_a_directory_or_gets_a_name() {
    check("a", "/new/", "new 755, new/a 751");
    check("a", "/new", "new 751");
    check("a", "/app", "app 750, app/a 751");
    check("a", "/app/b", "app 750, app/b 751");
    check("a", "/x/y/z", "x 755, x/y 755, x/y/z 751");
}

#[test]
fn a_directory_means_its_contents() {
    check("d", "/app", "app 750, app/b 644, app/e 700, app/e/c 644");
    check("d", "/n", "n 755, n/b 644, n/e 700, n/e/c 644");
}

#[test]
fn links_of_the_image_lead_to_their_target_inside_the_root() {
    check("a", "/link/", "app 750, app/a 751");
    check("a", "/out/x", "x 751");
    check(
        "d",
        "/link/old",
        "app 750, app/old 755, app/old/b 644, app/old/e 700, app/old/e/c 644",
    );
}

#[test]
fn a_file_may_replace_a_file_and_not_a_directory() {
    check("a", "/file", "file 751");
    check("a", "/file/", "! cannot copy to non-directory: /file");
    check("d", "/file", "! cannot copy to non-directory: /file");
    assert!(World::new().copy("a", "/", None) == "a 751");
    let world = World::new();
    fs::create_dir(world.path("context/app")).unwrap();
    fs::write(world.path("context/app/old"), "file").unwrap();
    assert!(
        world
            .copy("app", "/app", None)
            .starts_with("! cannot copy to directory: /app/old")
    );
}

#[test]
fn chmod_is_for_files_and_directories() {
    let found = World::new().copy("d", "/n/", Some("u=rwX,go=rX"));
    assert_eq!(found, "n 755, n/b 644, n/e 755, n/e/c 644");
}

#[test]
fn times_of_the_source_are_kept_also_for_directories() {
    let world = World::new();
    let old = fs::FileTimes::new().set_modified(std::time::UNIX_EPOCH);
    for path in ["context/d/b", "context/d/e"] {
        fs::File::open(world.path(path))
            .unwrap()
            .set_times(old)
            .unwrap();
    }
    world.copy("d", "/n", None);
    for path in ["upper/n/b", "upper/n/e"] {
        assert_eq!(fs::metadata(world.path(path)).unwrap().mtime(), 0, "{path}");
    }
}

#[test]
fn content_written_in_the_dockerfile_becomes_a_file() {
    let world = World::new();
    let rights = Rights {
        owner: Some((0, 0)),
        chmod: None,
    };
    let mut placer = Placer::new(&world.path("upper"), &[world.path("below")], rights).unwrap();
    let to = Destination {
        path: "/app/",
        is_dir: true,
        with_folder: false,
        through_links: false,
    };
    placer.content("x.txt", b"hi\n", 0o644, to).unwrap();
    assert_eq!(
        fs::read_to_string(world.path("upper/app/x.txt")).unwrap(),
        "hi\n"
    );
    assert!(!placer.directory("/app/old").unwrap());
    assert!(placer.directory("/app/new").unwrap());
    assert!(placer.directory("/file").is_err());
}
