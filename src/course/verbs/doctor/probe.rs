//! Trying things out in a child process, where a namespace that is entered need not be left again.

use crate::failure::{CommandResult, Failure};
use engine::sys::mount::Overlay;
use engine::sys::namespace::{self, IdMap};
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The hidden stage: `docklings __probe WHAT FOLDER`.
pub(crate) const PROBE: &str = "__probe";
/// What the child says of a namespace with one id.
const SINGLE: &str = "single";

/// What became of a user namespace that was made and used.
pub(super) struct Namespace {
    /// Why it is good for nothing.
    pub(super) error: Option<String>,
    /// Only one id exists in it.
    pub(super) single: bool,
    /// What AppArmor calls a process in it, such as `unprivileged_userns (enforce)`; empty without AppArmor.
    pub(super) confined: String,
}

/// Makes a user namespace in a child process, and uses a right in it: some machines allow the one and not the other.
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

/// Tries `what` in `folder` with a child process. Error: why it does not work, in the kernel's words.
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
        .unwrap_or("it ended without a word")
        .to_owned()
}

/// The child's side.
pub(crate) fn run(words: &[String]) -> CommandResult {
    let (what, folder) = match words {
        [what, folder] => (what.as_str(), Path::new(folder)),
        _ => return Err(Failure::message("this stage is not for people")),
    };
    let tried = match what {
        "namespace" => use_namespace(),
        "overlay" => overlay(folder),
        _ => return Err(Failure::message("this stage is not for people")),
    };
    tried.map_err(|error| Failure::message(error.to_string()))
}

/// Becomes root, and does what only root may. Prints [`SINGLE`] if there is one id only, and at last how AppArmor calls us.
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

/// Mounts an overlay below `folder` and uses it as a container would: reading, writing and deleting what is below.
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
