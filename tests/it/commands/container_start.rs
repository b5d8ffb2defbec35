//! `docker create`, `start`, `restart`: the same container again, with its files.

use crate::support::process::eventually;
use crate::support::sandbox::Sandbox;

#[test]
fn create_makes_and_start_runs() {
    let sandbox = Sandbox::new();
    let id = sandbox
        .docker("create --name box busybox sh -c 'echo ran; exit 3'")
        .ok()
        .text()
        .to_owned();
    sandbox
        .docker("inspect -f '{{.State.Status}} {{.Id}}' box")
        .ok()
        .says(&format!("created {id}\n"));
    sandbox.docker("start -a box").fails(3).says("ran\n");
    sandbox
        .docker("inspect -f '{{.State.Status}} {{.State.ExitCode}}' box")
        .ok()
        .says("exited 3\n");
}

#[test]
fn a_started_container_keeps_its_files_and_its_identity() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --name box busybox sh -c 'echo x >> /log; wc -l < /log'")
        .ok()
        .says("1\n");
    sandbox.docker("start -a box").ok().says("2\n");
    sandbox.docker("start -a box").ok().says("3\n");
    assert_eq!(sandbox.container_ids().len(), 1);
}

#[test]
fn start_prints_the_given_names_and_continues_after_an_error() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("create --name one busybox true")
        .ok()
        .never_mentions("Error");
    sandbox
        .docker("create --name two busybox true")
        .ok()
        .never_mentions("Error");
    sandbox
        .docker("start one nobody two")
        .fails(1)
        .says("one\ntwo\n")
        .warns("Error response from daemon: No such container: nobody\nError: failed to start containers: nobody\n");
}

#[test]
fn input_reaches_a_container_started_with_i() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("create -i --name box busybox cat")
        .ok()
        .warns("");
    sandbox
        .docker_with("start -ai box", "hello\n")
        .ok()
        .says("hello\n");
}

#[test]
fn restart_ends_and_starts() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -d --name box busybox sh -c 'echo boot; exec sleep 600'")
        .ok()
        .warns("");
    eventually("it has booted", || {
        sandbox.docker("logs box").ok().stdout == "boot\n"
    });
    sandbox.docker("restart -t 0 box").ok().says("box\n");
    sandbox
        .docker("inspect -f '{{.State.Running}} {{.RestartCount}}' box")
        .ok()
        .says("true 0\n");
    eventually("it has booted again", || {
        sandbox.docker("logs box").ok().stdout == "boot\nboot\n"
    });
}

#[test]
fn a_container_that_removes_itself_is_restarted_and_removed_at_its_end() {
    let sandbox = Sandbox::new();
    let id = sandbox
        .docker("run -d --rm --name box busybox sh -c 'echo x >> /note; exec sleep 600'")
        .ok()
        .text()
        .to_owned();
    eventually("it has written its note", || {
        sandbox.docker("exec box cat /note").stdout == "x\n"
    });
    sandbox.docker("restart -t 0 box").ok().says("box\n");
    sandbox
        .docker("ps --no-trunc --format '{{.ID}} {{.Names}}'")
        .ok()
        .says(&format!("{id} box\n"));
    eventually("it has written a second one beside the first", || {
        sandbox.docker("exec box cat /note").stdout == "x\nx\n"
    });
    sandbox.docker("stop -t 0 box").ok().says("box\n");
    sandbox.docker("ps -aq").ok().says("");
}
