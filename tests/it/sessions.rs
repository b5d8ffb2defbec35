//! What runs is found again, and ended, from every session of its user: after a logout that took the runtime folder, from
//! another terminal with another environment, in two homes at once, and when the monitor itself does not answer.

use crate::support::output::Output;
use crate::support::process::eventually;
use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Signals the monitor of `name`, which is found by its words as a person would.
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

/// Everything that reaches a running container does; then it is stopped, started and removed.
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

/// A container that says `up`, and would be started again for ever.
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

/// A container that its policy starts again needs nothing of what the first start had.
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
fn a_home_with_a_long_name_is_no_obstacle() {
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
fn a_socket_that_was_removed_comes_back() {
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
fn a_monitor_that_was_stopped_is_woken_to_end_its_container() {
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

/// A monitor that waits for ever: its log is a pipe that nobody reads.
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
fn a_monitor_that_hangs_is_ended_with_its_container() {
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

/// A logout or a shutdown asks every process to end, and waits 90 seconds for those that do not.
#[test]
fn a_monitor_that_is_asked_to_end_stops_its_container() {
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
        eventually("the monitor has ended", || {
            let stat = fs::read_to_string(format!("/proc/{}/stat", monitor.as_raw_nonzero()));
            stat.is_err() || stat.is_ok_and(|stat| stat.contains(") Z "))
        });
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
fn a_paused_container_ends_when_its_monitor_is_asked_to_end_or_killed() {
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

/// An exercise whose container's monitor does not answer is started over all the same.
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
