//! `docker stop`, `kill`, `pause`, `wait`: ending a container, and reporting its end.

use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;

#[test]
fn stop_sends_sigterm_first_and_the_program_chooses_its_exit_code() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -d --name box busybox sh -c 'trap \"echo asked; exit 5\" TERM; echo up; while :; do sleep 0.05; done'")
        .ok()
        .warns("");
    wait_for_log(&sandbox, "box", "up");
    sandbox.docker("stop box").ok().says("box\n");
    sandbox.docker("logs box").ok().says("up\nasked\n");
    sandbox
        .docker("inspect -f '{{.State.Status}} {{.State.ExitCode}}' box")
        .ok()
        .says("exited 5\n");
}

#[test]
fn stop_kills_after_the_grace_period() {
    let sandbox = Sandbox::new();
    // Process one without a handler ignores SIGTERM.
    sandbox.sleeping("box");
    sandbox.docker("stop -t 0 box").ok().says("box\n");
    sandbox
        .docker("inspect -f '{{.State.ExitCode}}' box")
        .ok()
        .says("137\n");
    sandbox.docker("stop box").ok().says("box\n");
    sandbox
        .docker("stop nobody")
        .fails(1)
        .complains("No such container: nobody");
}

#[test]
fn a_huge_grace_period_does_not_overflow() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -d --name box busybox sh -c 'trap \"exit 5\" TERM; echo up; while :; do sleep 0.05; done'")
        .ok()
        .warns("");
    wait_for_log(&sandbox, "box", "up");
    sandbox
        .docker(&format!("stop -t {} box", i64::MAX))
        .ok()
        .says("box\n");
    sandbox.docker("wait box").ok().says("5\n");
}

#[test]
fn kill_sends_the_signal_that_is_named() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -d --name box busybox sh -c 'trap \"echo hup\" HUP; echo up; while :; do sleep 0.05; done'")
        .ok()
        .warns("");
    wait_for_log(&sandbox, "box", "up");
    sandbox.docker("kill -s HUP box").ok().says("box\n");
    wait_for_log(&sandbox, "box", "hup");
    sandbox.docker("kill box").ok().says("box\n");
    sandbox.docker("wait box").ok().says("137\n");
    sandbox
        .docker("kill box")
        .fails(1)
        .complains("is not running");
}

#[test]
fn wait_prints_the_exit_code_of_each() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -d --name one busybox sh -c 'exit 11'")
        .ok()
        .warns("");
    sandbox
        .docker("run -d --name two busybox true")
        .ok()
        .warns("");
    sandbox.docker("wait one two").ok().says("11\n0\n");
}

#[test]
fn a_paused_container_does_nothing_until_it_is_unpaused() {
    requires!(Limits);
    let sandbox = Sandbox::new();
    sandbox.sleeping("box");
    sandbox.docker("pause box").ok().says("box\n");
    sandbox
        .docker("ps --format '{{.State}}'")
        .ok()
        .says("paused\n");
    sandbox
        .docker("exec box true")
        .fails(1)
        .complains("is paused, unpause the container before exec");
    sandbox.docker("unpause box").ok().says("box\n");
    sandbox.docker("exec box echo awake").ok().says("awake\n");
}

/// Waits until the log of `name` has the line `line`.
fn wait_for_log(sandbox: &Sandbox, name: &str, line: &str) {
    sandbox
        .shell(&format!(
            "until docker logs {name} 2>&1 | grep -qx '{line}'; do :; done"
        ))
        .ok()
        .says("");
}
