//! A userland for `busybox`, made from this machine's programs.

use super::elf::{self, Closure};
use super::tree::Tree;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The usual paths of a busybox.
const BUSYBOX: [&str; 6] = [
    "/bin/busybox",
    "/usr/bin/busybox",
    "/usr/local/bin/busybox",
    "/sbin/busybox",
    "/usr/lib/initramfs-tools/bin/busybox",
    "/bin/busybox.static",
];
/// The folders with a machine's programs.
const FOLDERS: [&str; 4] = ["/bin", "/usr/bin", "/sbin", "/usr/sbin"];
/// Any of these is a shell; the first found becomes `sh`.
const SHELLS: [&str; 4] = ["dash", "ash", "bash", "sh"];
/// The tools that a busybox is expected to have, taken from the machine if it has no busybox.
const TOOLS: &str = "[ awk base64 basename cat chgrp chmod chown clear cmp cp cut date dd df diff dirname dmesg du echo \
    egrep env expr false fgrep find free getopt grep gunzip gzip head hexdump hostname id install ip kill killall less ln \
    ls md5sum mkdir mkfifo mknod mktemp mount mv nc nproc nslookup od ping printenv printf ps pwd readlink realpath rm \
    rmdir sed seq setsid sha1sum sha256sum sleep sort stat stty sync tac tail tar tee test time timeout top touch tr true \
    truncate tty umount uname uniq unlink uptime vi watch wc wget which whoami xargs yes";

/// The end of the label of a userland made without a busybox.
pub(super) const MAKESHIFT: &str = "no busybox was found";

/// Files, and their source.
#[derive(Debug, Clone)]
pub(super) struct Userland {
    pub(super) tree: Tree,
    /// Such as `static busybox, /usr/bin/busybox`.
    pub(super) label: String,
}

/// The best userland that this machine allows.
pub(super) fn of_this_machine() -> Option<Userland> {
    choose(&BUSYBOX.map(PathBuf::from))
}

/// Whether this machine has a busybox to make it from.
pub(super) fn has_busybox() -> bool {
    of_this_machine().is_some_and(|userland| !userland.label.contains(MAKESHIFT))
}

/// A static busybox among `candidates`, else a dynamic one, else the machine's own tools.
fn choose(candidates: &[PathBuf]) -> Option<Userland> {
    let found: Vec<_> = candidates
        .iter()
        .filter_map(|path| {
            let needs = elf::needs(&fs::read(path).ok()?)?;
            Some((path, needs.interpreter.is_none()))
        })
        .collect();
    let is_static = found.iter().filter(|(_, alone)| *alone);
    let is_dynamic = found.iter().filter(|(_, alone)| !*alone);
    is_static
        .chain(is_dynamic)
        .find_map(|(path, alone)| with_busybox(path, *alone))
        .or_else(of_tools)
}

fn with_busybox(path: &Path, alone: bool) -> Option<Userland> {
    let output = Command::new(path)
        .arg("--list")
        .env_clear()
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let applets = String::from_utf8(output.stdout).ok()?;
    let mut tree = skeleton();
    tree.file("bin/busybox", 0o755, fs::read(path).ok()?);
    for applet in applets.lines() {
        // The list has names, some with a folder in front.
        let name = applet.rsplit('/').next().unwrap_or_default().trim();
        if !name.is_empty() && name != "busybox" {
            tree.link(&format!("bin/{name}"), "busybox");
        }
    }
    if !tree.holds("bin/sh") {
        return None;
    }
    let kind = if alone {
        "static busybox"
    } else {
        let mut closure = Closure::new();
        if !closure.add(path) {
            return None;
        }
        add_files(&mut tree, &closure.files)?;
        "dynamic busybox and its libraries"
    };
    // Scripts often begin with `#!/usr/bin/env`.
    tree.link("usr/bin/env", "../../bin/env");
    Some(Userland {
        tree,
        label: format!("{kind}, {}", path.display()),
    })
}

pub(super) fn of_tools() -> Option<Userland> {
    let locate = |name: &str| {
        FOLDERS
            .iter()
            .map(|folder| Path::new(folder).join(name))
            .find(|path| path.is_file())
    };
    let mut tree = skeleton();
    let mut closure = Closure::new();
    let (shell, path) = SHELLS
        .iter()
        .find_map(|name| Some((*name, locate(name)?)))?;
    if !closure.add(&path) {
        return None;
    }
    tree.file("bin/sh", 0o755, fs::read(&path).ok()?);
    for name in TOOLS.split_whitespace() {
        let Some(path) = locate(name) else {
            continue;
        };
        let mut with_it = Closure::new();
        // A script, or a program with a missing library, is left out.
        if with_it.add(&path) {
            closure.files.extend(with_it.files);
            tree.file(&format!("bin/{name}"), 0o755, fs::read(&path).ok()?);
        }
    }
    add_files(&mut tree, &closure.files)?;
    tree.link("usr/bin/env", "../../bin/env");
    Some(Userland {
        tree,
        label: format!("this machine's own tools with {shell} as its shell; {MAKESHIFT}"),
    })
}

fn add_files(tree: &mut Tree, files: &BTreeMap<String, PathBuf>) -> Option<()> {
    for (target, source) in files {
        tree.file(target, 0o755, fs::read(source).ok()?);
    }
    Some(())
}

/// Folders and files common to all userlands.
fn skeleton() -> Tree {
    let mut tree = Tree::default();
    for folder in [
        "bin", "dev", "etc", "home", "mnt", "proc", "sys", "usr/bin", "usr/sbin", "var/log",
        "var/www",
    ] {
        tree.folder(folder, 0o755);
    }
    tree.folder("root", 0o700);
    tree.folder("tmp", 0o1777);
    tree.folder("var/tmp", 0o1777);
    let passwd = "root:x:0:0:root:/root:/bin/sh\n\
        daemon:x:1:1:daemon:/usr/sbin:/bin/false\n\
        www-data:x:33:33:www-data:/var/www:/bin/false\n\
        nobody:x:65534:65534:nobody:/home:/bin/false\n";
    let group =
        "root:x:0:\ndaemon:x:1:\ntty:x:5:\nwww-data:x:33:\nusers:x:100:\nnogroup:x:65534:\n";
    for (path, text) in [
        ("etc/passwd", passwd),
        ("etc/group", group),
        (
            "etc/nsswitch.conf",
            "passwd: files\ngroup: files\nhosts: files dns\n",
        ),
    ] {
        tree.file(path, 0o644, text.as_bytes().to_vec());
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tar::Reader;
    use crate::tree::unpack::{Frame, Limits, unpack};

    fn unpacked(userland: &Userland) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("diff")).unwrap();
        let tar = userland.tree.to_tar(0).unwrap();
        let mut reader = Reader::with_frame(tar.as_slice(), Frame::default());
        unpack(&mut reader, folder.path(), &Limits::default()).unwrap();
        folder
    }

    /// Runs a command in the userland alone, with `unshare` and `chroot`, which every machine that runs this test has.
    fn run(folder: &Path, script: &str) -> Option<String> {
        let output = Command::new("unshare")
            .args(["--map-root-user", "chroot"])
            .arg(folder.join("diff"))
            .args(["/bin/sh", "-c", script])
            .env_clear()
            .env("PATH", "/bin:/usr/bin:/sbin:/usr/sbin")
            .output()
            .ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8(output.stdout).unwrap())
    }

    #[test]
    fn each_kind_of_userland_has_a_shell_that_runs() {
        let possible = Command::new("unshare")
            .args(["--map-root-user", "true"])
            .status();
        if !possible.is_ok_and(|status| status.success()) {
            // A machine without user namespaces; a separate test runs it as a container through the binary.
            return;
        }
        for userland in [of_this_machine(), of_tools()] {
            let userland = userland.expect("a machine that tests has a shell");
            let folder = unpacked(&userland);
            let found = run(folder.path(), "ls / && cat /etc/group && id -u");
            let found = found.unwrap_or_else(|| panic!("{} does not run", userland.label));
            assert!(
                found.contains("nogroup") && found.ends_with("0\n"),
                "{found}"
            );
        }
    }

    #[test]
    fn without_a_busybox_the_label_says_so() {
        let userland = choose(&[]).unwrap();
        assert!(userland.label.contains("no busybox was found"));
    }
}
