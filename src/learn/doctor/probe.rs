//! Trying things out in a child process, where a namespace that is entered need not be left again.

use crate::failure::{CommandResult, Failure};
use engine::sys::mount::Overlay;
use engine::sys::namespace;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// The hidden stage: `docklings __probe WHAT FOLDER`.
pub(crate) const PROBE: &str = "__probe";

/// Tries `what` in `folder` with a child process. Error: why it does not work, in the kernel's words.
pub(super) fn try_out(what: &str, folder: &Path) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program)
        .args([PROBE, what])
        .arg(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said
        .lines()
        .next()
        .unwrap_or("it ended without a word")
        .to_owned())
}

/// The child's side.
pub(crate) fn run(words: &[String]) -> CommandResult {
    let (what, folder) = match words {
        [what, folder] => (what.as_str(), Path::new(folder)),
        _ => return Err(Failure::message("this stage is not for people")),
    };
    let tried = match what {
        "namespace" => namespace::become_root().map(drop),
        "overlay" => overlay(folder),
        _ => return Err(Failure::message("this stage is not for people")),
    };
    tried.map_err(|error| Failure::message(error.to_string()))
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
