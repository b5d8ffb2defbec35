//! Other engines on this machine, as far as there are any.

use super::output::Output;
use super::process;
use super::sandbox::{SYSTEM_PATH, Sandbox};
use std::path::{Path, PathBuf};

/// The machine's own Docker client, and the daemon that answers it; says so if there is none.
pub(crate) fn docker_engine(sandbox: &Sandbox) -> Option<(PathBuf, String)> {
    let found = answering(sandbox);
    if found.is_none() {
        // Not `eprintln!`: the harness captures that, and shows it only when a test fails.
        let said = b"no Docker daemon answers here: Podman and Skopeo alone are compared\n";
        drop(std::io::Write::write_all(&mut std::io::stderr(), said));
    }
    found
}

fn answering(sandbox: &Sandbox) -> Option<(PathBuf, String)> {
    let client = SYSTEM_PATH
        .split(':')
        .map(|folder| Path::new(folder).join("docker"))
        .find(|path| path.is_file())?;
    let host =
        std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
    let mut asked = sandbox.command(&client);
    asked.args(["-H", &host, "version"]);
    (process::run(&mut asked, b"").code() == 0).then_some((client, host))
}

/// Runs Podman, whose images lie in the sandbox.
#[must_use = "say what is expected, such as `.ok()` or `.fails(125)`"]
#[track_caller]
pub(crate) fn podman(sandbox: &Sandbox, words: &str) -> Output {
    let own = "--root store --runroot run --storage-driver vfs --runtime runc \
               --cgroup-manager cgroupfs --events-backend none";
    sandbox.shell(&format!("podman {own} {words}"))
}
