//! What a container can see and do: Docker's defaults, tried from inside. `docs/security.md` has the table.

use crate::support::probe;
use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;

#[test]
fn the_capabilities_are_dockers_fourteen() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm busybox sh -c 'grep Cap /proc/self/status'")
        .ok()
        .says(
            "CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\nCapEff:\t00000000a80425fb\n\
         CapBnd:\t00000000a80425fb\nCapAmb:\t0000000000000000\n",
        );
    let effective = |flags: &str| {
        sandbox
            .docker(&format!(
                "run --rm {flags} busybox sh -c 'grep CapEff /proc/self/status | cut -f2'"
            ))
            .ok()
            .text()
            .to_owned()
    };
    assert_eq!(effective("--cap-drop ALL"), "0000000000000000");
    assert_eq!(
        effective("--cap-drop ALL --cap-add CHOWN"),
        "0000000000000001"
    );
    assert_eq!(effective("--cap-drop CAP_CHOWN"), "00000000a80425fa");
}

#[test]
fn another_user_has_no_capabilities_and_keeps_none_for_later() {
    requires!(SubordinateIds);
    let sandbox = Sandbox::new();
    sandbox.docker("run --rm -u 1000:1000 busybox sh -c 'id -u; id -g; grep Cap /proc/self/status'").ok().says(
        "1000\n1000\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n\
         CapBnd:\t00000000a80425fb\nCapAmb:\t0000000000000000\n",
    );
    sandbox
        .docker("run --rm -u nobody busybox id -un")
        .ok()
        .says("nobody\n");
}

#[test]
fn no_new_privileges_is_on_when_requested() {
    let sandbox = Sandbox::new();
    sandbox
        .docker(
            "run --rm --security-opt no-new-privileges busybox grep NoNewPrivs /proc/self/status",
        )
        .ok()
        .says("NoNewPrivs:\t1\n");
}

#[test]
fn a_filter_of_system_calls_is_loaded() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm busybox grep -w Seccomp: /proc/self/status")
        .ok()
        .says("Seccomp:\t2\n");
    sandbox
        .docker("run --rm --privileged busybox grep -w Seccomp: /proc/self/status")
        .ok()
        .says("Seccomp:\t0\n");
    sandbox
        .docker(
            "run --rm --security-opt seccomp=unconfined busybox grep -w Seccomp: /proc/self/status",
        )
        .ok()
        .says("Seccomp:\t0\n");
}

#[test]
fn the_filter_refuses_what_dockers_refuses() {
    requires!(Tool("rustc"));
    let sandbox = Sandbox::new();
    let mount = probe::mounted(&sandbox);
    let refused = [
        "mount",
        "unshare-user",
        "unshare-net",
        "setns",
        "syslog",
        "personality",
        "sethostname",
        "reboot",
        "swapon",
        "init_module",
        "clock_settime",
        "keyctl",
        "add_key",
        "open_by_handle_at",
        "kexec_load",
        "bpf",
        "userfaultfd",
        "perf_event_open",
        "io_uring_setup",
        "socket-vsock",
    ];
    let output = sandbox
        .docker(&format!(
            "run --rm {mount} busybox /probe calls {}",
            refused.join(" ")
        ))
        .ok();
    let wrong: Vec<_> = output
        .lines()
        .into_iter()
        .filter(|line| !line.ends_with(" EPERM"))
        .collect();
    assert_eq!(wrong, [""; 0]);
    // The C library falls back to `clone`, whose flags can be filtered, only if `clone3` does not exist.
    sandbox
        .docker(&format!(
            "run --rm {mount} busybox /probe calls clone3 socket-inet chroot"
        ))
        .ok()
        .says("clone3 ENOSYS\nsocket-inet allowed\nchroot allowed\n");
    sandbox
        .docker(&format!("run --rm {mount} busybox /probe calls socket-alg"))
        .ok()
        .never_mentions("allowed");
}

#[test]
fn the_namespaces_are_its_own() {
    let sandbox = Sandbox::new();
    for kind in ["mnt", "pid", "net", "uts", "ipc"] {
        let own = std::fs::read_link(format!("/proc/self/ns/{kind}")).expect("a namespace");
        let output = sandbox
            .docker(&format!("run --rm busybox readlink /proc/self/ns/{kind}"))
            .ok();
        assert!(output.text().starts_with(&format!("{kind}:[")), "{output}");
        assert_ne!(output.text(), own.to_string_lossy(), "{kind}");
    }
    sandbox
        .docker("run --rm --network none busybox sh -c 'ls /sys/class/net'")
        .ok()
        .says("lo\n");
    let interfaces = sandbox.docker("run --rm busybox ls /sys/class/net").ok();
    assert!(
        ["lo\n", "eth0\nlo\n"].contains(&&*interfaces.stdout),
        "{interfaces}"
    );
    sandbox
        .docker("run --rm --network none busybox sh -c 'cat /sys/class/net/lo/operstate'")
        .ok()
        .mentions("un");
}

#[test]
fn the_root_is_the_images_and_there_is_no_way_back() {
    let sandbox = Sandbox::new();
    let home = sandbox.home();
    let output = sandbox
        .docker("run --rm busybox cat /proc/self/mountinfo")
        .ok();
    let root = output
        .lines()
        .iter()
        .find(|line| line.split(' ').nth(4) == Some("/"))
        .map(|line| (*line).to_owned());
    assert!(
        root.is_some_and(|line| line.contains(" - overlay ")),
        "{output}"
    );
    sandbox
        .docker(&format!("run --rm busybox ls {}", home.display()))
        .fails(1)
        .complains("No such file or directory");
    sandbox
        .docker("run --rm busybox ls -d /.. /../../tmp")
        .ok()
        .says("/..\n/../../tmp\n");
    sandbox
        .docker(
            "run --rm busybox sh -c 'readlink /proc/1/root; ls -d /proc/1/root/../../bin/busybox'",
        )
        .ok()
        .says("/\n/proc/1/root/../../bin/busybox\n");
}

#[test]
fn proc_and_sys_are_masked_and_read_only_where_dockers_are() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm busybox sh -c 'echo 1 > /proc/sys/kernel/panic'")
        .fails(1)
        .warns("sh: can't create /proc/sys/kernel/panic: Read-only file system\n");
    sandbox
        .docker("run --rm busybox sh -c '[ -e /proc/sysrq-trigger ] || exit 1; echo b > /proc/sysrq-trigger'")
        .fails(1)
        .says("");
    sandbox
        .docker("run --rm busybox sh -c 'head -c1 /proc/kcore | wc -c'")
        .ok()
        .says("0\n");
    sandbox
        .docker("run --rm busybox sh -c 'cat /proc/timer_list /proc/keys | wc -c'")
        .ok()
        .says("0\n");
    sandbox
        .docker("run --rm busybox sh -c 'ls -A /sys/firmware /proc/acpi 2>/dev/null | grep -v -e :$ -e ^$'")
        .fails(1)
        .says("");
    sandbox
        .docker("run --rm busybox mkdir /sys/fs/cgroup/x")
        .fails(1)
        .status_code_is_not(0);
    sandbox
        .docker("run --rm busybox touch /sys/x")
        .fails(1)
        .says("");
}

#[test]
fn the_devices_are_the_usual_ones() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm busybox sh -c 'ls /dev | grep -vx core'")
        .ok()
        .says("fd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\n");
    sandbox
        .docker("run --rm busybox sh -c 'echo x > /dev/null && head -c4 /dev/zero | wc -c && [ -c /dev/null ] && df /dev/shm | tail -1 | cut -d\" \" -f1'")
        .ok()
        .says("4\nshm\n");
}

/// Each path that Docker hides or protects, if the kernel has it, and the flags of each of the kernel's mounts.
#[test]
fn the_mounts_are_dockers() {
    let sandbox = Sandbox::new();
    let info = sandbox
        .docker("run --rm busybox cat /proc/self/mountinfo")
        .ok();
    let flags = |path: &str| {
        let lines = info.lines();
        let line = lines
            .iter()
            .rfind(|line| line.split(' ').nth(4) == Some(path));
        line.map(|line| line.split(' ').nth(5).unwrap_or_default().to_owned())
    };
    let there = |path: &str| std::path::Path::new(path).exists();
    for path in [
        "/proc/acpi",
        "/proc/asound",
        "/proc/interrupts",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/sched_debug",
        "/proc/scsi",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/sys/devices/virtual/powercap",
        "/sys/firmware",
    ] {
        assert!(
            flags(path).is_some() || !there(path),
            "{path} is not hidden: {info}"
        );
    }
    for path in [
        "/proc/bus",
        "/proc/fs",
        "/proc/irq",
        "/proc/sys",
        "/proc/sysrq-trigger",
        "/sys",
    ] {
        let read_only = flags(path).is_some_and(|flags| flags.split(',').any(|flag| flag == "ro"));
        assert!(read_only || !there(path), "{path} can be written: {info}");
    }
    for (path, wanted) in [
        ("/", "nodev"),
        ("/proc", "nosuid nodev noexec"),
        ("/dev", "nosuid nodev"),
        ("/dev/pts", "nosuid noexec"),
        ("/dev/shm", "nosuid nodev noexec"),
        ("/dev/mqueue", "nosuid nodev noexec"),
        ("/sys", "nosuid nodev noexec"),
    ] {
        let flags = flags(path).unwrap_or_default();
        for flag in wanted.split(' ') {
            assert!(
                flags.split(',').any(|one| one == flag),
                "{path} has {flags}, not {flag}"
            );
        }
    }
    assert!(info.stdout.contains("size=65536k"), "{info}");
    // With the machine's own capabilities, Docker hides nothing.
    sandbox
        .docker("run --rm --privileged busybox grep -c /proc/kcore /proc/self/mountinfo")
        .fails(1)
        .says("0\n");
}

#[test]
fn the_network_is_set_up_for_ordinary_users_of_the_container() {
    let sandbox = Sandbox::new();
    let low = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
    sandbox
        .docker(&format!("run --rm busybox cat {low}"))
        .ok()
        .says("0\n");
    if rustix::process::geteuid().is_root() {
        sandbox
            .docker("run --rm busybox cat /proc/sys/net/ipv4/ping_group_range")
            .ok()
            .says("0\t2147483647\n");
    }
}

#[test]
fn further_processes_have_no_more_rights_than_the_first() {
    requires!(SubordinateIds);
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -d --name box --cap-drop NET_RAW --security-opt no-new-privileges busybox sleep 600")
        .ok()
        .warns("");
    let look = "grep -E \"Cap|NoNewPrivs|^Seccomp:\" /proc/self/status";
    let of_init = "grep -E \"Cap|NoNewPrivs|^Seccomp:\" /proc/1/status";
    let own = sandbox.docker(&format!("exec box sh -c '{look}'")).ok();
    sandbox
        .docker(&format!("exec box sh -c '{of_init}'"))
        .ok()
        .says(&own.stdout)
        .mentions("CapInh:\t0000000000000000")
        .mentions("CapEff:\t00000000a80405fb")
        .mentions("CapAmb:\t0000000000000000")
        .mentions("NoNewPrivs:\t1")
        .mentions("Seccomp:\t2");
    sandbox
        .docker(&format!("exec -u 1000 box sh -c '{look}'"))
        .ok()
        .mentions("CapInh:\t0000000000000000")
        .mentions("CapPrm:\t0000000000000000")
        .mentions("CapEff:\t0000000000000000")
        .mentions("CapAmb:\t0000000000000000");
    // An added capability is in another user's bounding set, but in no set that programs inherit.
    sandbox
        .docker(&format!(
            "run --rm -u 1000 --cap-add SYS_PTRACE busybox sh -c '{look}'"
        ))
        .ok()
        .mentions("CapInh:\t0000000000000000")
        .mentions("CapEff:\t0000000000000000")
        .mentions("CapBnd:\t00000000a80c25fb")
        .mentions("CapAmb:\t0000000000000000");
}

#[test]
fn limits_are_as_requested() {
    requires!(Limits);
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm --pids-limit 8 busybox sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 5 & done; wait'")
        .status_code_is_not(0)
        .complains("can't fork");
    sandbox
        .docker("run --rm -m 16m busybox sh -c 'tail /dev/zero'")
        .status_code_is_not(0);
}

#[test]
fn a_published_port_reaches_the_container_and_only_a_published_one() {
    let sandbox = Sandbox::new();
    sandbox.write("site/index.html", "a page\n");
    let site = sandbox.work().join("site");
    sandbox
        .docker(&format!(
            "run -d --name web -p 127.0.0.1::80 -v {}:/www busybox httpd -f -p 80 -h /www",
            site.display()
        ))
        .ok()
        .warns("");
    let address = sandbox.docker("port web 80/tcp").ok().text().to_owned();
    sandbox
        .docker("exec web sh -c 'until wget -q -O - localhost:80; do :; done'")
        .ok()
        .says("a page\n");
    sandbox
        .docker(&format!(
            "run --rm --network host busybox wget -q -O - {address}"
        ))
        .ok()
        .says("a page\n");
    sandbox
        .docker(&format!("run --rm busybox wget -q -O - {address}"))
        .fails(1)
        .complains("Connection refused");
}

#[test]
fn host_name_hosts_and_resolver_are_the_containers_own() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm -h box --add-host db:10.0.0.9 busybox sh -c 'cat /etc/hostname; grep -w db /etc/hosts; grep -w localhost /etc/hosts | head -1'")
        .ok()
        .says("box\n10.0.0.9\tdb\n127.0.0.1\tlocalhost\n");
}

/// With `CAP_SYS_PTRACE`, a process of the container can open the files of another process and control it. So a process
/// that enters a container must have nothing to take over, from its first instruction on (CVE-2016-9962).
#[test]
fn what_enters_a_container_has_nothing_that_a_tracer_could_take() {
    requires!(Tool("rustc"), SubordinateIds);
    let sandbox = Sandbox::new();
    let mount = probe::mounted(&sandbox);
    for flags in ["--init", "--privileged"] {
        let more = format!("{flags} --health-cmd true --health-interval 100ms");
        sandbox
            .docker(&format!(
                "run -d --name box --cap-add SYS_PTRACE {more} {mount} busybox /probe watch"
            ))
            .ok()
            .warns("");
        let races =
            "docker exec box true; docker exec -u 1000 box true; docker exec -t box true >/dev/null
             docker exec -w /proc/self box true; docker cp box:/etc/hostname - >/dev/null";
        sandbox
            .shell(&format!("for n in $(seq 25); do {races}; done 2>&1"))
            .ok();
        let said = sandbox.docker("logs box").ok();
        assert!(said.stdout.contains("seen"), "it saw no process: {said}");
        assert!(!said.stdout.contains("hit"), "{said}");
        sandbox.docker("rm -f box").ok().says("box\n");
    }
}
