//! Other engines on this machine, if there are any.

use super::output::Output;
use super::process;
use super::sandbox::{SYSTEM_PATH, Sandbox};
use std::path::{Path, PathBuf};

/// The machine's own Docker client, with a daemon that answers it. Logins and files are the sandbox's.
pub(crate) struct DockerEngine<'a> {
    sandbox: &'a Sandbox,
    client: PathBuf,
    host: String,
}

impl<'a> DockerEngine<'a> {
    /// The engine that `DOCKER_HOST` names, or the default one; prints a note if there is none.
    pub(crate) fn find(sandbox: &'a Sandbox) -> Option<Self> {
        let found = Self::answering(sandbox);
        if found.is_none() {
            // Not `eprintln!`: the harness captures that, and shows it only if a test fails.
            let said = b"no Docker daemon answers here: Podman and Skopeo alone are compared\n";
            drop(std::io::Write::write_all(&mut std::io::stderr(), said));
        }
        found
    }

    fn answering(sandbox: &'a Sandbox) -> Option<Self> {
        let client = SYSTEM_PATH
            .split(':')
            .map(|folder| Path::new(folder).join("docker"))
            .find(|path| path.is_file())?;
        let host = std::env::var("DOCKER_HOST")
            .unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
        let mut asked = sandbox.command(&client);
        asked.args(["-H", &host, "version"]);
        let answers = process::run(&mut asked, b"").code() == 0;
        answers.then_some(Self {
            sandbox,
            client,
            host,
        })
    }

    /// Runs the real `docker` with `words`.
    #[must_use = "say what is expected, such as `.ok()` or `.fails(125)`"]
    #[track_caller]
    pub(crate) fn docker(&self, words: &str) -> Output {
        self.after("", words)
    }

    /// Logs alice in at `registry`.
    #[must_use = "say what is expected, such as `.ok()` or `.fails(125)`"]
    #[track_caller]
    pub(crate) fn login(&self, registry: &str, password: &str) -> Output {
        let words = format!("login -u alice --password-stdin {registry}");
        self.after(&format!("echo {password} | "), &words)
    }

    #[track_caller]
    fn after(&self, before: &str, words: &str) -> Output {
        let Self { client, host, .. } = self;
        let client = client.display();
        self.sandbox
            .shell(&format!("{before}{client} --config dc -H {host} {words}"))
    }
}

/// Runs Podman, whose images are in the sandbox.
#[must_use = "say what is expected, such as `.ok()` or `.fails(125)`"]
#[track_caller]
pub(crate) fn podman(sandbox: &Sandbox, words: &str) -> Output {
    let own = "--root store --runroot run --storage-driver vfs --runtime runc \
               --cgroup-manager cgroupfs --events-backend none";
    sandbox.shell(&format!("podman {own} {words}"))
}
