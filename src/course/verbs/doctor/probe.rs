//! Runs trials in a child process, since a process cannot leave a namespace it has entered.

use crate::failure::{CommandResult, Failure};
use engine::sys::mount::Overlay;
use engine::sys::namespace::{self, IdMap};
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The hidden stage: `docklings __probe WHAT FOLDER`.
pub(crate) const PROBE: &str = "__probe";
/// What the child prints if the namespace has only one id.
const SINGLE: &str = "single";

/// The result of making and using a user namespace.
pub(super) struct Namespace {
    /// Why it is unusable.
    pub(super) error: Option<String>,
    /// It has only one id.
    pub(super) single: bool,
    /// How AppArmor labels a process in it, such as `unprivileged_userns (enforce)`; empty without AppArmor.
    pub(super) confined: String,
}

/// Makes a user namespace in a child process and uses a capability in it: some machines allow the first and not the
/// second.
pub(super) fn namespace() -> Namespace {
    match child("namespace", Path::new("/")) {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            Namespace {
                error: (!output.status.success()).then(|| first_line(&output.stderr)),
                single: said.lines().any(|line| line == SINGLE),
                confined: said.lines().next_back().unwrap_or_default().to_owned(),
            }
        }
        Err(error) => Namespace {
            error: Some(error),
            single: false,
            confined: String::new(),
        },
    }
}

/// Tries `what` in `folder` in a child process. Error: why it failed, in the kernel's words.
pub(super) fn try_out(what: &str, folder: &Path) -> Result<(), String> {
    let output = child(what, folder)?;
    match output.status.success() {
        true => Ok(()),
        false => Err(first_line(&output.stderr)),
    }
}

fn child(what: &str, folder: &Path) -> Result<Output, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    Command::new(program)
        .args([PROBE, what])
        .arg(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())
}

fn first_line(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    said.lines()
        .next()
        .unwrap_or("it ended without a message")
        .to_owned()
}

/// The child's side.
pub(crate) fn run(words: &[String]) -> CommandResult {
    let (what, folder) = match words {
        [what, folder] => (what.as_str(), Path::new(folder)),
        _ => return Err(Failure::message("this command is for internal use")),
    };
    let tried = match what {
        "namespace" => use_namespace(),
        "overlay" => overlay(folder),
        _ => return Err(Failure::message("this command is for internal use")),
    };
    tried.map_err(|error| Failure::message(error.to_string()))
}

/// Becomes root and does something that only root may do. Prints [`SINGLE`] if there is only one id, then our AppArmor
/// label.
fn use_namespace() -> engine::Result<()> {
    let tried = namespace::become_root().and_then(|map| {
        namespace::unshare_mounts()?;
        Ok(map)
    });
    let mut out = io::stdout();
    if let Ok(IdMap::Single) = tried {
        drop(writeln!(out, "{SINGLE}"));
    }
    let confined = [
        "/proc/self/attr/apparmor/current",
        "/proc/self/attr/current",
    ]
    .iter()
    .find_map(|path| fs::read_to_string(path).ok());
    drop(writeln!(out, "{}", confined.unwrap_or_default().trim_end()));
    tried.map(drop)
}

/// Mounts an overlay below `folder` and uses it as a container would: it reads, writes and deletes files of the lower
/// layer.
fn overlay(folder: &Path) -> engine::Result<()> {
    namespace::become_root()?;
    namespace::unshare_mounts()?;
    engine::sys::mount::make_private()?;
    let [lower, upper, work, target] =
        ["lower", "upper", "work", "target"].map(|name| folder.join(name));
    let on = |path: &Path, error| engine::Error::io("use", path, error);
    for path in [&lower, &upper, &work, &target] {
        fs::create_dir_all(path).map_err(|error| on(path, error))?;
    }
    for file in ["kept", "gone"] {
        fs::write(lower.join(file), "x").map_err(|error| on(&lower, error))?;
    }
    let lowers = [lower];
    let overlay = Overlay {
        lowers: &lowers,
        upper: Some((&upper, &work)),
        volatile: false,
        userxattr: namespace::in_user_namespace(),
        bar_devices: true,
    };
    overlay.mount(&target)?;
    fs::write(target.join("kept"), "y").map_err(|error| on(&target, error))?;
    fs::remove_file(target.join("gone")).map_err(|error| on(&target, error))
}
