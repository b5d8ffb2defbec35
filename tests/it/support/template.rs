//! The starter images, assembled once per test run and shared with each sandbox through hard links.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use walkdir::WalkDir;

/// The home to which all others are linked.
static TEMPLATE: OnceLock<PathBuf> = OnceLock::new();

/// Fills `home` with the starter images.
pub(crate) fn fill(home: &Path) {
    let template = TEMPLATE.get_or_init(assemble);
    if let Err(error) = link_tree(template, home) {
        panic!(
            "cannot link {} to {}: {error}",
            template.display(),
            home.display()
        );
    }
}

/// Lets the binary itself assemble the images, as on a student's first start. The folder is named after this process;
/// folders of ended test runs are removed.
fn assemble() -> PathBuf {
    let base = std::env::temp_dir();
    let user = rustix::process::geteuid().as_raw();
    let prefix = format!("docklings-template-{user}-");
    for entry in fs::read_dir(&base).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(pid) = name.strip_prefix(&prefix) else {
            continue;
        };
        // A folder with our own number belongs to an earlier process.
        let is_ours = pid == std::process::id().to_string();
        if is_ours || !Path::new("/proc").join(pid).exists() {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
    let home = base.join(format!("{prefix}{}", std::process::id()));
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&home)
        .expect("the template's folder can be made");
    let output = Command::new(env!("CARGO_BIN_EXE_docklings"))
        .args(["docker", "images", "--quiet", "busybox"])
        .env_clear()
        .env("PATH", super::sandbox::SYSTEM_PATH)
        .env("HOME", &home)
        .env("DOCKLINGS_HOME", &home)
        .env("XDG_RUNTIME_DIR", home.join("run"))
        .output()
        .expect("the binary can be started");
    assert!(
        output.status.success() && !output.stdout.is_empty(),
        "the starter images were not assembled: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    drop(fs::remove_dir_all(home.join("run")));
    home
}

/// Links the files of `from` into `to`, and creates the folders with the same modes.
fn link_tree(from: &Path, to: &Path) -> io::Result<()> {
    for entry in WalkDir::new(from) {
        let entry = entry?;
        let Ok(inside) = entry.path().strip_prefix(from) else {
            continue;
        };
        let target = to.join(inside);
        if entry.file_type().is_dir() {
            if !target.exists() {
                fs::create_dir(&target)?;
            }
            let mode = entry.metadata()?.mode();
            fs::set_permissions(&target, std::os::unix::fs::PermissionsExt::from_mode(mode))?;
        } else if is_shared(inside) {
            fs::hard_link(entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Only immutable files are shared; the sandbox has its own copy of all others.
fn is_shared(inside: &Path) -> bool {
    ["content/layers", "content/blobs"]
        .iter()
        .any(|shared| inside.starts_with(shared))
}
