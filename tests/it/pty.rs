//! Terminals: `-it`, detaching, resizing, on a real pseudo terminal.

use crate::support::sandbox::Sandbox;
use rexpect::session::{PtySession, spawn_command};

/// Longer than anything here takes on a busy machine.
const SECONDS: u64 = 120;

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
    // Before its child runs, the shell itself would take the key.
    session
        .send_line("sh -c 'echo r$((1 + 1))n; exec sleep 600'")
        .expect("a line");
    session.exp_string("r2n").expect("the program runs");
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
    sandbox.sleeping("box");
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
fn the_callers_terminal_is_restored() {
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
fn a_terminal_without_a_terminal_at_the_caller_is_refused() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -it --rm busybox true")
        .fails(1)
        .complains("the input device is not a TTY");
}

/// Resizes the terminal of `session`, as a window that is dragged.
fn resize(session: &PtySession, rows: u16, columns: u16) {
    let master = session
        .process()
        .get_file_handle()
        .expect("the terminal's other end");
    let size = rustix::termios::Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    rustix::termios::tcsetwinsize(&master, size).expect("a new size");
}

#[test]
fn a_terminal_that_is_resized_while_it_runs_is_resized_inside() {
    let sandbox = Sandbox::new();
    let program = "trap \"stty size\" WINCH; echo ready; while :; do sleep 0.05; done";
    let mut session = on_terminal(
        &sandbox,
        &format!("run -it --name box busybox sh -c '{program}'"),
    );
    session.exp_string("ready").expect("it runs");
    resize(&session, 31, 71);
    session.exp_string("31 71").expect("the new size in `run`");
    let mut exec = on_terminal(&sandbox, &format!("exec -it box sh -c '{program}'"));
    exec.exp_string("ready").expect("it runs");
    resize(&exec, 32, 72);
    exec.exp_string("32 72").expect("the new size in `exec`");
    let mut attached = on_terminal(&sandbox, "attach box");
    resize(&attached, 33, 73);
    attached
        .exp_string("33 73")
        .expect("the new size in `attach`");
    sandbox.docker("kill box").ok().says("box\n");
    session.exp_eof().expect("the end");
    attached.exp_eof().expect("the end");
}

#[test]
fn several_clients_see_the_same_terminal_and_each_may_leave() {
    let sandbox = Sandbox::new();
    let mut first = on_terminal(&sandbox, "run -it --name box -e PS1='ready> ' busybox sh");
    first.exp_string("ready> ").expect("a prompt");
    let mut second = on_terminal(&sandbox, "attach box");
    let mut third = on_terminal(&sandbox, "attach --detach-keys ctrl-x,x box");
    sandbox.until_happened("attach", 3);
    // Each attached client sees what another one types, and the result.
    let hears = |typing: &mut PtySession, hearing: &mut PtySession, word: &str| {
        typing.send_line(&format!("echo {word}")).expect("a line");
        hearing
            .exp_string(&format!("\n{word}\r\n"))
            .expect("what another has typed");
    };
    hears(&mut first, &mut second, "one");
    hears(&mut second, &mut third, "two");
    third.send_control('x').expect("control-x");
    third.send("x").expect("x");
    third.flush().expect("the keys are sent");
    third
        .exp_string("read escape sequence")
        .expect("the end of the third");
    third.exp_eof().expect("the end of the third");
    hears(&mut second, &mut first, "three");
    second.send_line("exit 6").expect("a line");
    for session in [&mut first, &mut second] {
        session.exp_eof().expect("the end");
        let status = session.process().wait().expect("an end");
        assert!(format!("{status:?}").contains(", 6)"), "{status:?}");
    }
}
