//! Commands that interfere with each other: the later one waits, or reports the true state.

use crate::support::loopback::own_loopback;
use crate::support::sandbox::Sandbox;

/// A probe of the lock does not mean that a monitor holds it: `ps` misled `start`.
#[test]
fn a_container_starts_while_others_look_at_it() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("create --name box busybox sleep 600")
        .ok()
        .warns("");
    sandbox
        .shell(
            "while [ ! -e stop ]; do docker ps -a >/dev/null; done & p=$!
             for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
                 docker start box >/dev/null && docker exec box true || echo not running
                 docker kill box >/dev/null && docker wait box >/dev/null
             done
             touch stop; wait $p",
        )
        .ok()
        .says("");
}

#[test]
fn a_start_waits_for_a_copy_into_the_stopped_container() {
    let sandbox = Sandbox::new();
    sandbox.write("data/file", "copied\n");
    sandbox
        .docker("create --name box busybox sleep 600")
        .ok()
        .warns("");
    // The copy has started when it reads, and ends when we have written.
    sandbox
        .shell(
            "mkfifo pipe; tar -C data -cf data.tar file
             docker cp - box:/tmp <pipe & copy=$!
             exec 3>pipe
             docker start box 3>&- >started & start=$!
             cat data.tar >&3; exec 3>&-
             wait $copy && wait $start && cat started && docker exec box cat /tmp/file",
        )
        .ok()
        .says("box\ncopied\n");
}

#[test]
fn a_start_does_not_wait_for_ever_for_a_copy_without_an_end() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("create --name box busybox sleep 600")
        .ok()
        .warns("");
    // More than a pipe holds: once it is written, the copy has started.
    sandbox
        .shell(
            "mkfifo pipe; docker cp - box:/tmp <pipe & copy=$!
             exec 3>pipe; head -c 300000 /dev/zero >&3
             docker start box 3>&- 2>&1
             kill $copy; exec 3>&-; wait $copy; docker start box",
        )
        .ok()
        .mentions("is in use by another command, such as `docker cp`\n")
        .mentions("\nbox\n");
}

#[test]
fn of_eight_starts_one_starts_and_all_succeed() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("create --name box busybox sleep 600")
        .ok()
        .warns("");
    let starts: Vec<_> = (0..8).map(|_| sandbox.spawn("start box")).collect();
    for start in starts {
        start.finish().ok().says("box\n").warns("");
    }
    sandbox
        .shell("docker events --since 1h --until 0s --filter event=start --format '{{.Action}}'")
        .ok()
        .says("start\n");
}

#[test]
fn of_eight_removals_one_removes_and_nothing_is_left() {
    let sandbox = Sandbox::new();
    for _ in 0..5 {
        sandbox
            .docker("run -d --name box -v /data busybox sleep 600")
            .ok()
            .warns("");
        let removals: Vec<_> = (0..8).map(|_| sandbox.spawn("rm -f -v box")).collect();
        for removal in removals {
            let end = removal.finish();
            assert!(
                end.stdout == "box\n" || end.stderr.contains("No such container: box"),
                "{end}"
            );
        }
        sandbox.docker("ps -aq").ok().says("");
        sandbox.docker("volume ls -q").ok().says("");
        assert_eq!(sandbox.container_ids(), [""; 0]);
    }
}

/// A container with `--rm` removes itself while another command removes it.
#[test]
fn a_removal_and_the_containers_own_removal_both_succeed() {
    let sandbox = Sandbox::new();
    for _ in 0..20 {
        sandbox
            .docker("run -d --rm --name box busybox true")
            .ok()
            .warns("");
        let end = sandbox.docker("rm -f box");
        assert!(
            end.stderr.is_empty() || end.stderr.ends_with("No such container: box\n"),
            "{end}"
        );
        sandbox.docker("ps -aq").ok().says("");
    }
    assert_eq!(sandbox.container_ids(), [""; 0]);
}

/// The container ends during a copy.
#[test]
fn a_copy_arrives_whenever_the_container_ends() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "copied\n");
    for n in 0..20 {
        sandbox
            .docker(&format!("run -d --name box{n} busybox sh -c 'exit 0'"))
            .ok()
            .warns("");
        sandbox.docker(&format!("cp file box{n}:/file")).ok();
        sandbox
            .shell(&format!("docker cp box{n}:/file - | tar -xO"))
            .ok()
            .says("copied\n");
    }
}

#[test]
fn stop_kill_restart_and_remove_at_once_end_in_a_known_state() {
    let sandbox = Sandbox::new();
    for _ in 0..4 {
        sandbox.sleeping("box");
        let commands: Vec<_> = [
            "stop -t 0 box",
            "kill box",
            "restart -t 0 box",
            "exec box true",
            "rm -f box",
        ]
        .iter()
        .map(|words| sandbox.spawn(words))
        .collect();
        for command in commands {
            let end = command.finish();
            let known = [
                "is not running",
                "No such container",
                "is restarting",
                "the container went away before the command ended",
            ];
            assert!(
                end.stderr.is_empty() || known.iter().any(|text| end.stderr.contains(text)),
                "{end}"
            );
        }
        drop(sandbox.docker("rm -f box"));
        sandbox.docker("ps -aq").ok().says("");
        assert_eq!(sandbox.container_ids(), [""; 0]);
    }
}

#[test]
fn a_range_of_ports_is_taken_from_when_the_container_starts() {
    let (sandbox, address) = (Sandbox::new(), own_loopback());
    for name in ["one", "two"] {
        sandbox
            .docker(&format!(
                "create --name {name} -p {address}:47310-47329:80 busybox sleep 600"
            ))
            .ok()
            .warns("");
    }
    sandbox
        .docker("inspect -f '{{json .HostConfig.PortBindings}}' one")
        .ok()
        .says(&format!(
            "{{\"80/tcp\":[{{\"HostIp\":\"{address}\",\"HostPort\":\"47310-47329\"}}]}}\n"
        ));
    sandbox.docker("start one two").ok().says("one\ntwo\n");
    let ports = sandbox.shell("docker port one; docker port two").ok();
    let lines = ports.lines();
    assert_eq!(lines.len(), 2, "{ports}");
    assert_ne!(lines[0], lines[1], "{ports}");
}
