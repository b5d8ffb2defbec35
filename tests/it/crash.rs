//! `kill -9` at every step: the next command reports the true state, and nothing is left on the machine.
//!
//! `strace` kills the command, or its monitor, at its n-th call that changes something. n grows until the command
//! completes, so every step is tried, and none by chance.

use crate::support::leftovers;
use crate::support::loopback::own_loopback;
use crate::support::output::Output;
use crate::support::process::{self, eventually};
use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;

/// Calls whose effect outlives the process.
const CHANGES: &str = "mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,rmdir,link,linkat,symlink,symlinkat,flock,\
    clone,clone3,fork,vfork,ftruncate,fallocate,connect,write,sendto,sendmsg";

/// More steps than any command has. If a command is still killed here, it never completes.
const STEPS: usize = 120;

/// Runs `docker` with `words` and kills it at its `step`-th change; with `also_children`, also each of its children at
/// theirs. Returns `None` if it completed.
fn killed_at(sandbox: &Sandbox, step: usize, also_children: bool, words: &str) -> Option<Output> {
    let mut command = sandbox.command("strace");
    if also_children {
        command.arg("--follow-forks");
    }
    command
        .args(["--quiet=all", "--output=/dev/null"])
        .arg(format!("--trace={CHANGES}"))
        .arg(format!("--inject={CHANGES}:signal=KILL:when={step}"))
        .arg("docker")
        .args(shell_words::split(words).expect("words"));
    let output = process::run(&mut command, b"");
    (output.code() == 137).then_some(output)
}

/// Kills `words` at each step, each time in a fresh sandbox that `prepare` has filled, and calls `verify`.
fn at_every_step(
    also_children: bool,
    words: &str,
    prepare: impl Fn(&Sandbox),
    verify: impl Fn(&Sandbox),
) {
    for step in 1..STEPS {
        let sandbox = Sandbox::new();
        prepare(&sandbox);
        let killed = killed_at(&sandbox, step, also_children, words).is_some();
        sandbox.docker("ps -a").ok().mentions("CONTAINER ID");
        verify(&sandbox);
        if !killed {
            assert!(step > 1, "`{words}` was never killed");
            return;
        }
    }
    panic!("`{words}` was still killed at step {STEPS}");
}

/// Whatever happened to `box`: it can be removed or does not exist, and its name can be used again.
fn the_name_is_usable(sandbox: &Sandbox) {
    the_name_is_usable_with(sandbox, "");
}

/// As [`the_name_is_usable`], with `flags` that use the killed container's resources.
fn the_name_is_usable_with(sandbox: &Sandbox, flags: &str) {
    drop(sandbox.docker("rm -f box"));
    let created = "events --since 1h --until 0s --filter event=create --filter type=container --format '{{.ID}}'";
    let output = sandbox.docker(created).ok();
    let ids: Vec<String> = output.lines().into_iter().map(str::to_owned).collect();
    assert_eq!(leftovers::cgroups(&ids), [""; 0]);
    sandbox
        .docker(&format!("run --name box {flags} busybox echo again"))
        .ok()
        .says("again\n");
    sandbox
        .docker("ps -a --format '{{.Names}}'")
        .ok()
        .says("box\n");
    let ids = sandbox.container_ids();
    assert_eq!(ids.len(), 1, "half a container is left: {ids:?}");
    sandbox.docker("rm box").ok().says("box\n");
    // No socket is left, and nothing else that only a running container needs.
    eventually("the monitor's files are gone", || {
        leftovers::files(&sandbox.runtime()).is_empty()
    });
}

#[test]
fn create_killed_at_every_step() {
    requires!(Tool("strace"));
    at_every_step(
        false,
        "create --name box busybox true",
        |_| {},
        the_name_is_usable,
    );
}

#[test]
fn run_killed_at_every_step() {
    requires!(Tool("strace"));
    at_every_step(
        false,
        "run -d --name box busybox sleep 600",
        |_| {},
        the_name_is_usable,
    );
}

#[test]
fn the_monitor_killed_at_every_step() {
    // For an ordinary user, strace disables the setuid bit of `newuidmap`.
    requires!(Root, Tool("strace"));
    at_every_step(
        true,
        "run --name box busybox sh -c 'echo a; echo b'",
        |_| {},
        the_name_is_usable,
    );
}

#[test]
fn the_monitor_of_a_container_with_limits_and_a_port_killed_at_every_step() {
    requires!(Root, Limits, Tool("strace"));
    // A container's resources on the machine: a port and a cgroup.
    let takes = format!("-m 64m -p {}:47401:80", own_loopback());
    at_every_step(
        true,
        &format!("run --name box {takes} busybox true"),
        |_| {},
        |sandbox| the_name_is_usable_with(sandbox, &takes),
    );
}

#[test]
fn start_killed_at_every_step() {
    requires!(Tool("strace"));
    at_every_step(
        false,
        "start box",
        |sandbox| {
            sandbox
                .docker("run --name box busybox sh -c 'echo x > /kept'")
                .ok()
                .says("");
        },
        |sandbox| {
            sandbox
                .shell("docker cp box:/kept . && cat kept")
                .ok()
                .says("x\n");
            the_name_is_usable(sandbox);
        },
    );
}

#[test]
fn stop_killed_at_every_step() {
    requires!(Tool("strace"));
    at_every_step(
        false,
        "stop -t 0 box",
        |sandbox| {
            sandbox.sleeping("box");
        },
        |sandbox| {
            sandbox.docker("stop -t 0 box").ok().says("box\n");
            sandbox
                .docker("inspect -f '{{.State.Status}}' box")
                .ok()
                .says("exited\n");
            the_name_is_usable(sandbox);
        },
    );
}

#[test]
fn rm_killed_at_every_step() {
    requires!(Tool("strace"));
    at_every_step(
        false,
        "rm -f -v box",
        |sandbox| {
            sandbox
                .docker("run -d --name box -v /data busybox sleep 600")
                .ok()
                .warns("");
        },
        the_name_is_usable,
    );
}

/// Every listed image has all its layers, with the content that its configuration names.
fn images_are_whole(sandbox: &Sandbox) {
    let ids = sandbox.docker("images -aq --no-trunc").ok();
    for id in ids.lines() {
        // Saving compares every layer with its digest.
        sandbox
            .docker(&format!("save -o whole.tar {id}"))
            .ok()
            .says("");
    }
}

#[test]
fn build_killed_at_every_step() {
    requires!(Tool("strace"));
    at_every_step(
        false,
        "build -q -t app .",
        |sandbox| {
            sandbox.write("Dockerfile", "FROM busybox\nCMD echo old\n");
            sandbox.docker("build -q -t app .").ok().mentions("sha256:");
            sandbox.write("word", "new\n");
            sandbox.write(
                "Dockerfile",
                "FROM busybox\nCOPY word /\nRUN cp /word /note\nCMD cat /note\n",
            );
        },
        |sandbox| {
            let said = sandbox.docker("run --rm app").ok();
            assert!(["old", "new"].contains(&said.text()), "{said}");
            images_are_whole(sandbox);
            sandbox.docker("build -q -t app .").ok().mentions("sha256:");
            sandbox.docker("run --rm app").ok().says("new\n");
        },
    );
}

#[test]
fn load_killed_at_every_step() {
    requires!(Tool("strace"));
    let here = Sandbox::new();
    here.write(
        "Dockerfile",
        "FROM busybox AS one\nRUN echo one > /note\nFROM busybox\nRUN echo two > /note\nCMD cat /note\n",
    );
    here.docker("build -q -t first --target one .").ok();
    here.docker("build -q -t second .").ok();
    here.docker("save -o images.tar first second").ok().says("");
    let images = here.work().join("images.tar").display().to_string();
    at_every_step(
        false,
        &format!("load -q -i {images}"),
        |_| {},
        |sandbox| {
            // Either both images or none.
            let loaded = sandbox.docker("images -q second").ok().lines().len();
            assert_eq!(sandbox.docker("images -q first").ok().lines().len(), loaded);
            images_are_whole(sandbox);
            sandbox.docker(&format!("load -q -i {images}")).ok();
            sandbox.docker("run --rm second").ok().says("two\n");
        },
    );
}

#[test]
fn import_killed_at_every_step() {
    requires!(Tool("strace"));
    at_every_step(
        false,
        "import files.tar flat",
        |sandbox| {
            sandbox
                .shell("echo two > note && tar -cf files.tar note")
                .ok();
        },
        |sandbox| {
            images_are_whole(sandbox);
            sandbox.docker("import files.tar flat").ok();
            sandbox
                .shell("docker create --name box flat none && docker cp box:/note copy && cat copy")
                .ok()
                .mentions("two\n");
        },
    );
}

/// The records of a container that stays are synced to the disk; a short run does not wait for the disk.
#[test]
fn only_a_container_that_stays_is_synced() {
    // For an ordinary user, strace disables the setuid bit of `newuidmap`.
    requires!(Root, Tool("strace"));
    let sandbox = Sandbox::new();
    let synced = |command: &str| {
        let traced = format!(
            "strace -f -qq -y -e signal=none -e fsync,fdatasync,syncfs -o trace docker {command}"
        );
        sandbox.shell(&traced).ok();
        std::fs::read_to_string(sandbox.work().join("trace")).expect("strace wrote")
    };
    sandbox.docker("run --rm busybox true").ok();
    assert_eq!(synced("run --rm busybox true"), "");
    let trace = synced("run --rm --name stays busybox sleep 4");
    for file in ["config.json", "state.json", "names/stays"] {
        assert!(trace.contains(file), "{file} in {trace}");
    }
}
