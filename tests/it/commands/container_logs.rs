//! `docker logs`: what a container said, also after its end.

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
    sandbox
        .docker_with("attach box", "go\n")
        .ok()
        .mentions("5000\n");
    let expected: String = (1..=5000).map(|n| format!("{n}\n")).collect();
    assert_eq!(follower.finish().ok().stdout, expected);
}

#[test]
fn a_time_stands_before_each_line_if_asked() {
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
