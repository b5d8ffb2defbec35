//! Terminals: `-it`, detaching, resizing, on a real pseudo terminal.

use crate::support::sandbox::Sandbox;
use rexpect::session::{PtySession, spawn_command};

const SECONDS: u64 = 30;

/// Starts `docker` with `words` on a pseudo terminal.
fn on_terminal(sandbox: &Sandbox, words: &str) -> PtySession {
    let mut command = sandbox.command("docker");
    command
        .env("TERM", "dumb")
        .args(shell_words::split(words).expect("words"));
    spawn_command(command, Some(SECONDS * 1000)).expect("a pseudo terminal")
}

#[test]
fn a_shell_in_a_container_is_a_shell_on_a_terminal() {
    let sandbox = Sandbox::new();
    let mut session = on_terminal(&sandbox, "run -it --rm -e PS1='ready> ' busybox sh");
    session.exp_string("ready> ").expect("a prompt");
    session.send_line("tty; echo $((6 * 7))").expect("a line");
    session.exp_string("/dev/pts/0").expect("its own terminal");
    session.exp_string("42").expect("an answer");
    session.send_line("exit 3").expect("a line");
    session.exp_eof().expect("the end");
    let status = session.process().wait().expect("an end");
    assert!(format!("{status:?}").contains(", 3)"), "{status:?}");
}

#[test]
fn the_size_of_the_terminal_is_passed_on() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("/bin/sh");
    command.env("TERM", "dumb").args([
        "-c",
        "stty rows 33 cols 77; docker run -it --rm busybox stty size; docker run -d --name box busybox sleep 600; \
         docker exec -it box stty size",
    ]);
    let mut session = spawn_command(command, Some(SECONDS * 1000)).expect("a pseudo terminal");
    session.exp_string("33 77").expect("the size in `run`");
    session.exp_string("33 77").expect("the size in `exec`");
    session.exp_eof().expect("the end");
}

#[test]
fn control_c_goes_to_the_program_and_not_to_the_caller() {
    let sandbox = Sandbox::new();
    let mut session = on_terminal(&sandbox, "run -it --rm -e PS1='ready> ' busybox sh");
    session.exp_string("ready> ").expect("a prompt");
    session.send_line("sleep 600").expect("a line");
    session.exp_string("sleep 600").expect("the echo");
    session.send_control('c').expect("control-c");
    session.exp_string("ready> ").expect("the shell goes on");
    session.send_line("exit 0").expect("a line");
    session.exp_eof().expect("the end");
}

#[test]
fn the_detach_keys_leave_the_container_running() {
    let sandbox = Sandbox::new();
    let mut session = on_terminal(&sandbox, "run -it --name box -e PS1='ready> ' busybox sh");
    session.exp_string("ready> ").expect("a prompt");
    session.send_control('p').expect("control-p");
    session.send_control('q').expect("control-q");
    session.exp_eof().expect("the end");
    sandbox
        .docker("ps --format '{{.Names}} {{.State}}'")
        .ok()
        .says("box running\n");

    let mut again = on_terminal(&sandbox, "attach box");
    again.send_line("echo $((40 + 2))").expect("a line");
    again.exp_string("42").expect("an answer");
    again.send_line("exit 5").expect("a line");
    again.exp_eof().expect("the end");
    sandbox.docker("wait box").ok().says("5\n");
}

#[test]
fn exec_has_a_terminal_too() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -d --name box busybox sleep 600")
        .ok()
        .warns("");
    let mut session = on_terminal(&sandbox, "exec -it -e PS1='ready> ' box sh");
    session.exp_string("ready> ").expect("a prompt");
    session.send_line("tty; exit 4").expect("a line");
    session.exp_string("/dev/pts/").expect("its own terminal");
    session.exp_eof().expect("the end");
    sandbox
        .docker("ps --format '{{.State}}'")
        .ok()
        .says("running\n");
}

#[test]
fn the_callers_terminal_is_as_it_was() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("/bin/sh");
    command.env("TERM", "dumb").args([
        "-c",
        "stty -a > before; docker run -it --rm busybox true; docker run -it --rm busybox nosuchcommand; stty -a > after; cmp before after && echo same",
    ]);
    let mut session = spawn_command(command, Some(SECONDS * 1000)).expect("a pseudo terminal");
    session
        .exp_string("same")
        .expect("the settings from before");
    session.exp_eof().expect("the end");
}

#[test]
fn a_terminal_without_one_to_show_it_on_is_refused() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -it --rm busybox true")
        .fails(1)
        .complains("the input device is not a TTY");
}
