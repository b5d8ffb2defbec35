//! Running containers can be found and stopped from every session of their user: after a logout that removed the
//! runtime folder, from another terminal with a different environment, in two homes at once, and when the monitor does
//! not answer.

use crate::support::loopback::own_loopback;
use crate::support::output::Output;
use crate::support::process::{self, eventually};
use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Signals the monitor of `name`, which is found by its command line, as a person would do it.
fn signal(sandbox: &Sandbox, name: &str, signal: Signal) -> Pid {
    let id = sandbox
        .docker(&format!("inspect -f '{{{{.Id}}}}' {name}"))
        .ok();
    let pid = sandbox
        .shell(&format!("pgrep -o -f '__monitor {}'", id.text()))
        .ok();
    let pid = Pid::from_raw(pid.text().parse().expect("a process id")).expect("a process");
    kill_process(pid, signal).expect("it runs");
    pid
}

/// Its parent may take a while to reap it.
fn has_ended(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    stat.map_or(true, |stat| stat.contains(") Z "))
}

fn status(sandbox: &Sandbox, name: &str) -> String {
    let format = "'{{.State.Status}} {{.State.ExitCode}}'";
    let output = sandbox.docker(&format!("inspect -f {format} {name}")).ok();
    output.text().to_owned()
}

/// The folder of the only container of `home`.
fn folder_of_container(home: &Path) -> PathBuf {
    let containers = fs::read_dir(home.join("sandboxes/free/containers")).expect("there are some");
    let mut folders = containers.flatten().map(|entry| entry.path());
    folders.next().expect("there is one")
}

/// Runs every command that contacts a running container; then stops, starts and removes it.
#[track_caller]
fn is_reached_and_removed(docker: &dyn Fn(&str) -> Output, name: &str) {
    docker(&format!("exec {name} echo here"))
        .ok()
        .says("here\n");
    docker(&format!("logs {name}")).ok().says("up\n");
    docker(&format!("top {name}")).ok().mentions("sleep");
    docker(&format!("stats --no-stream {name}"))
        .ok()
        .mentions(name);
    docker(&format!("cp {name}:/etc/hostname -")).ok();
    docker(&format!("update --restart no {name}")).ok();
    docker(&format!("stop -t 0 {name}")).ok();
    docker("ps -q").ok().says("");
    docker(&format!("start {name}")).ok();
    docker(&format!("restart -t 0 {name}")).ok();
    docker(&format!("kill {name}")).ok();
    docker(&format!("start {name}")).ok();
    docker(&format!("rm -f {name}")).ok();
    docker("ps -aq").ok().says("");
}

/// A container that prints `up` and restarts for ever.
const RUN: &str = "run -d --name box --restart always busybox sh -c 'echo up; exec sleep 600'";

#[test]
fn a_container_outlives_the_runtime_folder_of_its_session() {
    let sandbox = Sandbox::new();
    for change in [
        "rm -rf $XDG_RUNTIME_DIR",
        "rm -rf $XDG_RUNTIME_DIR/docklings; mkdir -m 777 -p $XDG_RUNTIME_DIR/docklings",
        "chmod 755 $XDG_RUNTIME_DIR $XDG_RUNTIME_DIR/docklings",
    ] {
        sandbox.docker(RUN).ok();
        sandbox
            .shell(&format!("mkdir -p $XDG_RUNTIME_DIR/docklings; {change}"))
            .ok();
        is_reached_and_removed(&|words| sandbox.docker(words), "box");
    }
}

#[test]
fn a_container_is_reached_from_sessions_with_another_runtime_folder_or_none() {
    let sandbox = Sandbox::new();
    for variable in [
        "XDG_RUNTIME_DIR=",
        "XDG_RUNTIME_DIR=/nowhere",
        "XDG_RUNTIME_DIR=$HOME",
    ] {
        sandbox.docker(RUN).ok();
        let elsewhere = |words: &str| sandbox.shell(&format!("{variable} docker {words}"));
        is_reached_and_removed(&elsewhere, "box");
    }
}

/// A restart by its policy needs nothing that the first start used.
#[test]
fn a_restart_policy_goes_on_without_the_runtime_folder() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -d --name box --restart always busybox sh -c 'cat /etc/hostname; read x'")
        .ok();
    fs::remove_dir_all(sandbox.runtime()).expect("it can be removed");
    eventually("it runs again", || {
        sandbox.docker("logs box").ok().lines().len() > 2
    });
}

#[test]
fn a_home_with_a_long_name_works() {
    let sandbox = Sandbox::new();
    let home = sandbox.work().join("long".repeat(40));
    let long =
        |words: &str| sandbox.shell(&format!("DOCKLINGS_HOME={} docker {words}", home.display()));
    long(RUN).ok();
    is_reached_and_removed(&long, "box");
}

#[test]
fn two_homes_of_a_user_do_not_touch_each_others_containers() {
    let sandbox = Sandbox::new();
    let other = sandbox.work().join("other");
    let there = |words: &str| sandbox.shell(&format!("DOCKLINGS_HOME={} {words}", other.display()));
    sandbox.docker(RUN).ok();
    there(&format!("docker {}", RUN)).ok();
    there("docklings reset --all --yes").ok();
    there("docker rm -f box").ok();
    sandbox.docker("exec box echo here").ok().says("here\n");
    let (ours, theirs) = (
        sandbox.docklings("where").ok(),
        there("docklings where").ok(),
    );
    for line in ours
        .lines()
        .iter()
        .filter(|line| line.contains("docklings/"))
    {
        assert!(!theirs.stdout.contains(line), "{line} belongs to both");
    }
}

#[test]
fn a_removed_socket_is_made_again() {
    let sandbox = Sandbox::new();
    sandbox.docker(RUN).ok();
    let socket = folder_of_container(&sandbox.home()).join("ctl.sock");
    fs::remove_file(&socket).expect("it is there");
    sandbox.docker("exec box echo here").ok().says("here\n");
    assert!(socket.exists());
    fs::remove_file(&socket).expect("it is there");
    is_reached_and_removed(&|words| sandbox.docker(words), "box");
}

#[test]
fn a_stopped_monitor_is_woken_to_end_its_container() {
    let sandbox = Sandbox::new();
    for (words, then) in [
        ("stop -t 0 box", "exited 137"),
        ("kill box", "exited 137"),
        ("restart -t 0 box", "running 0"),
    ] {
        for without_socket in [false, true] {
            sandbox.docker(RUN).ok();
            signal(&sandbox, "box", Signal::STOP);
            if without_socket {
                let socket = folder_of_container(&sandbox.home()).join("ctl.sock");
                fs::remove_file(socket).expect("it is there");
            }
            sandbox.docker(words).ok().says("box\n");
            assert_eq!(status(&sandbox, "box"), then, "{words}");
            signal_if_running(&sandbox, then);
            sandbox.docker("rm -f box").ok().says("box\n");
        }
    }
}

fn signal_if_running(sandbox: &Sandbox, status: &str) {
    if status.starts_with("running") {
        signal(sandbox, "box", Signal::STOP);
    }
}

/// A monitor that blocks for ever: its log is a pipe without a reader.
fn hang(sandbox: &Sandbox) {
    sandbox
        .docker("run -d -i --name box busybox sh -c 'read word; echo $word; exec sleep 600'")
        .ok();
    let log = folder_of_container(&sandbox.home()).join("log.json");
    sandbox.shell(&format!("mkfifo {}", log.display())).ok();
    let word = sandbox.write("word", "hello\n");
    sandbox
        .shell(&format!(
            "timeout -s KILL 2 docker attach box < {}",
            word.display()
        ))
        .fails(137);
    eventually("the monitor hangs", || {
        sandbox.shell("timeout 2 docker exec box true").code() == 124
    });
}

#[test]
fn a_monitor_that_hangs_is_killed_with_its_container() {
    let sandbox = Sandbox::new();
    for (words, then) in [
        ("stop -t 1 box", "exited 255"),
        ("kill box", "exited 255"),
        ("restart -t 0 box", "running 0"),
        ("rm -f box", ""),
    ] {
        hang(&sandbox);
        let begun = Instant::now();
        sandbox.docker(words).ok().says("box\n");
        assert!(begun.elapsed() < Duration::from_secs(60), "{words}");
        if !then.is_empty() {
            assert_eq!(status(&sandbox, "box"), then, "{words}");
            sandbox.docker("rm -f box").ok().says("box\n");
        }
        assert_eq!(sandbox.container_ids(), [""; 0]);
    }
}

/// A logout or a shutdown sends SIGTERM to every process, and waits 90 seconds for those that do not end.
#[test]
fn a_monitor_that_gets_sigterm_stops_its_container() {
    let sandbox = Sandbox::new();
    let polite = "sh -c 'trap \"echo bye; exit 3\" TERM; echo up; while :; do sleep 0.05; done'";
    for (flags, program, then) in [
        ("", polite, "exited 3"),
        ("--restart always", polite, "exited 3"),
        (
            "--restart always --stop-timeout 0",
            "sh -c 'echo up; sleep 600'",
            "exited 137",
        ),
        (
            "--stop-signal QUIT",
            &*polite.replace("TERM", "QUIT"),
            "exited 3",
        ),
    ] {
        sandbox
            .docker(&format!("run -d --name box {flags} busybox {program}"))
            .ok();
        eventually("it has begun", || {
            sandbox.docker("logs box").ok().stdout.starts_with("up")
        });
        let monitor = signal(&sandbox, "box", Signal::TERM);
        eventually("the monitor has ended", || has_ended(monitor));
        let state = folder_of_container(&sandbox.home()).join("state.json");
        let state = fs::read_to_string(state).expect("the end is recorded");
        assert!(
            state.contains("\"phase\":\"exited\""),
            "{flags} {program}: {state}"
        );
        assert!(
            state.contains(&format!("\"exit_code\":{}", &then["exited ".len()..])),
            "{state}"
        );
        sandbox.docker("rm -f box").ok();
    }
}

#[test]
fn a_paused_container_ends_when_its_monitor_gets_sigterm_or_is_killed() {
    requires!(Root, Limits);
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -d --name box --stop-timeout 0 busybox sleep 600")
        .ok();
    sandbox.docker("pause box").ok();
    signal(&sandbox, "box", Signal::TERM);
    sandbox.docker("wait box").ok().says("137\n");
    sandbox.docker("start box").ok();
    sandbox.docker("pause box").ok();
    signal(&sandbox, "box", Signal::KILL);
    eventually("it is seen to have ended", || {
        status(&sandbox, "box") == "exited 255"
    });
    sandbox.docker("start box").ok();
}

/// An exercise can be started over even if its container's monitor does not answer.
#[test]
fn an_exercise_is_reset_whatever_became_of_its_monitors() {
    let sandbox = Sandbox::new().with("DOCKLINGS_SANDBOX", "ex-put-it-in");
    for reset in ["reset put-it-in --yes", "reset --all --yes"] {
        sandbox.docklings("check put-it-in").fails(1);
        signal(&sandbox, "cafe", Signal::STOP);
        fs::remove_dir_all(sandbox.runtime()).expect("it can be removed");
        fs::create_dir(sandbox.runtime()).expect("it can be made");
        sandbox.docklings(reset).ok();
        sandbox.docklings("check put-it-in").fails(1);
        sandbox.docker("exec cafe true").ok();
    }
}

/// A test cannot restart the machine; a record of another boot has the same effect.
fn as_before_a_reboot(sandbox: &Sandbox) {
    let free = sandbox.home().join("sandboxes/free");
    let state = folder_of_container(&sandbox.home()).join("state.json");
    let text = fs::read_to_string(&state).expect("it was started");
    let now = fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("a boot");
    let then = "00000000-0000-4000-8000-000000000000";
    fs::write(&state, text.replace(now.trim(), then)).expect("it can be written");
    fs::write(free.join("boot"), then).expect("it can be written");
}

#[test]
fn after_a_reboot_the_first_command_applies_restart_policies_and_reports_what_ended() {
    let sandbox = Sandbox::new();
    for (policy, stop, starts) in [
        ("always", false, true),
        ("always", true, true),
        ("unless-stopped", false, true),
        ("unless-stopped", true, false),
        ("on-failure", false, false),
        ("no", false, false),
    ] {
        let run = format!("run -d --name box --restart {policy} busybox sleep 600");
        sandbox.docker(&run).ok();
        if stop {
            sandbox.docker("stop -t 0 box").ok();
        } else {
            let monitor = signal(&sandbox, "box", Signal::KILL);
            eventually("the monitor has ended", || has_ended(monitor));
        }
        as_before_a_reboot(&sandbox);
        let first = sandbox.docker("ps -q").ok();
        assert_eq!(!first.stdout.is_empty(), starts, "{policy} {stop}: {first}");
        let note = match starts {
            true => format!("`box` was started again, since its restart policy is `{policy}`"),
            false if stop => String::new(),
            false => {
                "note: `box` ended when the machine restarted\nhint: docker start box".to_owned()
            }
        };
        assert!(first.stderr.contains(&note), "{policy} {stop}: {first}");
        sandbox.docker("ps -q").ok().warns("");
        sandbox.docker("rm -f box").ok();
    }
}

/// With `--rm`, nothing is left to show.
#[test]
fn a_container_that_removes_itself_is_gone_after_a_reboot() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -d --rm --name box busybox sleep 600")
        .ok();
    signal(&sandbox, "box", Signal::KILL);
    eventually("the first look finds nothing", || {
        let seen = sandbox
            .docker("ps -a --format '{{.Names}} {{.State}}'")
            .ok();
        assert!(!seen.stdout.contains("exited"), "{seen}");
        seen.stdout.is_empty()
    });
}

#[test]
fn after_a_session_has_ended_the_next_command_applies_restart_policies() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -d --name box --stop-timeout 0 --restart unless-stopped busybox sleep 600")
        .ok();
    signal(&sandbox, "box", Signal::TERM);
    eventually("it runs again", || status(&sandbox, "box") == "running 0");
    sandbox.docker("stop -t 0 box").ok();
    sandbox.docker("ps -q").ok().says("");
}

#[test]
fn stop_all_stops_the_containers_of_every_sandbox() {
    let sandbox = Sandbox::new();
    let other = |words: &str| sandbox.shell(&format!("DOCKLINGS_SANDBOX=other {words}"));
    sandbox.docklings("stop --all").ok().says("nothing runs\n");
    sandbox
        .docker("run -d --name here --stop-timeout 0 busybox sleep 600")
        .ok();
    other("docker run -d --name there --stop-timeout 0 --restart always busybox sleep 600").ok();
    signal(&sandbox, "here", Signal::STOP);
    let doctor = sandbox.docklings("doctor --json");
    assert!(
        doctor
            .stdout
            .contains("no answer from `here` of the playground"),
        "{doctor}"
    );
    let stopped = "stopped `here` of the playground\nstopped `there` of the sandbox `other`\n";
    sandbox.docklings("stop --all").ok().says(stopped);
    sandbox.docker("ps -q").ok().says("");
    other("docker ps -q").ok().says("");
    sandbox
        .docklings("stop nosuch")
        .fails(1)
        .complains("there is no exercise `nosuch`");
    sandbox
        .docklings("stop free --all")
        .fails(2)
        .complains("not both");
}

#[test]
fn a_port_in_use_is_named_with_its_container() {
    let sandbox = Sandbox::new();
    let port = format!("-p {}:47402:80", own_loopback());
    let terminal =
        |words: &str| sandbox.shell(&format!("script -qec \"docker {words}\" /dev/null"));
    sandbox
        .shell(&format!(
            "DOCKLINGS_SANDBOX=ex-shop docker run -d --name shop {port} busybox sleep 600"
        ))
        .ok();
    let hint = "container `shop` in the sandbox `ex-shop` has the port: DOCKLINGS_SANDBOX=ex-shop docker stop shop";
    terminal(&format!("run -d {port} busybox true"))
        .fails(125)
        .mentions(hint);
    sandbox
        .shell("DOCKLINGS_SANDBOX=ex-shop docker rm -f shop")
        .ok();
    sandbox
        .docker(&format!("run -d --name mine {port} busybox sleep 600"))
        .ok();
    let hint = "container `mine` has the port: docker stop mine";
    terminal(&format!("run -d {port} busybox true"))
        .fails(125)
        .mentions(hint);
}

#[test]
fn the_shell_stops_containers_of_a_finished_exercise_and_names_what_still_runs() {
    let sandbox = Sandbox::new();
    let lines = "go put-it-in
docker cp menu/. cafe:/menu
next
go free
docker run -d --name mine busybox sleep 600
quit
";
    let mut docklings = sandbox.command(sandbox.bin().join("docklings"));
    let said = process::run(docklings.arg("--plain"), lines.as_bytes()).ok();
    // The text is wrapped for the terminal.
    let text = said.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in [
        "`put-it-in` is done: `cafe` is being stopped.",
        "1 container still runs: `mine` of the playground. `docklings stop --all` stops it.",
    ] {
        assert!(text.contains(line), "{said}");
    }
    eventually("the exercise's container has ended", || {
        let running = sandbox
            .shell("DOCKLINGS_SANDBOX=ex-put-it-in docker ps -q")
            .ok();
        running.stdout.is_empty()
    });
}

/// Commands that meet a removal continue with the rest, or name what is missing.
#[test]
fn prune_rm_and_commit_continue_when_a_container_is_removed_meanwhile() {
    let sandbox = Sandbox::new();
    for _ in 0..5 {
        let made = "for n in $(seq 12); do docker create --name c$n busybox true; done >/dev/null";
        sandbox.shell(made).ok();
        let removals = "for n in $(seq 12); do docker rm -f c$n; done >/dev/null 2>&1 & \
                        docker container prune -f & one=$!; docker system prune -f & two=$!; \
                        for n in $(seq 6 12); do docker commit c$n i$n 2>&1 >/dev/null; done > said; \
                        wait $one && wait $two; ended=$?; wait; cat said; exit $ended";
        let output = sandbox.shell(removals).ok();
        for line in output.lines().iter().filter(|line| line.contains("rror")) {
            assert!(line.contains("No such container: c"), "{line}");
        }
        sandbox.docker("ps -aq").ok().says("");
    }
}
