//! Where everything is kept: can it be written, is there room, can overlayfs use it.

use super::Finding;
use super::probe::try_out;
use crate::env::{self, Env};
use crate::learn::workbench::remove;
use engine::error::plainly;
use engine::paths::create_private_dir;
use std::path::Path;

/// Less than this, and builds soon fail.
const LITTLE: u64 = 1 << 30;
/// Less than this, and even the starter images may not fit.
const TOO_LITTLE: u64 = 64 << 20;

/// Magic numbers of `statfs(2)` for file systems of other machines.
const REMOTE: [(u32, &str); 6] = [
    (0x6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x517b, "SMB"),
    (0x0102_1997, "9p"),
    (0x6573_5546, "FUSE"),
];

pub(super) fn home(env: &Env) -> Vec<Finding> {
    let what = "data directory";
    let root = env.home.root();
    let shown = root.display();
    let elsewhere = format!("export {}=/var/tmp/docklings-$(id -un)", env::HOME);
    let writable = create_private_dir(root)
        .map_err(|error| error.to_string())
        .and_then(|()| tempfile::tempfile_in(root).map_err(|error| plainly(&error)));
    if let Err(error) = writable {
        return vec![Finding::fail(
            what,
            format!("`{shown}` cannot be written: {error}"),
            elsewhere,
        )];
    }
    let kind = file_system(root);
    let place = match REMOTE.iter().find(|(magic, _)| kind == Some(*magic)) {
        Some((_, name)) => Finding::warn(
            what,
            format!("`{shown}` lies on {name}, where locks and overlayfs may fail"),
            elsewhere.clone(),
        ),
        None => Finding::pass(what, format!("`{shown}`")),
    };
    vec![place, space(root, elsewhere)]
}

/// The magic number of the file system of `path`.
fn file_system(path: &Path) -> Option<u32> {
    let found = rustix::fs::statfs(path).ok()?;
    // The field is signed on some machines; the number is 32 bits of pattern.
    Some(found.f_type as u32)
}

fn space(root: &Path, elsewhere: String) -> Finding {
    let what = "free space";
    let free = match rustix::fs::statvfs(root) {
        Ok(found) => found.f_bavail.saturating_mul(found.f_frsize),
        Err(error) => return Finding::warn(what, format!("cannot be told: {error}"), "df -h"),
    };
    let found = format!("{:.1} GB", free as f64 / 1e9);
    match free {
        free if free < TOO_LITTLE => Finding::fail(what, found, elsewhere),
        free if free < LITTLE => Finding::warn(
            what,
            format!("{found}; builds and images may soon not fit"),
            "docker system prune",
        ),
        _ => Finding::pass(what, found),
    }
}

/// Really mounts one, in a child process.
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
        (Ok(()), Ok(())) => Finding::pass(what, "a container's layer can be put over an image's"),
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
        Some(0x794c_7630) => format!("the data directory lies on an overlay itself: {elsewhere}"),
        Some(magic) if REMOTE.iter().any(|(remote, _)| *remote == magic) => elsewhere,
        _ if !std::fs::read_to_string("/proc/filesystems")
            .unwrap_or_default()
            .contains("overlay") =>
        {
            "sudo modprobe overlay".to_owned()
        }
        _ => format!("if `user namespaces` fails above, mend that first; else {elsewhere}"),
    }
}

/// Where a running container's socket lies.
pub(super) fn sockets(env: &Env) -> Finding {
    let what = "runtime folder";
    let folder = env.home.runtime();
    match create_private_dir(folder) {
        Err(error) => Finding::fail(what, error.to_string(), "unset XDG_RUNTIME_DIR"),
        Ok(()) if folder.starts_with(env.home.root()) => Finding::pass(
            what,
            format!(
                "`{}`, since XDG_RUNTIME_DIR names none of yours",
                folder.display()
            ),
        ),
        Ok(()) => Finding::pass(what, format!("`{}`", folder.display())),
    }
}
