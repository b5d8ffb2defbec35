//! Where everything is kept: whether it is writable, has enough space, and works with overlayfs.

use super::Finding;
use super::probe::try_out;
use crate::course::workspace::remove;
use crate::env::{self, Env};
use engine::error::IoContext;
use engine::error::plainly;
use engine::paths::remote::{self, ELSEWHERE, file_system};
use engine::paths::{create_private_dir, ours};
use std::io::ErrorKind;
use std::path::Path;

/// With less space than this, builds soon fail.
const LITTLE: u64 = 1 << 30;
/// With less space than this, no container can be created: it needs its records and its writable layer.
const TOO_LITTLE: u64 = 1 << 20;

pub(super) fn home(env: &Env) -> Vec<Finding> {
    let what = "data directory";
    let root = env.home.root();
    let shown = root.display();
    if let Err(error) = whose(env) {
        let fix = error.hint().unwrap_or(ELSEWHERE).to_owned();
        return vec![Finding::fail(what, error.to_string(), fix)];
    }
    let place = match (
        file_system(root).and_then(remote::name),
        tempfile::tempfile_in(root),
    ) {
        (Some(name), _) => Finding::fail(
            what,
            format!("`{shown}` is on {name}, where containers cannot run"),
            ELSEWHERE,
        ),
        // A full disk can become writable again.
        (None, Err(error)) if error.kind() != ErrorKind::StorageFull => Finding::fail(
            what,
            format!("`{shown}` cannot be written: {}", plainly(&error)),
            ELSEWHERE,
        ),
        (None, _) => Finding::pass(what, format!("`{shown}`")),
    };
    vec![place, space(root)]
}

/// Creates the home if it is missing, and checks that all of it belongs to the user.
fn whose(env: &Env) -> engine::Result<()> {
    let home = &env.home;
    if !ours::check(home.root(), home.root())? {
        ours::check_missing(home.root())?;
        create_private_dir(home.root())?;
    }
    for entry in std::fs::read_dir(home.root())
        .on("read", home.root())?
        .flatten()
    {
        if entry
            .metadata()
            .is_ok_and(|about| about.is_dir() || about.is_symlink())
        {
            ours::check(&entry.path(), home.root())?;
        }
    }
    Ok(())
}

fn space(root: &Path) -> Finding {
    let what = "free space";
    let free = match rustix::fs::statvfs(root) {
        Ok(found) => found.f_bavail.saturating_mul(found.f_frsize),
        Err(error) => return Finding::warn(what, format!("unknown: {error}"), "df -h"),
    };
    let found = format!("{:.1} GB", free as f64 / 1e9);
    match free {
        free if free < TOO_LITTLE => Finding::fail(
            what,
            format!("{found}; containers cannot be made"),
            "docker system prune; or make room on that disk",
        ),
        free if free < LITTLE => Finding::warn(
            what,
            format!("{found}; builds and images may soon not fit"),
            "docker system prune",
        ),
        _ => Finding::pass(what, found),
    }
}

/// Mounts an overlay in a child process.
pub(super) fn overlay(env: &Env) -> Finding {
    let what = "overlayfs";
    let folder = env
        .home
        .root()
        .join(format!("doctor-{}", std::process::id()));
    if let Err(error) = create_private_dir(&folder) {
        return Finding::fail(what, error.to_string(), "see `data directory`");
    }
    let tried = try_out("overlay", &folder);
    let removed = remove(&folder);
    match (tried, removed) {
        (Ok(()), Ok(())) => {
            Finding::pass(what, "a container's layer can be mounted over an image's")
        }
        (Ok(()), Err(failure)) => Finding::warn(
            what,
            failure.text().unwrap_or_default(),
            format!("rm -rf {}", folder.display()),
        ),
        (Err(error), _) => Finding::fail(what, error, overlay_fix(env.home.root())),
    }
}

fn overlay_fix(root: &Path) -> String {
    let elsewhere = format!(
        "export {}=DIR, with DIR on ext4, xfs, btrfs or tmpfs",
        env::HOME
    );
    match file_system(root) {
        Some(0x794c_7630) => format!("the data directory is itself on an overlay: {elsewhere}"),
        Some(magic) if remote::name(magic).is_some() => ELSEWHERE.to_owned(),
        _ if !std::fs::read_to_string("/proc/filesystems")
            .unwrap_or_default()
            .contains("overlay") =>
        {
            "sudo modprobe overlay".to_owned()
        }
        _ => format!("if `user namespaces` fails above, fix that first; otherwise {elsewhere}"),
    }
}

/// The folder of a running container's socket.
pub(super) fn sockets(env: &Env) -> Finding {
    let what = "runtime folder";
    let folder = env.home.runtime();
    match create_private_dir(folder) {
        Err(error) => Finding::fail(what, error.to_string(), "unset XDG_RUNTIME_DIR"),
        Ok(()) if folder.starts_with(env.home.root()) => Finding::pass(
            what,
            format!(
                "`{}`, since XDG_RUNTIME_DIR does not name a folder of yours",
                folder.display()
            ),
        ),
        Ok(()) => Finding::pass(what, format!("`{}`", folder.display())),
    }
}
