//! A monitor's life: each test stands for a bug of another engine (named in its comment), and must pass here.

use crate::support::leftovers;
use crate::support::loopback::own_loopback;
use crate::support::process::eventually;
use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeSet;
use std::fs;

/// podman 970, 32, 6300, 835: the output of a program that ended at once was lost.
#[test]
fn a_short_programs_output_is_never_lost() {
    let sandbox = Sandbox::new();
    for n in 0..40 {
        sandbox
            .docker(&format!("run --rm busybox echo {n}"))
            .ok()
            .says(&format!("{n}\n"));
    }
}

/// concourse 6775, nerdctl 5009, containerd 3118: the last bytes before the end were lost.
#[test]
fn the_last_bytes_arrive_at_the_caller_and_in_the_log() {
    let sandbox = Sandbox::new();
    let program = "dd if=/dev/zero bs=1k count=300 2>/dev/null | tr \"\\\\0\" x; printf end";
    let expected = format!("{}end", "x".repeat(300 * 1024));
    let output = sandbox
        .docker(&format!("run --name box busybox sh -c '{program}'"))
        .ok();
    assert!(
        output.stdout == expected,
        "{} bytes at the caller",
        output.stdout.len()
    );
    let log = sandbox.docker("logs box").ok();
    assert!(
        log.stdout == expected,
        "{} bytes in the log",
        log.stdout.len()
    );
}

/// podman 2692: `logs -f` of a container that removes itself ended early.
#[test]
fn a_follower_gets_all_output_of_a_container_that_removes_itself() {
    let sandbox = Sandbox::new();
    for nth in 1..=5 {
        sandbox
            .docker("run -d --rm -i --name box busybox sh -c 'read x; seq 1 3000'")
            .ok()
            .warns("");
        let follower = sandbox.spawn("logs -f box");
        sandbox.until_happened("logs", nth);
        sandbox
            .docker_with("attach box", "go\n")
            .ok()
            .mentions("3000\n");
        let heard = follower.finish();
        assert!(heard.stdout.ends_with("\n3000\n"), "{heard}");
    }
}

/// containerd 2823, moby 33039: a background child kept the pipe open, and the command hung.
#[test]
fn a_child_in_the_background_does_not_block_the_command() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm busybox sh -c 'sleep 1000 & echo done'")
        .ok()
        .says("done\n");
    sandbox
        .docker("run -d --name box busybox sleep 1000")
        .ok()
        .warns("");
    sandbox
        .docker("exec box sh -c 'sleep 1000 & echo done'")
        .ok()
        .says("done\n");
}

/// conmon 632 and 53b3691: draining, or a terminal without an open end, used a whole processor.
#[test]
fn an_idle_monitor_uses_no_processor() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -d --name pipes busybox sh -c 'exec >&- 2>&-; exec sleep 600'")
        .ok()
        .warns("");
    sandbox
        .docker("run -dt --name tty busybox sh -c 'exec <&- >&- 2>&-; exec sleep 600'")
        .ok()
        .warns("");
    let monitors = [monitor_of(&sandbox, "pipes"), monitor_of(&sandbox, "tty")];
    let before = monitors.map(processor_ticks);
    // A container lets a second pass, in which the monitors could misbehave.
    sandbox.docker("run --rm busybox sleep 1").ok().says("");
    for (monitor, before) in monitors.into_iter().zip(before) {
        let used = processor_ticks(monitor) - before;
        assert!(
            used < 20,
            "monitor {monitor} used {used} ticks of 10 ms in a second"
        );
    }
}

/// conmon 53b3691: the end of a terminal is reported as an error code, and was treated as an error.
#[test]
fn a_terminals_end_is_not_an_error() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm -t busybox echo hi")
        .ok()
        .says("hi\r\n")
        .warns("");
}

/// conmon 1b53637 and 6287bd8: monitor and program wrote to each other, and neither of them read. e7c2110: short
/// writes.
#[test]
fn input_and_output_flow_at_once_and_nothing_is_lost() {
    let sandbox = Sandbox::new();
    let input: String = (0..400_000).map(|n| format!("{n}\n")).collect();
    let output = sandbox.docker_with("run -i --rm busybox cat", &input).ok();
    assert!(
        output.stdout == input,
        "{} of {} bytes",
        output.stdout.len(),
        input.len()
    );
    sandbox.sleeping("box");
    let output = sandbox.docker_with("exec -i box cat", &input).ok();
    assert!(
        output.stdout == input,
        "exec: {} of {} bytes",
        output.stdout.len(),
        input.len()
    );
}

/// podman 8154 and 1229, moby 18543: `attach` did not return when the container ended.
#[test]
fn attach_returns_with_the_container() {
    let sandbox = Sandbox::new();
    sandbox.sleeping("box");
    let attached = sandbox.spawn("attach --no-stdin box");
    let silent = sandbox.spawn("attach --sig-proxy=false box");
    sandbox.until_happened("attach", 2);
    sandbox.docker("kill box").ok().says("box\n");
    assert_eq!(attached.finish().code(), 137);
    assert_eq!(silent.finish().code(), 137);
}

/// conmon 7c96040: `$(…)` and ssh hung, since the monitor held the caller's output.
#[test]
fn command_substitution_ends_with_the_command() {
    let sandbox = Sandbox::new();
    sandbox
        .shell("id=$(docker run -d --name box busybox sleep 600) && docker inspect -f '{{.Id}}' box | grep -c \"$id\"")
        .ok()
        .says("1\n");
    let monitor = monitor_of(&sandbox, "box");
    let open: BTreeSet<_> = ["0", "1", "2"]
        .iter()
        .filter_map(|fd| fs::read_link(format!("/proc/{monitor}/fd/{fd}")).ok())
        .collect();
    assert_eq!(
        open.iter()
            .map(|path| path.display().to_string())
            .collect::<Vec<_>>(),
        ["/dev/null"]
    );
}

/// conmon 4d3dba9: a program that ended before a process waited for it was never reaped.
#[test]
fn many_containers_that_end_at_once_are_all_reaped() {
    let sandbox = Sandbox::new();
    let runs: Vec<_> = (0..16)
        .map(|n| sandbox.spawn(&format!("run --rm busybox sh -c 'exit {n}'")))
        .collect();
    for (n, run) in (0..).zip(runs) {
        run.finish().fails(n).says("");
    }
    assert_eq!(sandbox.container_ids(), [""; 0]);
}

/// conmon 4f07101: the end was reported while the published port was still in use.
#[test]
fn a_port_is_free_when_its_container_has_ended() {
    let sandbox = Sandbox::new();
    sandbox
        .docker(&format!(
            "run -d --name first -p {}::80 busybox sleep 600",
            own_loopback()
        ))
        .ok()
        .warns("");
    let address = sandbox.docker("port first 80").ok().text().to_owned();
    for n in 0..5 {
        sandbox.docker("rm -f first").ok().says("first\n");
        sandbox
            .docker(&format!(
                "run -d --name first -p {address}:80 busybox sleep 60{n}"
            ))
            .ok()
            .warns("");
    }
    sandbox
        .docker(&format!(
            "run -d --name second -p {address}:80 busybox sleep 600"
        ))
        .fails(125)
        .complains("port is already allocated");
}

/// podman 439, 6520, 12699, 19629: a monitor that was killed left "running" behind.
#[test]
fn a_killed_monitor_leaves_no_wrong_status_and_no_process() {
    let sandbox = Sandbox::new();
    sandbox.sleeping("box");
    let init = init_of(&sandbox, "box");
    kill(monitor_of(&sandbox, "box"));
    eventually("the container ends with its monitor", || !is_alive(init));
    sandbox.docker("ps -q").ok().says("");
    sandbox
        .docker("ps -a --format '{{.Names}} {{.State}}'")
        .ok()
        .says("box exited\n");
    sandbox.docker("start box").ok().says("box\n");
    sandbox
        .docker("ps --format '{{.Names}} {{.State}}'")
        .ok()
        .says("box running\n");
}

/// The next command may come while the kernel is still ending the monitor's processes.
#[test]
fn a_container_is_started_again_right_after_its_monitor_was_killed() {
    let sandbox = Sandbox::new();
    // Many processes take a while to end.
    sandbox
        .docker("run -d --name box busybox sh -c 'for n in $(seq 300); do sleep 600 & done; wait'")
        .ok()
        .warns("");
    for _ in 0..5 {
        let (init, monitor) = (init_of(&sandbox, "box"), monitor_of(&sandbox, "box"));
        kill(monitor);
        eventually("the monitor has ended", || has_ended(monitor));
        sandbox.docker("start box").ok().says("box\n");
        assert!(has_ended(init), "two runs of one container");
        sandbox.docker("exec box true").ok();
    }
}

/// The same for the container's resources on the machine: its port and its name are free, and its cgroup is gone.
#[test]
fn a_killed_monitor_keeps_no_port_and_no_cgroup() {
    requires!(Root, Limits);
    let sandbox = Sandbox::new();
    let run = format!(
        "run -d --name box -m 64m -p {}::80 busybox sleep 600",
        own_loopback()
    );
    let id = sandbox.docker(&run).ok().text().to_owned();
    let address = sandbox.docker("port box 80").ok().text().to_owned();
    let init = init_of(&sandbox, "box");
    kill(monitor_of(&sandbox, "box"));
    eventually("the container ends with its monitor", || !is_alive(init));
    // The record says that the container has ended.
    sandbox
        .docker("ps -a --format '{{.Names}} {{.State}}{{.Ports}}'")
        .ok()
        .says("box exited\n");
    assert_eq!(leftovers::cgroups(&[id]), [""; 0]);
    sandbox
        .docker(&format!(
            "run -d --name other -p {address}:80 busybox sleep 600"
        ))
        .ok()
        .complains("`box` ended with the session that it belonged to, or its monitor was killed");
    sandbox.docker("rm -f box other").ok().says("box\nother\n");
}

/// podman 22641: a record from before the reboot, with a process id that now belongs to another process.
#[test]
fn a_record_that_claims_to_run_is_not_believed() {
    let sandbox = Sandbox::new();
    let id = sandbox.sleeping("box");
    let state = sandbox
        .home()
        .join("sandboxes/free/containers")
        .join(&id)
        .join("state.json");
    let running = fs::read(&state).expect("the record of a running container");
    sandbox.docker("kill box").ok().says("box\n");
    sandbox.docker("wait box").ok().says("137\n");
    fs::write(&state, running).expect("the record can be written");
    sandbox.docker("ps -q").ok().says("");
    sandbox.docker("rm box").ok().says("box\n");
}

/// conmon 29d17be and 93d4e63: log records were torn.
#[test]
fn each_line_of_the_log_is_a_whole_record() {
    let sandbox = Sandbox::new();
    let id = sandbox
        .docker("run -d --name box busybox sh -c 'seq 1 2000 & seq 1 2000 >&2; wait; head -c 40000 /dev/zero | tr \"\\\\0\" y; echo'")
        .ok()
        .text()
        .to_owned();
    sandbox.docker("wait box").ok().says("0\n");
    let log = sandbox
        .home()
        .join("sandboxes/free/containers")
        .join(id)
        .join("log.json");
    let log = fs::read_to_string(log).expect("a log");
    let mut longest = 0;
    for line in log.lines() {
        let record: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        let text = record["log"].as_str().expect("a text");
        assert!(
            matches!(record["stream"].as_str(), Some("stdout" | "stderr")),
            "{line}"
        );
        longest = longest.max(text.len());
    }
    assert_eq!(
        longest,
        16 * 1024,
        "a long line is split as Docker splits it"
    );
    assert!(log.lines().count() >= 4003);
}

/// conmon 426: a container that was killed for its memory looked like one that failed.
#[test]
fn running_out_of_memory_is_recorded() {
    requires!(Limits);
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --name box -m 16m --memory-swap 16m busybox sh -c 'tail -c 200000000 /dev/zero | wc -c; exec tail /dev/zero'")
        .fails(137);
    sandbox
        .docker("inspect -f '{{.State.OOMKilled}}' box")
        .ok()
        .says("true\n");
}

/// conmon 05eff51: the reason that `exec` could not start a program was lost.
#[test]
fn a_program_that_cannot_start_says_why() {
    let sandbox = Sandbox::new();
    sandbox.sleeping("box");
    sandbox
        .docker("exec -u nobody2 box true")
        .fails(126)
        .complains("nobody2");
    sandbox
        .docker("run --rm -u nobody2 busybox true")
        .fails(125)
        .complains("unable to find user nobody2");
}

/// conmon's `write_all`: a caller that stopped reading (Ctrl-S) froze the container.
#[test]
fn a_client_that_stops_reading_does_not_block_the_container() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -d -i --name box busybox sh -c 'read x; seq 1 300000; echo end > /end'")
        .ok()
        .warns("");
    let onlooker = sandbox.spawn("attach --no-stdin box");
    kill_process(
        Pid::from_raw(onlooker.pid()).expect("a process"),
        Signal::STOP,
    )
    .expect("it can be stopped");
    let writer = sandbox.docker_with("attach box", "go\n").ok();
    assert!(writer.stdout.ends_with("\n300000\n"));
    sandbox.docker("wait box").ok().says("0\n");
    kill_process(
        Pid::from_raw(onlooker.pid()).expect("a process"),
        Signal::CONT,
    )
    .expect("it can go on");
    drop(onlooker.finish());
}

/// Two hundred at once: each has its own monitor, and commands that read still give correct results.
#[test]
fn two_hundred_run_at_once() {
    let sandbox = Sandbox::new();
    for batch in 0..20 {
        let runs: Vec<_> = (0..10)
            .map(|n| sandbox.spawn(&format!("run -d --name box{batch}-{n} busybox sleep 600")))
            .collect();
        for run in runs {
            run.finish().ok().warns("");
        }
    }
    assert_eq!(sandbox.docker("ps -q").ok().lines().len(), 200);
    assert_eq!(
        sandbox
            .shell("docker rm -f $(docker ps -aq)")
            .ok()
            .lines()
            .len(),
        200
    );
    sandbox.docker("ps -aq").ok().says("");
}

/// The caller ends in some way: the container keeps running.
#[test]
fn a_killed_caller_does_not_end_the_container() {
    let sandbox = Sandbox::new();
    let mut caller = sandbox.spawn("run --name box busybox sleep 600");
    eventually("the container runs", || {
        sandbox.docker("ps -q").ok().text() != ""
    });
    caller.kill();
    drop(caller.finish());
    sandbox
        .docker("exec box echo still here")
        .ok()
        .says("still here\n");
}

/// Signals to `docker run` are passed on to the program.
#[test]
fn a_signal_to_the_caller_reaches_the_program() {
    let sandbox = Sandbox::new();
    let caller = sandbox.spawn(
        "run --rm --name box busybox sh -c 'trap \"echo asked; exit 5\" TERM; echo up; while :; do sleep 0.05; done'",
    );
    sandbox
        .shell("until docker logs box 2>/dev/null | grep -q up; do :; done")
        .ok()
        .says("");
    kill_process(
        Pid::from_raw(caller.pid()).expect("a process"),
        Signal::TERM,
    )
    .expect("it can be asked");
    caller.finish().fails(5).says("up\nasked\n");
}

/// The process id of the container's first process.
fn init_of(sandbox: &Sandbox, name: &str) -> i32 {
    let output = sandbox
        .docker(&format!("inspect -f '{{{{.State.Pid}}}}' {name}"))
        .ok();
    output.text().parse().expect("a process id")
}

/// The monitor is the parent of the container's first process.
fn monitor_of(sandbox: &Sandbox, name: &str) -> i32 {
    stat_fields(init_of(sandbox, name))[1]
        .parse()
        .expect("a parent")
}

/// The fields after the name in `/proc/<pid>/stat`: state, parent, …
fn stat_fields(pid: i32) -> Vec<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let (_, rest) = stat.rsplit_once(')').expect("a name in parentheses");
    rest.split_whitespace().map(str::to_owned).collect()
}

/// User and system time of `pid`, in ticks.
fn processor_ticks(pid: i32) -> u64 {
    let fields = stat_fields(pid);
    fields[11..13]
        .iter()
        .map(|ticks| ticks.parse::<u64>().expect("ticks"))
        .sum()
}

fn is_alive(pid: i32) -> bool {
    fs::metadata(format!("/proc/{pid}")).is_ok()
}

/// Its parent may take a while to reap it.
fn has_ended(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.is_empty() || stat.contains(") Z ")
}

fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).expect("a process"), Signal::KILL).expect("it can be killed");
}
