//! Commands that take several containers, and lists with several filters.

use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;

const MISSING: &str = "Error response from daemon: No such container: nobody\n";

/// `one` and `two`, running.
fn two_running() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["one", "two"] {
        sandbox.sleeping(name);
    }
    sandbox
}

/// If one is missing, the others are still handled, in order, and the exit code is 1.
fn check(sandbox: &Sandbox, command: &str, says: &str) {
    sandbox
        .docker(&format!("{command} one nobody two"))
        .fails(1)
        .says(says)
        .complains(MISSING.trim_end());
}

#[test]
fn a_missing_container_does_not_stop_the_others() {
    let sandbox = two_running();
    let done = "one\ntwo\n";
    check(&sandbox, "restart -t 0", done);
    check(&sandbox, "kill", done);
    sandbox.docker("wait one two").ok().says("137\n137\n");
    check(&sandbox, "wait", "137\n137\n");
    check(&sandbox, "start", done);
    check(&sandbox, "stop -t 0", done);
    check(&sandbox, "update --restart no", done);
    check(&sandbox, "rm", done);
    sandbox.docker("ps -aq").ok().says("");
}

#[test]
fn pausing_several_is_the_same() {
    requires!(Limits);
    let sandbox = two_running();
    check(&sandbox, "pause", "one\ntwo\n");
    sandbox
        .docker("ps --filter status=paused --format '{{.Names}}'")
        .ok()
        .says("two\none\n");
    sandbox
        .docker("pause one")
        .fails(1)
        .complains("is already paused");
    check(&sandbox, "unpause", "one\ntwo\n");
    sandbox
        .docker("unpause one")
        .fails(1)
        .complains("is not paused");
}

#[test]
fn signals_have_names_and_numbers_in_any_case() {
    let sandbox = Sandbox::new();
    for signal in ["9", "KILL", "SIGKILL", "kill", "sigkill"] {
        sandbox
            .docker("run -d --rm --name box busybox sleep 600")
            .ok()
            .warns("");
        sandbox
            .docker(&format!("kill -s {signal} box"))
            .ok()
            .says("box\n");
        sandbox
            .shell("until [ -z \"$(docker ps -aq)\" ]; do :; done")
            .ok()
            .says("");
    }
    sandbox.sleeping("box");
    for signal in ["NOPE", "0", "-1", "99", "SIG"] {
        sandbox
            .docker(&format!("kill --signal={signal} box"))
            .fails(1)
            .complains("nvalid signal");
    }
    sandbox
        .docker("ps --format '{{.State}}'")
        .ok()
        .says("running\n");
}

#[test]
fn a_name_is_taken_once_whatever_is_done_with_it() {
    let sandbox = two_running();
    for (command, words) in [
        ("rename one two", "Conflict"),
        ("rename one one", "same name as its current name"),
        ("rename one 'a b'", "Invalid container name (a b)"),
        ("rename nobody three", "No such container: nobody"),
        ("create --name one busybox", "Conflict"),
        ("run --name /two busybox true", "Conflict"),
    ] {
        let end = sandbox.docker(command).status_code_is_not(0);
        assert!(end.stderr.contains(words), "{end}");
    }
    sandbox.docker("rename one three").ok().says("");
    sandbox.docker("exec three true").ok().says("");
    sandbox
        .docker("ps --format '{{.Names}}'")
        .ok()
        .says("two\nthree\n");
}

#[test]
fn filters_of_one_kind_are_alternatives_and_of_different_kinds_conditions() {
    let sandbox = Sandbox::new();
    for line in [
        "run -d --name web1 -l app=web -l tier=front -p 127.0.0.1::80 busybox sleep 600",
        "run -d --name web2 -l app=web -v data:/data busybox sleep 600",
        "run --name job1 -l app=job busybox sh -c 'exit 3'",
        "run --name job2 -l app=job busybox true",
    ] {
        drop(sandbox.docker(line));
    }
    let names = |filters: &str| {
        let command = format!("ps -a {filters} --format '{{{{.Names}}}}'");
        let output = sandbox.docker(&command).ok();
        let mut names: Vec<_> = output.lines().into_iter().map(str::to_owned).collect();
        names.sort();
        names.join(" ")
    };
    for (filters, expected) in [
        ("-f name=web", "web1 web2"),
        ("-f name=^web1$", "web1"),
        ("-f name=web1 -f name=job1", "job1 web1"),
        ("-f name=web -f label=tier", "web1"),
        ("-f label=app=web -f label=tier=front", "web1"),
        ("-f label=app=job -f exited=3", "job1"),
        ("-f exited=3 -f exited=0", "job1 job2"),
        ("-f status=exited -f status=running", "job1 job2 web1 web2"),
        ("-f status=exited -f label=app=web", ""),
        ("-f ancestor=busybox", "job1 job2 web1 web2"),
        ("-f ancestor=hello-world", ""),
        ("-f volume=data", "web2"),
        ("-f volume=/data", "web2"),
        ("-f publish=80", ""),
        ("-f expose=80/tcp", "web1"),
        ("-f health=none", "job1 job2 web1 web2"),
        ("-f before=web2", "web1"),
        ("-f since=web2", "job1 job2"),
    ] {
        assert_eq!(names(filters), expected, "{filters}");
    }
    sandbox
        .docker("ps -f nosuch=1")
        .fails(1)
        .complains("nosuch");
    sandbox
        .docker("ps -f status=nosuch")
        .fails(1)
        .complains("nosuch");
}

#[test]
fn events_are_filtered_by_kind_action_and_object() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --name box -l app=web -v data:/data busybox true")
        .ok()
        .says("");
    sandbox
        .docker("run --name other busybox true")
        .ok()
        .says("");
    let actions = |filters: &str| {
        let command = format!("events --since 1h --until 0s {filters} --format '{{{{.Action}}}}'");
        let output = sandbox.docker(&command).ok();
        output.lines().join(" ")
    };
    assert_eq!(
        actions("-f container=box -f event=create -f event=start -f event=die"),
        "create start die"
    );
    assert_eq!(actions("-f label=app=web -f event=start"), "start");
    assert_eq!(actions("-f label=app -f event=die"), "die");
    assert_eq!(actions("-f type=volume -f event=create"), "create");
    assert_eq!(actions("-f image=busybox -f event=die"), "die die");
    assert_eq!(actions("-f container=nobody"), "");
}

#[test]
fn a_detached_exec_prints_nothing_and_keeps_running() {
    let sandbox = Sandbox::new();
    sandbox.sleeping("box");
    sandbox
        .docker("exec -d box sh -c 'echo heard by nobody; echo done > /done; sleep 600'")
        .ok()
        .says("")
        .warns("");
    sandbox
        .docker("exec box sh -c 'until [ -e /done ]; do :; done; cat /done'")
        .ok()
        .says("done\n");
    sandbox.docker("logs box").ok().says("");
    sandbox
        .docker("top box -o pid,args")
        .ok()
        .mentions("sleep 600");
    sandbox
        .docker("exec -d nobody true")
        .fails(1)
        .warns(MISSING);
}
