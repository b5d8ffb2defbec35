//! Containers without egress: connections fail at once, with a hint.

use crate::support::sandbox::Sandbox;
use rexpect::session::spawn_command;

/// The hint, as a terminal shows it.
const HINT: &str = "hint: containers have no outbound network here: docklings doctor";

fn sandbox() -> Sandbox {
    Sandbox::new().with("DOCKLINGS_OUTBOUND", "no")
}

/// The terminal's content when `docker` with `words` has ended.
fn on_terminal(sandbox: &Sandbox, words: &str) -> String {
    let mut command = sandbox.command("docker");
    command
        .env("TERM", "dumb")
        .args(shell_words::split(words).expect("words"));
    let mut session = spawn_command(command, Some(120_000)).expect("a pseudo terminal");
    session.exp_eof().expect("the end")
}

#[test]
fn name_lookups_are_answered_inside_the_container() {
    let sandbox = sandbox();
    sandbox
        .docker("run --rm busybox sh -c 'head -1 /etc/resolv.conf; nslookup example.com; nslookup example.com; exit 5'")
        .fails(5)
        .mentions("nameserver 127.0.0.11\n")
        .mentions("server can't find example.com: NXDOMAIN");
    sandbox
        .docker("run --rm busybox wget -q -O - http://192.0.2.1/")
        .fails(1)
        .complains("Network is unreachable");
    // A restart gets a new socket, and an exec uses the same one.
    sandbox.sleeping("box");
    sandbox.docker("restart -t 0 box").ok().says("box\n");
    sandbox
        .docker("exec box nslookup example.com")
        .status_code_is_not(0)
        .mentions("NXDOMAIN");
}

#[test]
fn a_step_that_failed_without_egress_says_so_and_others_do_not() {
    let sandbox = sandbox();
    for (run, hint) in [
        (
            "RUN wget -q -O - http://example.com/",
            Some("containers have no outbound network here: docklings doctor"),
        ),
        (
            "RUN nslookup example.com",
            Some("containers have no outbound network here: docklings doctor"),
        ),
        (
            "RUN echo 'E: Unable to locate package curl'; exit 100",
            Some("containers have no outbound network here: docklings doctor"),
        ),
        (
            "RUN --network=none wget -q -O - http://example.com/",
            Some("the step has the network `none`"),
        ),
        ("RUN echo no such thing; false", None),
        (
            "RUN --network=host echo network is unreachable; false",
            None,
        ),
    ] {
        sandbox.write("Dockerfile", format!("FROM busybox\n{run}\n"));
        let shown = on_terminal(&sandbox, "build --progress=plain -t x .");
        match hint {
            Some(hint) => assert!(shown.contains(&format!("hint: {hint}")), "{shown}"),
            None => assert!(!shown.contains("hint: "), "{shown}"),
        }
    }
}

#[test]
fn a_step_that_keeps_retrying_gets_the_hint_before_it_fails() {
    let sandbox = sandbox();
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nRUN until [ -e /3 ]; do nslookup example.com; sleep 2; [ -e /1 ] && touch /2; [ -e /2 ] && touch /3; touch /1; done\n",
    );
    let build = sandbox.docker("build --progress=plain -t x .").ok();
    let note = " containers have no outbound network here: docklings doctor\n";
    assert_eq!(build.stderr.matches(note).count(), 1, "{build}");
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nRUN nslookup example.com || true\n",
    );
    let build = sandbox.docker("build --progress=plain -t x .").ok();
    assert_eq!(build.stderr.matches(note).count(), 0, "{build}");
}

#[test]
fn a_foreground_container_that_failed_without_egress_says_so_at_a_terminal() {
    let sandbox = sandbox();
    sandbox.sleeping("box");
    for words in [
        "run --rm busybox wget -q -O - http://example.com/",
        "run --rm -it busybox ping -c 1 example.com",
        "exec box wget -q -O - http://example.com/",
    ] {
        let shown = on_terminal(&sandbox, words);
        assert!(shown.contains(HINT), "{words}: {shown}");
    }
    for words in [
        "run --rm busybox sh -c 'echo no such thing; exit 1'",
        "run --rm busybox sh -c 'wget -q -O - http://example.com/; true'",
        "run --rm --network none busybox wget -q -O - http://example.com/",
    ] {
        let shown = on_terminal(&sandbox, words);
        assert!(!shown.contains("hint: "), "{words}: {shown}");
    }
    // A script gets only Docker's words.
    sandbox
        .docker("run --rm busybox wget -q -O - http://example.com/")
        .fails(1)
        .complains("bad address")
        .never_complains("hint");
}

#[test]
fn a_running_step_counts_its_seconds_on_a_terminal() {
    let sandbox = sandbox();
    sandbox.write("Dockerfile", "FROM busybox\nRUN sleep 2\n");
    let shown = on_terminal(&sandbox, "build --progress=tty -t x .");
    for part in ["[+] Building ", "RUN sleep 2"] {
        let drawn: std::collections::BTreeSet<&str> =
            shown.lines().filter(|line| line.contains(part)).collect();
        assert!(drawn.len() > 5, "{part}: {shown}");
    }
    sandbox
        .docker("build --no-cache -t x .")
        .ok()
        .never_complains("[+] Building");
}
