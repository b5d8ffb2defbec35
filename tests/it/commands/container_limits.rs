//! Limits: what `run` sets, what `update` changes, and what the program inside sees.

use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;

/// The kernel's value for the container's cgroup: the file of version 1, or else of version 2.
fn group_file(sandbox: &Sandbox, name: &str, one: &str, two: &str) -> String {
    let id = sandbox
        .docker(&format!("inspect -f '{{{{.Id}}}}' {name}"))
        .ok()
        .text()
        .to_owned();
    let (controller, _) = one.split_once('.').expect("a controller and a file");
    let root = std::path::Path::new("/sys/fs/cgroup");
    let version_one = root.join(controller).join("docklings").join(&id).join(one);
    let version_two = root.join("docklings").join(&id).join(two);
    std::fs::read_to_string(version_one)
        .or_else(|_| std::fs::read_to_string(version_two))
        .unwrap_or_else(|error| panic!("{one}, {two}: {error}"))
        .trim()
        .to_owned()
}

#[test]
fn each_limit_is_set_in_the_kernel_and_shown_by_inspect() {
    requires!(Root, Limits);
    let sandbox = Sandbox::new();
    sandbox
        .docker(
            "run -d --name box -m 64m --memory-reservation 32m --memory-swap 128m -c 512 \
             --cpus 0.5 --cpuset-cpus 0 --pids-limit 50 busybox sleep 600",
        )
        .ok()
        .warns("");
    let read = |one: &str, two: &str| group_file(&sandbox, "box", one, two);
    assert_eq!(read("memory.limit_in_bytes", "memory.max"), "67108864");
    assert_eq!(read("memory.soft_limit_in_bytes", "memory.low"), "33554432");
    assert!(["512", "20"].contains(&&*read("cpu.shares", "cpu.weight")));
    assert!(read("cpu.cfs_quota_us", "cpu.max").starts_with("50000"));
    assert_eq!(read("cpuset.cpus", "cpuset.cpus"), "0");
    assert_eq!(read("pids.max", "pids.max"), "50");
    sandbox
        .docker("exec box grep Cpus_allowed_list /proc/self/status")
        .ok()
        .says("Cpus_allowed_list:\t0\n");
    sandbox
        .docker(
            "inspect -f '{{with .HostConfig}}{{.Memory}} {{.MemoryReservation}} {{.MemorySwap}} {{.CpuShares}} \
             {{.NanoCpus}} {{.CpusetCpus}} {{.PidsLimit}}{{end}}' box",
        )
        .ok()
        .says("67108864 33554432 134217728 512 500000000 0 50\n");
}

#[test]
fn update_changes_a_running_container() {
    requires!(Root, Limits);
    let sandbox = Sandbox::new();
    sandbox.sleeping("box");
    // A kind of limit that the container did not have, and a second one with it.
    sandbox
        .docker("update --pids-limit 40 box")
        .ok()
        .says("box\n");
    sandbox
        .docker("update --cpus 0.5 -c 2048 --cpuset-cpus 0 box")
        .ok()
        .says("box\n");
    let read = |one: &str, two: &str| group_file(&sandbox, "box", one, two);
    assert_eq!(read("pids.max", "pids.max"), "40");
    assert!(read("cpu.cfs_quota_us", "cpu.max").starts_with("50000"));
    sandbox
        .docker("exec box grep Cpus_allowed_list /proc/1/status")
        .ok()
        .says("Cpus_allowed_list:\t0\n");
    sandbox
        .docker("update --pids-limit -1 box")
        .ok()
        .says("box\n");
    assert_eq!(read("pids.max", "pids.max"), "max");
    // Docker's own trap: without a limit yet, memory can only be changed together with swap.
    sandbox
        .docker("update -m 32m box")
        .fails(1)
        .complains("Cannot update container")
        .complains("update the memoryswap at the same time");
    sandbox
        .docker("update -m 32m --memory-swap 64m --memory-reservation 16m box")
        .ok()
        .says("box\n");
    assert_eq!(read("memory.limit_in_bytes", "memory.max"), "33554432");
    sandbox.docker("update -m 48m box").ok().says("box\n");
    sandbox
        .docker("inspect -f '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}' box")
        .ok()
        .says("50331648 67108864\n");
    sandbox
        .docker("update --restart on-failure:3 box")
        .ok()
        .says("box\n");
    sandbox
        .docker("inspect -f '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}' box")
        .ok()
        .says("on-failure 3\n");
    sandbox
        .docker("update box")
        .fails(1)
        .complains("you must provide one or more flags when using this command");
}

#[test]
fn an_update_of_a_stopped_container_applies_when_it_starts() {
    requires!(Root, Limits);
    let sandbox = Sandbox::new();
    sandbox
        .docker("create --name box -m 64m busybox sleep 600")
        .ok()
        .warns("");
    sandbox
        .docker("update -m 32m --pids-limit 30 box")
        .ok()
        .says("box\n");
    sandbox.docker("start box").ok().says("box\n");
    let read = |one: &str, two: &str| group_file(&sandbox, "box", one, two);
    assert_eq!(read("memory.limit_in_bytes", "memory.max"), "33554432");
    assert_eq!(read("pids.max", "pids.max"), "30");
}

#[test]
fn invalid_limits_are_refused_before_anything_is_made() {
    let sandbox = Sandbox::new();
    for (flags, words) in [
        ("-m 1m", "Minimum memory limit allowed is 6MB"),
        ("--memory-swap 1g", "You should always set the Memory limit"),
        ("-m 64m --memory-swap 32m", "Minimum memoryswap limit"),
        ("--memory-reservation 1m", "Minimum memory reservation"),
        ("-m 10m --memory-reservation 20m", "can not be less than"),
        ("--cpus 5000", "range of CPUs is from 0.01 to"),
        ("--cpu-quota 5000", "`--cpu-quota` is not part of docklings"),
        ("--cpuset-cpus 4000", "Requested CPUs are not available"),
        ("--cpuset-cpus x", "Invalid value x for cpuset cpus"),
    ] {
        sandbox
            .docker(&format!("run {flags} busybox true"))
            .fails(125)
            .complains(words);
    }
    assert_eq!(sandbox.container_ids(), [""; 0]);
}

#[test]
fn without_a_cgroup_a_limit_is_an_error_that_says_why() {
    requires!(OrdinaryUser);
    let sandbox = Sandbox::new();
    if sandbox
        .docker("run --rm --pids-limit 5 busybox true")
        .code()
        == 0
    {
        // This user has a delegated cgroup, so there is no error to test.
        return;
    }
    for flags in [
        "-m 64m",
        "--cpus 0.5",
        "--pids-limit 5",
        "-c 512",
        "--cpuset-cpus 0",
    ] {
        sandbox
            .docker(&format!("run --name box {flags} busybox true"))
            .fails(125)
            .complains("limits need a cgroup that you can write, and there is none")
            .complains("permission denied");
        sandbox.docker("rm box").ok().says("box\n");
    }
}
