//! After a power cut: the disk as the kernel had written it at that moment, without a sync. By then, ext4 has the names
//! of new files, but not their content.
//!
//! The home is on a file system in a file, mounted through a loop device; a copy of that file is the disk after the
//! cut.

use crate::support::output::Output;
use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// A machine whose home is on a separate disk.
struct Machine {
    sandbox: Sandbox,
    disk: TempDir,
}

impl Machine {
    fn new() -> Self {
        let disk = TempDir::with_prefix("dl-disk-").expect("a temporary folder can be made");
        let image = disk.path().join("image");
        let file = fs::File::create(&image).expect("a file can be made");
        file.set_len(300 << 20).expect("a file can be long");
        run(Command::new("mkfs.ext4").arg("-qF").arg(&image));
        Self::on(disk)
    }

    /// The kernel commits names every second instead of every five, so that tests are fast. Content still waits some 30
    /// seconds.
    fn on(disk: TempDir) -> Self {
        let folder = disk.path().join("mounted");
        fs::create_dir(&folder).expect("a folder can be made");
        let image = disk.path().join("image");
        run(Command::new("mount")
            .args(["-o", "loop,commit=1"])
            .arg(&image)
            .arg(&folder));
        let home = folder.join("home");
        let account = folder.join("account");
        let sandbox = Sandbox::empty()
            .with("DOCKLINGS_HOME", &home.display().to_string())
            .with("DOCKER_CONFIG", &account.display().to_string());
        Self { sandbox, disk }
    }

    fn home(&self) -> PathBuf {
        self.disk.path().join("mounted/home")
    }

    /// The machine after a power cut `later`.
    fn cut(&self, later: Duration) -> Self {
        // This does not wait for an event, but for the time in which names are written and content is not.
        run(Command::new("sleep").arg(later.as_secs_f64().to_string()));
        let disk = TempDir::with_prefix("dl-disk-").expect("a temporary folder can be made");
        let mut copy = Command::new("cp");
        copy.arg("--sparse=always")
            .arg(self.disk.path().join("image"));
        run(copy.arg(disk.path().join("image")));
        Self::on(disk)
    }

    #[track_caller]
    fn docker(&self, words: &str) -> Output {
        self.sandbox.docker(words)
    }

    /// Each of these commands works, whatever is damaged.
    #[track_caller]
    fn works(&self) {
        for words in [
            "run --rm busybox echo works",
            "run --rm hello-world",
            "ps -a",
            "images",
            "volume ls",
            "create --name afterwards busybox",
            "pull busybox",
            "rmi -f hello-world",
            "pull hello-world",
            "login -u alice -p pw",
            "rm -f afterwards",
            "system prune -af",
        ] {
            self.docker(words).ok();
        }
        self.sandbox.docklings("progress").ok();
        // Either nothing is damaged, or the damage is repaired.
        let _ = self.sandbox.docklings("doctor --repair");
        self.sandbox
            .docklings("doctor --repair")
            .ok()
            .says("nothing is damaged\n");
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        for sandbox in fs::read_dir(self.home().join("sandboxes"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let ids = fs::read_dir(sandbox.path().join("containers"));
            let ids: Vec<_> = ids
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.file_name())
                .collect();
            if !ids.is_empty() {
                let mut remove = self.sandbox.command(self.sandbox.bin().join("docker"));
                remove.env("DOCKLINGS_SANDBOX", sandbox.file_name());
                drop(remove.args(["rm", "-f"]).args(ids).output());
            }
        }
        crate::support::leftovers::end_hub(&self.home());
        drop(
            Command::new("umount")
                .arg("-l")
                .arg(self.disk.path().join("mounted"))
                .status(),
        );
    }
}

#[track_caller]
fn run(command: &mut Command) {
    let status = command.status();
    assert!(status.is_ok_and(|status| status.success()), "{command:?}");
}

/// As soon as possible, and when the names are written.
const MOMENTS: [Duration; 2] = [Duration::ZERO, Duration::from_secs(2)];

#[test]
fn after_the_first_run_everything_works() {
    requires!(Root, Tool("mkfs.ext4"));
    for later in MOMENTS {
        let before = Machine::new();
        before.docker("run --rm busybox true").ok();
        before.cut(later).works();
    }
}

#[test]
fn a_listed_image_is_complete_whatever_its_source() {
    requires!(Root, Tool("mkfs.ext4"));
    for later in MOMENTS {
        let before = Machine::new();
        before
            .sandbox
            .write("Dockerfile", "FROM busybox\nRUN echo kept > /built\n");
        before.docker("build -q -t built .").ok();
        before
            .docker("run --name box busybox sh -c 'echo kept > /committed'")
            .ok();
        before.docker("commit box committed").ok();
        before.docker("login -u alice -p pw").ok();
        before.docker("tag built alice/pushed").ok();
        before.docker("push -q alice/pushed").ok();
        before.docker("save -o all.tar built committed").ok();
        before.docker("rmi -f built committed alice/pushed").ok();
        before.docker("rm box").ok();
        before.docker("builder prune -af").ok();
        before.docker("load -i all.tar").ok();
        before.docker("pull -q alice/pushed").ok();
        let after = before.cut(later);
        after
            .docker("run --rm built cat /built")
            .ok()
            .says("kept\n");
        after
            .docker("run --rm committed cat /committed")
            .ok()
            .says("kept\n");
        after
            .docker("run --rm alice/pushed cat /built")
            .ok()
            .says("kept\n");
        after.docker("pull -q alice/pushed").ok();
        after.works();
    }
}

#[test]
fn a_build_that_the_cut_interrupted_is_built_again() {
    requires!(Root, Tool("mkfs.ext4"));
    let before = Machine::new();
    before.docker("images").ok();
    before.sandbox.write(
        "Dockerfile",
        "FROM busybox\nRUN echo kept > /built\nRUN false\n",
    );
    before.docker("build -t i .").fails(1);
    for later in MOMENTS {
        let after = before.cut(later);
        after.sandbox.write(
            "Dockerfile",
            "FROM busybox\nRUN echo kept > /built\nRUN true\n",
        );
        after.docker("build -q -t i .").ok();
        after.docker("run --rm i cat /built").ok().says("kept\n");
        after.works();
    }
}

#[test]
fn lost_containers_volumes_and_progress_do_not_stop_other_commands() {
    requires!(Root, Tool("mkfs.ext4"));
    for later in MOMENTS {
        let before = Machine::new();
        before.docker("run --name ended busybox true").ok();
        before.docker("create --name made busybox").ok();
        before.docker("volume create vol").ok();
        before.docker("run -d --name lives busybox sleep 600").ok();
        before.sandbox.docklings("check hello").fails(1);
        let after = before.cut(later);
        after.docker("run --rm -v vol:/v busybox true").ok();
        for name in ["ended", "made", "lives"] {
            after.docker(&format!("rm -f {name}")).ok();
        }
        after.sandbox.docklings("check hello").fails(1);
        after.works();
    }
}

#[test]
fn a_layer_of_a_pulled_image_is_made_again_from_its_blob() {
    requires!(Root, Tool("mkfs.ext4"));
    let machine = Machine::new();
    machine.docker("login -u alice -p pw").ok();
    machine
        .sandbox
        .write("Dockerfile", "FROM scratch\nCOPY Dockerfile /file\n");
    machine.docker("build -q -t alice/i .").ok();
    machine.docker("push -q alice/i").ok();
    empty(&machine.home().join("content/layers"), "file");
    machine.docker("create --name box alice/i /file").ok();
    machine
        .docker("cp box:/file -")
        .ok()
        .mentions("FROM scratch");
}

/// Empties the files `name` of all layers, as a power cut does.
fn empty(layers: &Path, name: &str) {
    for layer in fs::read_dir(layers)
        .expect("layers can be listed")
        .flatten()
    {
        let file = layer.path().join("diff").join(name);
        if file.exists() {
            fs::write(file, "").expect("a file can be written");
            fs::remove_file(layer.path().join("on-disk")).expect("the layer was marked");
        }
    }
}
