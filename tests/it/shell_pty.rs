//! The lesson shell on a real pseudo terminal: keys, job control, and being killed.

use crate::shell::sandbox;
use crate::support::sandbox::Sandbox;
use rexpect::session::{PtySession, spawn_command};

const MILLISECONDS: u64 = 120_000;

/// Starts the shell on a pseudo terminal and waits for its prompt `prompt`.
pub(crate) fn on_terminal(sandbox: &Sandbox, term: &str, prompt: &str) -> PtySession {
    let mut command = sandbox.command("docklings");
    command.env("TERM", term).env("NO_COLOR", "1");
    let mut session = spawn_command(command, Some(MILLISECONDS)).expect("a pseudo terminal");
    session.exp_string(prompt).expect("a prompt");
    session
}

#[test]
fn keys_reach_the_program_and_the_shell_keeps_running() {
    let sandbox = sandbox();
    let mut session = on_terminal(&sandbox, "dumb", "boxes $ ");
    // Its own shell, so that the key ends it whether or not `sleep` has started already.
    session
        .send_line("sh -c 'echo begin; exec sleep 600'")
        .expect("a line");
    session.exp_string("begin\r\n").expect("its output");
    session.send_control('c').expect("control-c");
    session.exp_string("boxes $ ").expect("the prompt");
    session
        .send_line("trap 'echo woken' CONT; echo begin; while :; do sleep 0.05; done")
        .expect("a line");
    session.exp_string("begin\r\n").expect("its output");
    session.send_control('z').expect("control-z");
    session.exp_string("Stopped.").expect("it was stopped");
    session.exp_string("boxes $ ").expect("the prompt");
    session.send_line("fg").expect("a line");
    session.exp_string("woken").expect("it goes on");
    session.send_control('c').expect("control-c");
    session.exp_string("boxes $ ").expect("the prompt");
    session.send_line("quit").expect("a line");
    session.exp_eof().expect("the end");
}

#[test]
fn a_container_gets_the_terminal_and_gives_it_back() {
    let sandbox = sandbox();
    let mut session = on_terminal(&sandbox, "dumb", "boxes $ ");
    session
        .send_line("docker run -it --rm -e PS1='inside> ' busybox sh")
        .expect("a line");
    session
        .exp_string("inside> ")
        .expect("the container's prompt");
    session.send_line("tty; exit 3").expect("a line");
    session
        .exp_string("/dev/pts/0")
        .expect("a terminal of its own");
    session.exp_string("boxes $ ").expect("the prompt");
    session
        .send_line("echo code $?; stty -icanon")
        .expect("a line");
    session.exp_string("code 3\r\n").expect("the exit code");
    session.exp_string("boxes $ ").expect("the prompt");
    session
        .send_line("stty -a | grep -o ' icanon'")
        .expect("a line");
    session
        .exp_string(" icanon\r\n")
        .expect("the terminal's modes are restored");
    session.send_line("quit").expect("a line");
    session.exp_eof().expect("the end");
}

#[test]
fn a_killed_shell_resumes_where_it_was() {
    let sandbox = sandbox();
    let mut session = on_terminal(&sandbox, "dumb", "boxes $ ");
    session.send_line("go box").expect("a line");
    session.exp_string("box 0/2 $ ").expect("the exercise");
    session.send_line("docker start -a box").expect("a line");
    session.exp_string("box 1/2 $ ").expect("a goal is reached");
    session
        .process_mut()
        .kill(rexpect::process::Signal::SIGKILL)
        .expect("it is killed");
    drop(session);
    let mut session = on_terminal(&sandbox, "dumb", "box 1/2 $ ");
    session.send_line("quit").expect("a line");
    session.exp_eof().expect("the end");
}

#[test]
fn tab_completes_what_exists_now() {
    let sandbox = sandbox();
    let mut session = on_terminal(&sandbox, "xterm", "boxes $ ");
    session
        .send_line("docker run --name amber busybox true; echo made")
        .expect("a line");
    session.exp_string("made").expect("the echo");
    session.exp_string("made").expect("its output");
    session.send("docker rm am\t").expect("tab");
    session.flush().expect("it is sent");
    session.exp_string("amber").expect("the name");
    session.send_line("").expect("enter");
    session.exp_string("amber").expect("docker's answer");
    session.send_line("docker ps -aq | wc -l").expect("a line");
    session.exp_string("\n0\r\n").expect("it is gone");
    session.send_line("quit").expect("a line");
    session.exp_eof().expect("the end");
}
