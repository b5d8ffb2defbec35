//! cgroup version 2, also on machines with version 1: the test mounts its tree in its own namespace, with the options
//! that systemd uses. Controllers that version 1 uses are missing there; everything else is real.

use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;

/// Runs shell `lines` with version 2 in `/sys/fs/cgroup`, and checks that they did not change its mount options. These
/// options are the same for all mounts of the machine.
fn in_version_two(sandbox: &Sandbox, lines: &str) -> String {
    let script = format!(
        "if ! [ -e /sys/fs/cgroup/cgroup.controllers ]; then
             umount -R /sys/fs/cgroup 2>/dev/null
             mount -t cgroup2 -o nsdelegate,memory_recursiveprot none /sys/fs/cgroup || exit 77
         fi
         before=$(grep ' cgroup2 ' /proc/mounts)
         {lines}
         after=$(grep ' cgroup2 ' /proc/mounts)
         [ \"$before\" = \"$after\" ] || echo \"mounted as $before, and then as $after\""
    );
    sandbox.write("script", script);
    let output = sandbox.shell("unshare --mount --propagation private sh ./script 2>&1");
    assert!([0, 77].contains(&output.code()), "{output}");
    output.stdout
}

#[test]
fn a_container_is_born_frozen_thawed_and_removed_with_its_group() {
    requires!(Root, Tool("unshare"));
    let sandbox = Sandbox::new();
    let said = in_version_two(
        &sandbox,
        "id=$(docker run -d --name box busybox sleep 600)
         grep -c . /sys/fs/cgroup/docklings/$id/cgroup.procs
         docker exec box cat /proc/self/cgroup | grep ^0::
         docker exec box sh -c 'mkdir /sys/fs/cgroup/x 2>/dev/null || echo read-only'
         docker pause box; cat /sys/fs/cgroup/docklings/$id/cgroup.freeze
         docker ps --format '{{.State}}'
         docker unpause box; cat /sys/fs/cgroup/docklings/$id/cgroup.freeze
         docker exec box echo awake
         docker rm -f box; ls -d /sys/fs/cgroup/docklings/$id 2>&1 | grep -c 'No such file'",
    );
    if !said.is_empty() {
        // In its own namespace, the container's cgroup is the root.
        assert_eq!(
            said,
            "1\n0::/\nread-only\nbox\n1\npaused\nbox\n0\nawake\nbox\n1\n"
        );
    }
}

#[test]
fn a_controller_that_is_missing_is_named_when_a_limit_needs_it() {
    requires!(Root, Tool("unshare"));
    let sandbox = Sandbox::new();
    let said = in_version_two(
        &sandbox,
        "if grep -qw memory /sys/fs/cgroup/cgroup.controllers; then
             docker run --rm -m 64m busybox true && echo limited
         else
             docker run --name box -m 64m busybox true || docker inspect -f '{{.State.Status}}' box
             ls -d /sys/fs/cgroup/docklings/$(docker inspect -f '{{.Id}}' box) 2>&1 | grep -c 'No such file'
         fi",
    );
    let refused = said
        .contains("the `memory` controller is not enabled for `/sys/fs/cgroup/docklings`")
        && said.ends_with("created\n1\n");
    assert!(refused || said == "limited\n" || said.is_empty(), "{said}");
}

/// With `nsdelegate`, a process in a cgroup namespace cannot enter a cgroup outside that namespace.
#[test]
fn further_processes_and_copies_enter_the_group_of_a_container() {
    requires!(Root, Tool("unshare"));
    let sandbox = Sandbox::new();
    let said = in_version_two(
        &sandbox,
        "id=$(docker run -d --name box --health-cmd 'cat /proc/self/cgroup' --health-interval 1s busybox sleep 600)
         docker exec -d box sleep 600
         grep -c . /sys/fs/cgroup/docklings/$id/cgroup.procs
         docker exec -t box cat /proc/self/cgroup | tr -d '\\r' | grep ^0::
         docker cp box:/etc/hostname - | wc -c
         until [ $(docker inspect -f '{{len .State.Health.Log}}' box) -gt 0 ]; do :; done
         docker inspect -f '{{(index .State.Health.Log 0).ExitCode}}' box",
    );
    assert!(said == "2\n0::/\n2048\n0\n" || said.is_empty(), "{said}");
}

#[test]
fn a_build_step_sees_no_groups_of_the_machine_and_leaves_its_mount_alone() {
    requires!(Root, Tool("unshare"));
    let sandbox = Sandbox::new();
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nRUN grep ^0:: /proc/self/cgroup > /seen; ls -d /sys/fs/cgroup/docklings /sys/fs/cgroup/*.slice; true\n",
    );
    let said = in_version_two(
        &sandbox,
        "docker build -q -t step . >/dev/null
         docker run --rm step cat /seen",
    );
    assert!(said == "0::/\n" || said.is_empty(), "{said}");
}
