//! What a container can see and do: Docker's defaults, tried from inside. The table is in `docs/security.md`.

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
fn no_new_privileges_is_on_when_asked() {
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
    // The C library falls back to `clone`, whose flags can be filtered, only when told that there is no `clone3`.
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

/// CVE-2024-21626: a descriptor of the host's leaked into the container.
#[test]
fn no_descriptor_of_the_machine_leaks() {
    requires!(Tool("rustc"));
    let sandbox = Sandbox::new();
    let mount = probe::mounted(&sandbox);
    let numbers = |words: &str| -> String {
        let output = sandbox.docker(words).ok();
        output
            .lines()
            .iter()
            .filter_map(|line| line.split(' ').next())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        numbers(&format!("run --rm {mount} busybox /probe fds")),
        "0 1 2"
    );
    sandbox
        .docker(&format!("run -d --name box {mount} busybox sleep 600"))
        .ok()
        .warns("");
    assert_eq!(numbers("exec box /probe fds"), "0 1 2");
    for dir in ["/proc/self/fd/3", "/proc/self/fd/7", "/proc/self/fd/9"] {
        sandbox
            .docker(&format!("run --rm -w {dir} busybox cat /proc/1/environ"))
            .code();
        sandbox
            .docker(&format!(
                "run --rm -w {dir} busybox ls ../../../../root/.cargo"
            ))
            .never_mentions("registry");
    }
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
        .docker("run --rm busybox sh -c 'ls /sys/class/net'")
        .ok()
        .says("lo\n");
    sandbox
        .docker("run --rm --network none busybox sh -c 'cat /sys/class/net/lo/operstate'")
        .ok()
        .mentions("un");
}

#[test]
fn the_root_is_the_images_and_nothing_leads_back() {
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

#[test]
fn a_disk_of_the_machine_cannot_be_opened() {
    requires!(Tool("rustc"));
    let sandbox = Sandbox::new();
    let mount = probe::mounted(&sandbox);
    sandbox
        .docker(&format!("run --rm {mount} busybox /probe calls mknod-disk"))
        .ok()
        .mentions("open ");
}

/// CVE-2019-5736: the container wrote to the engine's binary through `/proc/<pid>/exe`.
#[test]
fn the_engines_binary_cannot_be_reached_through_proc() {
    let sandbox = Sandbox::new();
    let binary = env!("CARGO_BIN_EXE_docklings");
    let before = std::fs::metadata(binary)
        .and_then(|meta| meta.modified())
        .expect("the binary");
    sandbox
        .docker("run --rm --entrypoint /proc/self/exe busybox sh -c 'echo x'")
        .never_mentions("docklings");
    sandbox.docker("run -d --name box busybox sh -c 'for p in /proc/[0-9]*; do echo x > $p/exe; done 2>/dev/null; sleep 600'").ok();
    sandbox
        .docker("exec box sh -c 'readlink /proc/1/exe; readlink /proc/self/exe'")
        .ok()
        .says("/bin/busybox\n/bin/busybox\n");
    let after = std::fs::metadata(binary)
        .and_then(|meta| meta.modified())
        .expect("the binary");
    assert_eq!(before, after);
}

/// CVE-2021-30465, CVE-2025-31133, CVE-2025-52565: a link in the image where the engine mounts.
#[test]
fn a_link_where_something_is_mounted_does_not_lead_outside() {
    let sandbox = Sandbox::new();
    let outside = sandbox.work().join("outside");
    std::fs::create_dir(&outside).expect("a folder");
    sandbox.write(
        "Dockerfile",
        format!(
            "FROM busybox\nRUN rm -rf /mnt && mkdir -p {0} && ln -s {0} /mnt && ln -s {0} /deep\n",
            outside.display()
        ),
    );
    sandbox
        .docker("build -q -t linked .")
        .ok()
        .mentions("sha256:");
    sandbox.write("data/secret", "from data\n");
    let data = sandbox.work().join("data");
    sandbox
        .docker(&format!(
            "run --rm -v {}:/mnt/inner linked cat /mnt/inner/secret",
            data.display()
        ))
        .ok()
        .says("from data\n");
    sandbox
        .docker("run --rm -v box:/deep/vol linked touch /deep/vol/f")
        .ok()
        .says("");
    let left: Vec<_> = std::fs::read_dir(&outside).expect("a folder").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn limits_are_what_was_asked_for() {
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
        .docker(&format!("run --rm busybox wget -T 2 -q -O - {address}"))
        .status_code_is_not(0);
}

#[test]
fn host_name_hosts_and_resolver_are_the_containers_own() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm -h box --add-host db:10.0.0.9 busybox sh -c 'cat /etc/hostname; grep -w db /etc/hosts; grep -w localhost /etc/hosts | head -1'")
        .ok()
        .says("box\n10.0.0.9\tdb\n127.0.0.1\tlocalhost\n");
}
