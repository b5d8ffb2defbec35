//! `docker logs`: a container's output, also after its end.

use crate::support::sandbox::Sandbox;

#[test]
fn both_streams_are_kept_apart_and_in_order() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --name box busybox sh -c 'echo one; echo two >&2; echo three'")
        .ok()
        .warns("two\n");
    sandbox
        .docker("logs box")
        .ok()
        .says("one\nthree\n")
        .warns("two\n");
    sandbox
        .docker("logs nobody")
        .fails(1)
        .warns("Error response from daemon: No such container: nobody\n");
}

#[test]
fn the_tail_is_counted_in_lines() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --name box busybox seq 1 20")
        .ok()
        .warns("");
    sandbox
        .docker("logs --tail 3 box")
        .ok()
        .says("18\n19\n20\n");
    sandbox.docker("logs -n 0 box").ok().says("");
    sandbox
        .docker("logs --tail all box")
        .ok()
        .mentions("1\n2\n");
}

#[test]
fn following_ends_with_the_container_and_misses_nothing() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -d --rm -i --name box busybox sh -c 'read line; seq 1 5000'")
        .ok()
        .warns("");
    let follower = sandbox.spawn("logs -f box");
    sandbox.until_happened("logs", 1);
    sandbox
        .docker_with("attach box", "go\n")
        .ok()
        .mentions("5000\n");
    let expected: String = (1..=5000).map(|n| format!("{n}\n")).collect();
    assert_eq!(follower.finish().ok().stdout, expected);
}

#[test]
fn each_line_gets_its_time_on_request() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --name box busybox echo hi")
        .ok()
        .warns("");
    let output = sandbox.docker("logs -t box").ok();
    let (time, rest) = output.stdout.split_once(' ').expect("a time and a text");
    assert_eq!(rest, "hi\n");
    assert!(
        time.starts_with("20") && time.ends_with('Z') && time.contains('T'),
        "{time}"
    );
}

/// The rest of the numbers that a container wrote: all from some number on, up to the last.
fn assert_the_end_of_a_sequence(text: &str, last: usize, at_least: usize) {
    let numbers: Vec<usize> = text
        .lines()
        .map(|line| line.parse().expect("a number"))
        .collect();
    let first = numbers.first().copied().unwrap_or(last);
    let expected: Vec<usize> = (first..=last).collect();
    assert!(
        numbers == expected,
        "not {first} to {last}: {} numbers",
        numbers.len()
    );
    assert!(numbers.len() >= at_least, "only {} are left", numbers.len());
}

#[test]
fn a_log_is_rotated_on_request_and_keeps_its_end() {
    let sandbox = Sandbox::new();
    let id = sandbox
        .docker("run -d --name box --log-opt max-size=20k --log-opt max-file=3 busybox seq 1 3000")
        .ok()
        .text()
        .to_owned();
    sandbox.docker("wait box").ok().says("0\n");
    let folder = sandbox.home().join("sandboxes/free/containers").join(id);
    for (file, exists) in [
        ("log.json", true),
        ("log.json.1", true),
        ("log.json.2", true),
        ("log.json.3", false),
    ] {
        let about = std::fs::metadata(folder.join(file));
        assert_eq!(about.is_ok(), exists, "{file}");
        assert!(
            about.is_ok_and(|about| about.len() < 21_000) || !exists,
            "{file}"
        );
    }
    // A record of a short line takes some 70 bytes.
    assert_the_end_of_a_sequence(&sandbox.docker("logs box").ok().stdout, 3000, 550);
    sandbox
        .docker("logs --tail 2 box")
        .ok()
        .says("2999\n3000\n");
    sandbox
        .docker("inspect -f '{{.HostConfig.LogConfig.Type}} {{index .HostConfig.LogConfig.Config \"max-file\"}}' box")
        .ok()
        .says("json-file 3\n");
}

#[test]
fn a_follower_gets_every_line_across_rotations() {
    let sandbox = Sandbox::new();
    // 20,000 lines in files of some 290 lines each. None may be lost, however late the follower is.
    sandbox
        .docker(
            "run -d -i --name box --log-opt max-size=20k --log-opt max-file=100 busybox \
             sh -c 'while read n; do seq $n $((n + 999)); done'",
        )
        .ok()
        .warns("");
    let follower = sandbox.spawn("logs -f box");
    let starts: String = (0..20).map(|n| format!("{}\n", n * 1000)).collect();
    sandbox
        .docker_with("attach box", starts)
        .ok()
        .mentions("19999\n");
    sandbox.docker("wait box").ok().says("0\n");
    let heard = follower.finish().ok().stdout;
    assert_the_end_of_a_sequence(&heard, 19_999, 20_000);
}

#[test]
fn a_log_driver_that_stores_nothing_says_so() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --name box --log-driver none busybox echo heard")
        .ok()
        .says("heard\n");
    sandbox
        .docker("logs box")
        .fails(1)
        .warns("Error response from daemon: configured logging driver does not support reading\n");
    sandbox
        .docker("run --name two --log-driver local busybox echo kept")
        .ok()
        .says("kept\n");
    sandbox.docker("logs two").ok().says("kept\n");
    for (flags, words) in [
        (
            "--log-driver nosuch",
            "logger: no log driver named 'nosuch' is registered",
        ),
        (
            "--log-driver syslog",
            "`--log-driver syslog` is not part of docklings",
        ),
        (
            "--log-opt nope=1",
            "unknown log opt 'nope' for json-file log driver",
        ),
        ("--log-opt max-file=0", "max-file cannot be less than 1"),
        (
            "--log-driver none --log-opt max-size=1m",
            "invalid logging opts for driver none",
        ),
        (
            "--log-opt labels=a",
            "`--log-opt labels=a` is not part of docklings",
        ),
    ] {
        sandbox
            .docker(&format!("run --rm {flags} busybox true"))
            .fails(125)
            .complains(words);
    }
}
