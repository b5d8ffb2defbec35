//! An isolated world for each test: home, runtime folder, environment, and our `docker` first on PATH.

use super::output::Output;
use super::process::{self, Running, describe};
use super::{leftovers, template};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Where the machine's own tools are.
pub(crate) const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A fresh home with the starter images. When it is dropped, its containers are removed, and the test fails if a
/// process, a mount or a cgroup is left.
pub(crate) struct Sandbox {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

impl Sandbox {
    /// With the starter images.
    pub(crate) fn new() -> Self {
        let sandbox = Self::empty();
        template::fill(&sandbox.home());
        sandbox
    }

    /// As [`Self::new`], with an additional image `i` built from `dockerfile`.
    #[track_caller]
    pub(crate) fn with_image(dockerfile: &str) -> Self {
        let sandbox = Self::new();
        sandbox.write("Dockerfile", dockerfile);
        sandbox.docker("build -q -t i .").ok();
        sandbox
    }

    /// A machine on which docklings never ran.
    pub(crate) fn empty() -> Self {
        // A short path: a socket's path is limited to 108 bytes.
        let folder = TempDir::with_prefix("dl-").expect("a temporary folder can be made");
        let sandbox = Self {
            folder,
            variables: Vec::new(),
        };
        for path in [
            sandbox.home(),
            sandbox.runtime(),
            sandbox.work(),
            sandbox.bin(),
        ] {
            fs::create_dir(path).expect("a folder can be made");
        }
        std::os::unix::fs::symlink(
            env!("CARGO_BIN_EXE_docklings"),
            sandbox.bin().join("docker"),
        )
        .expect("a link can be made");
        std::os::unix::fs::symlink(
            env!("CARGO_BIN_EXE_docklings"),
            sandbox.bin().join("docklings"),
        )
        .expect("a link can be made");
        sandbox
    }

    /// Sets an environment variable for all commands.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `DOCKLINGS_HOME`.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// `XDG_RUNTIME_DIR`.
    pub(crate) fn runtime(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    /// The runtime folder of this home.
    #[track_caller]
    pub(crate) fn runtime_of_home(&self) -> PathBuf {
        let places = self.docklings("where").ok();
        let lines = places.lines();
        let mut found = lines
            .iter()
            .filter_map(|line| line.strip_prefix("temporary files"));
        let place = found.next().and_then(|rest| rest.split_whitespace().next());
        PathBuf::from(place.expect("`where` names it"))
    }

    /// The working folder of commands, which is also `HOME`.
    pub(crate) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    pub(crate) fn bin(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    /// Writes a file below [`Self::work`], and creates its folders.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.work().join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).expect("a folder can be made");
        }
        fs::write(&path, text).expect("a file can be written");
        path
    }

    /// A command in this world, not yet started.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .env_clear()
            .current_dir(self.work())
            .env("PATH", format!("{}:{SYSTEM_PATH}", self.bin().display()))
            .env("HOME", self.work())
            .env("DOCKLINGS_HOME", self.home())
            .env("XDG_RUNTIME_DIR", self.runtime())
            // No test may reach the internet.
            .env("DOCKLINGS_UPSTREAM", "none")
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn docker_command(&self, words: &str) -> Command {
        let words = shell_words::split(words).unwrap_or_else(|error| panic!("`{words}`: {error}"));
        let mut command = self.command(self.bin().join("docker"));
        command.args(words);
        command
    }

    /// Runs `docker` with `words`, quoted as in a shell, and no input.
    #[must_use = "say what is expected, such as `.ok()` or `.fails(125)`"]
    #[track_caller]
    pub(crate) fn docker(&self, words: &str) -> Output {
        process::run(&mut self.docker_command(words), b"")
    }

    /// Starts a container of busybox named `name` that sleeps longer than any test runs. Returns its id.
    #[track_caller]
    pub(crate) fn sleeping(&self, name: &str) -> String {
        let run = self.docker(&format!("run -d --name {name} busybox sleep 600"));
        run.ok().warns("").text().to_owned()
    }

    /// Runs `docker` with `input`.
    #[must_use = "say what is expected, such as `.ok()` or `.fails(125)`"]
    #[track_caller]
    pub(crate) fn docker_with(&self, words: &str, input: impl AsRef<[u8]>) -> Output {
        process::run(&mut self.docker_command(words), input.as_ref())
    }

    /// Starts `docker` with `words`, without waiting for it.
    #[track_caller]
    pub(crate) fn spawn(&self, words: &str) -> Running {
        let mut command = self.docker_command(words);
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("`docker {words}`: {error}"));
        Running::new(describe(&command), child, Vec::new())
    }

    /// Runs `docklings` itself with `words`.
    #[must_use = "say what is expected, such as `.ok()` or `.fails(125)`"]
    #[track_caller]
    pub(crate) fn docklings(&self, words: &str) -> Output {
        let split = shell_words::split(words).unwrap_or_else(|error| panic!("`{words}`: {error}"));
        process::run(self.command(self.bin().join("docklings")).args(split), b"")
    }

    /// Runs a shell line, as a student types it.
    #[must_use = "say what is expected, such as `.ok()` or `.fails(125)`"]
    #[track_caller]
    pub(crate) fn shell(&self, line: &str) -> Output {
        process::run(self.command("/bin/sh").args(["-c", line]), b"")
    }

    /// Waits until `action` is in the journal for the `nth` time. `logs` is recorded once the log is open, and `attach`
    /// once the monitor has its client: from then on they miss nothing.
    #[track_caller]
    pub(crate) fn until_happened(&self, action: &str, nth: usize) {
        let journal = self.home().join("sandboxes/free/journal.jsonl");
        let fact = format!("\"action\":\"{action}\"");
        process::eventually(&format!("{nth} times `{action}`"), || {
            let lines = fs::read_to_string(&journal).unwrap_or_default();
            lines.matches(&fact).count() >= nth
        });
    }

    /// Ids of all containers in all sandboxes of this home, from their folders.
    pub(crate) fn container_ids(&self) -> Vec<String> {
        let mut ids = Vec::new();
        for sandbox in fs::read_dir(self.home().join("sandboxes"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let containers = fs::read_dir(sandbox.path().join("containers"));
            for container in containers.into_iter().flatten().flatten() {
                ids.push(container.file_name().to_string_lossy().into_owned());
            }
        }
        ids
    }

    /// What is left on the machine of the containers `ids`, and of this home.
    pub(crate) fn leftovers(&self, ids: &[String]) -> Vec<String> {
        let home = self.folder.path();
        [
            leftovers::processes(home),
            leftovers::mounts(home),
            leftovers::cgroups(ids),
        ]
        .concat()
    }

    /// Removes all containers of all sandboxes.
    fn remove_containers(&self) {
        for sandbox in fs::read_dir(self.home().join("sandboxes"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let ids: Vec<_> = fs::read_dir(sandbox.path().join("containers"))
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.file_name())
                .collect();
            if ids.is_empty() {
                continue;
            }
            let mut command = self.command(self.bin().join("docker"));
            command
                .env("DOCKLINGS_SANDBOX", sandbox.file_name())
                .args(["rm", "--force", "--volumes"])
                .args(ids)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            drop(command.status());
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let ids = self.container_ids();
        self.remove_containers();
        leftovers::end_hub(self.folder.path());
        let failing = std::thread::panicking();
        if !failing {
            process::eventually("the monitors of removed containers have ended", || {
                leftovers::processes(self.folder.path()).is_empty()
            });
        }
        let left = self.leftovers(&ids);
        remove_tree(self.folder.path());
        assert!(
            failing || left.is_empty(),
            "left behind:\n{}",
            left.join("\n")
        );
    }
}

/// Removes `path`, including files that belong to the user's subordinate ids.
fn remove_tree(path: &Path) {
    if fs::remove_dir_all(path).is_ok() || rustix::process::geteuid().is_root() {
        return;
    }
    drop(
        Command::new("unshare")
            .args(["--map-root-user", "--map-auto", "rm", "-rf"])
            .arg(path)
            .stderr(Stdio::null())
            .status(),
    );
}
