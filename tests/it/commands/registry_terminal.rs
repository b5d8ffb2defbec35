//! `docker login` and `docker pull` on a pseudo terminal.

use crate::support::registry::{Served, htpasswd};
use crate::support::sandbox::Sandbox;
use rexpect::session::{PtySession, spawn_command};

/// Starts `line` in a shell on a pseudo terminal with this many columns.
fn on_terminal(sandbox: &Sandbox, columns: u16, line: &str) -> PtySession {
    let mut command = sandbox.command("/bin/sh");
    let line = format!("stty echo cols {columns} rows 24; {line}");
    command.env("TERM", "xterm").args(["-c", &line]);
    spawn_command(command, Some(60_000)).expect("a pseudo terminal")
}

/// The output up to the end.
fn rest(mut session: PtySession) -> String {
    session.exp_eof().expect("the end")
}

#[test]
fn name_and_password_are_asked_for_and_the_password_is_not_shown() {
    let sandbox = Sandbox::new();
    sandbox.write("htpasswd", htpasswd("alice", "wonder-land"));
    let served = Served::start(&sandbox, "--htpasswd htpasswd");
    let login = format!(
        "docker login {}; echo code $?; stty -a | grep -o ' echo '",
        served.host()
    );
    let mut session = on_terminal(&sandbox, 80, &login);
    session.exp_string("Username: ").expect("a question");
    session.send_line("alice").expect("a line");
    session.exp_string("Password: ").expect("a question");
    session.send_line("wonder-land").expect("a line");
    let shown = rest(session);
    assert!(!shown.contains("wonder-land"), "{shown}");
    assert!(
        shown.contains("Login Succeeded") && shown.contains("code 0"),
        "{shown}"
    );
    assert!(shown.contains(" echo "), "{shown}");

    let again = rest(on_terminal(
        &sandbox,
        80,
        &format!("docker login {}", served.host()),
    ));
    assert!(
        again.contains("Authenticating with existing credentials... [Username: alice]"),
        "{again}"
    );
}

#[test]
fn a_name_and_a_password_that_are_typed_ahead_are_both_read() {
    let sandbox = Sandbox::new();
    sandbox.write("htpasswd", htpasswd("alice", "wonder-land"));
    let served = Served::start(&sandbox, "--htpasswd htpasswd");
    let mut session = on_terminal(&sandbox, 80, &format!("docker login {}", served.host()));
    session.send_line("alice").expect("a line");
    session.send_line("wonder-land").expect("a line");
    let shown = rest(session);
    assert!(shown.contains("Login Succeeded"), "{shown}");
}

#[test]
fn control_c_at_a_question_leaves_the_terminal_as_it_was() {
    let sandbox = Sandbox::new();
    let login =
        "trap : INT; docker login -u alice localhost:1; echo code $?; stty -a | grep -o ' echo '";
    let mut session = on_terminal(&sandbox, 80, login);
    session.exp_string("Password: ").expect("a question");
    session.send_control('c').expect("control-c");
    let shown = rest(session);
    assert!(
        shown.contains("code 130") && shown.contains(" echo "),
        "{shown}"
    );
}

#[test]
fn docker_hub_itself_needs_a_name() {
    let sandbox = Sandbox::new().with("DOCKLINGS_HUB", "docker.io");
    let shown = rest(on_terminal(&sandbox, 80, "docker login; echo code $?"));
    assert!(
        shown.contains("the login of Docker Hub by a browser is not part of docklings"),
        "{shown}"
    );
    assert!(
        shown.contains("hint: docker login -u ") && shown.contains("code 1"),
        "{shown}"
    );
}

#[test]
fn each_layer_has_a_line_that_fits_the_terminal() {
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, "");
    let name = format!("{}/app:v1", served.host());
    sandbox.write("Dockerfile", "FROM busybox\nCOPY data /data\n");
    // Bytes that cannot be compressed.
    let bytes: Vec<u8> = (0..3_000_000_u64)
        .map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) as u8)
        .collect();
    sandbox.write("data", bytes);
    sandbox.docker(&format!("build -q -t {name} .")).ok();
    for columns in [40, 80, 120] {
        let pushed = rest(on_terminal(
            &sandbox,
            columns,
            &format!("docker push {name}"),
        ));
        assert!(pushed.contains("\x1b[2K"), "{pushed:?}");
        sandbox.docker(&format!("rmi {name}")).ok();
        let pulled = rest(on_terminal(
            &sandbox,
            columns,
            &format!("docker pull {name}"),
        ));
        assert!(
            pulled.contains(": Pull complete ") || pulled.contains(": Already exists "),
            "{pulled:?}"
        );
        for text in [&pushed, &pulled] {
            let drawn = text.split("\x1b[2K").skip(1);
            for line in drawn.map(|rest| rest.split(['\r', '\n']).next().unwrap_or_default()) {
                assert!(
                    line.chars().count() <= usize::from(columns),
                    "{line:?} in {text:?}"
                );
            }
        }
    }
    let plain = rest(on_terminal(
        &sandbox,
        80,
        &format!("TERM=dumb docker pull {name} | cat"),
    ));
    assert!(!plain.contains('\x1b'), "{plain:?}");
}
