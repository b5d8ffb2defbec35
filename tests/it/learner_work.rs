//! A learner's work in an exercise: when it is judged, kept, and started over.

use crate::shell::sandbox;
use crate::support::process;
use crate::support::sandbox::Sandbox;
use std::fs;
use std::net::TcpListener;

const BEGUN_OTHERWISE: &str = "has changed since you began it";

fn in_box(sandbox: &Sandbox, words: &[&str]) {
    let mut command = sandbox.command(sandbox.bin().join("docker"));
    process::run(command.env("DOCKLINGS_SANDBOX", "ex-box").args(words), b"").ok();
}

#[test]
fn a_check_keeps_the_work_of_a_learner_whose_folder_is_gone() {
    let sandbox = sandbox();
    sandbox.docklings("reset box --yes").ok();
    in_box(&sandbox, &["create", "--name", "mine", "busybox"]);
    fs::remove_dir_all(sandbox.home().join("workspaces/box")).unwrap();
    sandbox
        .docklings("check box")
        .fails(1)
        .complains("the folder of `box` is missing")
        .complains("docklings reset box");
    in_box(&sandbox, &["inspect", "mine"]);
    sandbox.docklings("reset box --yes").ok();
    sandbox
        .docklings("check box")
        .fails(1)
        .never_complains("gone");
}

#[test]
fn an_exercise_whose_start_has_changed_is_not_judged_in_its_old_sandbox() {
    let sandbox = sandbox();
    sandbox.docklings("check box").fails(1);
    let path = sandbox.work().join("course/exercises/01-boxes/box.yaml");
    let text = fs::read_to_string(&path).unwrap();
    // A check with another meaning judges the same work.
    let revised = text.replace("started: 2", "started: { min: 2 }");
    fs::write(&path, &revised).unwrap();
    sandbox
        .docklings("check box")
        .fails(1)
        .never_complains(BEGUN_OTHERWISE);
    fs::write(&path, revised.replace("echo amber", "echo coral")).unwrap();
    sandbox
        .docklings("check box")
        .fails(1)
        .complains(BEGUN_OTHERWISE)
        .complains("docklings reset box");
    sandbox.docklings("reset box --yes").ok();
    sandbox
        .docklings("check box")
        .fails(1)
        .never_complains(BEGUN_OTHERWISE);
}

#[test]
fn a_port_in_use_is_drawn_again_at_a_reset() {
    let sandbox = sandbox();
    let exercise = "format: 1
id: door
title: A door
params: { port: { port: } }
setup:
  - docker run -d --name page -p 127.0.0.1:{port}:80 busybox sleep 600
story: The page is at port {port}.
goals:
  - id: done
    say: Stop `page`, which has port {port}.
    check: { container: { name: page, status: exited } }
solutions: [{ do: [docker stop -t 0 page] }]
";
    sandbox.write("course/exercises/01-boxes/door.yaml", exercise);
    sandbox.docklings("reset door --yes").ok();
    let port = || {
        let report = sandbox.docklings("check door --json").fails(1);
        let (_, rest) = report.stdout.split_once("has port ").unwrap();
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u16>().unwrap()
    };
    let first = port();
    // Another program takes the port while the exercise does not use it.
    sandbox
        .command(sandbox.bin().join("docker"))
        .env("DOCKLINGS_SANDBOX", "ex-door")
        .args(["rm", "-f", "page"])
        .status()
        .unwrap();
    let taken = TcpListener::bind(("0.0.0.0", first)).unwrap();
    sandbox.docklings("reset door --yes").ok();
    let second = port();
    assert_ne!(first, second);
    drop(taken);
    // It stays the same in later commands.
    assert_eq!(port(), second);
}

#[test]
fn two_resets_at_once_both_end_well() {
    let sandbox = sandbox();
    sandbox.docklings("reset box --yes").ok();
    let line = "docklings reset box --yes & first=$!; docklings reset box --yes; second=$?; wait $first && exit $second";
    for _ in 0..3 {
        sandbox.shell(line).ok();
    }
    sandbox.docklings("check box").fails(1).mentions("0 of 2");
}
