//! Attacks on container engines: the second table of `docs/security.md`.

use crate::support::probe;
use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;
use std::os::unix::fs::MetadataExt;

/// CVE-2024-21626: a descriptor of the host leaked into the container.
#[test]
fn no_descriptor_of_the_machine_leaks() {
    requires!(Tool("rustc"));
    let sandbox = Sandbox::new();
    let mount = probe::mounted(&sandbox);
    let secret = sandbox.write("secret", "the machine's\n");
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
        // Whether or not it starts there, the parent folders are the container's.
        sandbox
            .docker(&format!(
                "run --rm -w {dir} busybox sh -c 'cat ../../../../{}'",
                secret.display()
            ))
            .never_mentions("the machine's");
    }
}

/// Docker's device cgroup also blocks device nodes that a container makes. Here, the mounts are `nodev`.
#[test]
fn a_device_that_a_container_makes_leads_nowhere() {
    requires!(Root);
    let sandbox = Sandbox::new();
    // Harmless devices stand for all devices: the mount blocks the open, not a driver.
    let tries = |place: &str, flags: &str| {
        let program = format!("mknod {place}/n c 1 3 && mknod {place}/b b 7 0 && : > {place}/n");
        sandbox
            .docker(&format!("run --rm {flags} busybox sh -c '{program}'"))
            .fails(1)
            .complains("Permission denied");
    };
    let folder = sandbox.work().join("folder");
    std::fs::create_dir(&folder).expect("a folder");
    tries("/tmp", "");
    tries("/dev", "");
    tries("/volume", "-v box:/volume");
    tries("/bound", &format!("-v {}:/bound", folder.display()));
    tries("/memory", "--tmpfs /memory");
    sandbox
        .docker("run --rm --privileged busybox sh -c 'mknod /tmp/n c 1 3 && echo x > /tmp/n'")
        .ok()
        .says("");
    // A device of the machine that is mounted as a file does not work either; `--device` does.
    if std::path::Path::new("/dev/fuse").exists() {
        let opens = "sh -c 'exec 3<>/dev/fuse'";
        sandbox
            .docker(&format!("run --rm -v /dev/fuse:/dev/fuse busybox {opens}"))
            .fails(1)
            .complains("Permission denied");
        sandbox
            .docker(&format!("run --rm --device /dev/fuse busybox {opens}"))
            .ok()
            .says("");
        sandbox
            .docker("run --rm --device /dev/fuse:/dev/other:rwm busybox sh -c 'exec 3<>/dev/other'")
            .ok()
            .says("");
    }
    sandbox
        .docker("run --rm -v /dev/null:/quiet busybox sh -c 'echo x > /quiet'")
        .ok()
        .says("");
    for (flag, words) in [
        (
            "--device /dev/nosuch",
            "\"/dev/nosuch\": no such file or directory",
        ),
        ("--device /etc", "\"/etc\": not a device node"),
        (
            "--device /dev/null:r",
            "`--device /dev/null:r` is not part of docklings",
        ),
        ("--device null", "null is not an absolute path"),
    ] {
        sandbox
            .docker(&format!("run --rm {flag} busybox true"))
            .fails(125)
            .complains(words);
    }
}

/// The filter reads the flags of `clone`, and recognises calls of the processor's two other interfaces.
#[test]
fn the_filter_cannot_be_walked_around() {
    requires!(Tool("rustc"));
    let sandbox = Sandbox::new();
    let mount = probe::mounted(&sandbox);
    sandbox
        .docker(&format!(
            "run --rm {mount} busybox /probe calls clone-newuser clone-newns clone-newnet clone-newcgroup clone-plain \
             x32-getpid socket-alg socket-vsock personality personality-query personality-linux32"
        ))
        .ok()
        .says(
            "clone-newuser EPERM\nclone-newns EPERM\nclone-newnet EPERM\nclone-newcgroup EPERM\nclone-plain allowed\n\
             x32-getpid ENOSYS\nsocket-alg EPERM\nsocket-vsock EPERM\npersonality EPERM\n\
             personality-query allowed\npersonality-linux32 allowed\n",
        );
    let output = sandbox.docker(&format!("run --rm {mount} busybox /probe i386"));
    // A kernel without the 32-bit interface ends the program instead.
    assert!(
        output.stdout == "getpid -1\n" || output.code() == 139,
        "{output}"
    );
}

/// CVE-2019-19921, CVE-2023-27561, CVE-2025-52881: the image's author puts files where the kernel's are.
#[test]
fn nothing_is_mounted_over_proc() {
    let sandbox = Sandbox::new();
    sandbox.write("fake/attr", "fake\n");
    let fake = sandbox.work().join("fake");
    for target in [
        "/proc",
        "/proc/self",
        "/proc/sys/kernel",
        "/proc/self/attr/",
    ] {
        sandbox
            .docker(&format!(
                "run --rm -v {}:{target} busybox true",
                fake.display()
            ))
            .fails(125)
            .complains("cannot be mounted because it is inside /proc");
    }
    // A link of the image leads there, too.
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nRUN ln -s /proc/sys /innocent\n",
    );
    sandbox
        .docker("build -q -t linked .")
        .ok()
        .mentions("sha256:");
    sandbox
        .docker("run --rm -v box:/innocent/net linked true")
        .fails(125)
        .complains("inside /proc");
    // runc allows this, for tools that show a container its own memory.
    sandbox
        .docker(&format!(
            "run --rm -v {}/attr:/proc/meminfo:ro busybox cat /proc/meminfo",
            fake.display()
        ))
        .ok()
        .says("fake\n");
}

/// CVE-2024-9676 and similar: the image's user database is a FIFO, a link to the machine's, endless, or a folder.
#[test]
fn a_list_of_users_that_is_no_file_is_not_read() {
    requires!(SubordinateIds);
    let sandbox = Sandbox::new();
    for (name, make) in [
        ("fifo", "mkfifo /etc/passwd"),
        ("device", "ln -s /dev/zero /etc/passwd"),
        ("folder", "mkdir /etc/passwd"),
        (
            "huge",
            "dd if=/dev/zero of=/etc/passwd bs=1M count=0 seek=64 2>/dev/null",
        ),
    ] {
        sandbox.write(
            "Dockerfile",
            format!("FROM busybox\nRUN rm -f /etc/passwd; {make}\n"),
        );
        sandbox
            .docker(&format!("build -q -t {name} ."))
            .ok()
            .mentions("sha256:");
        sandbox
            .docker(&format!("run --rm -u somebody {name} true"))
            .fails(125)
            .complains("unable to find user somebody");
        // A number needs no database.
        sandbox
            .docker(&format!("run --rm -u 7 {name} true"))
            .ok()
            .says("");
    }
    // A link is followed only inside the image: the machine's `student` does not exist there.
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nRUN mkdir -p /a && mv /etc/passwd /a/list && ln -s ../../../../../a/list /etc/passwd && \
         echo onlyhere:x:77:78::/:/bin/sh >> /a/list\n",
    );
    sandbox
        .docker("build -q -t linked .")
        .ok()
        .mentions("sha256:");
    sandbox
        .docker("run --rm -u onlyhere linked id -u")
        .ok()
        .says("77\n");
}

/// CVE-2018-15664: while `docker cp` goes through a folder of the container, it is replaced by a link to the machine's.
#[test]
fn a_copy_through_a_link_that_changes_stays_inside() {
    let sandbox = Sandbox::new();
    let outside = sandbox.work().join("outside");
    std::fs::create_dir(&outside).expect("a folder");
    std::fs::write(outside.join("secret"), "the machine's\n").expect("a file");
    let outside = outside.display();
    sandbox
        .docker(&format!(
            "run -d --name box busybox sh -c 'mkdir -p /real {outside}; echo inner > /real/secret; echo inner > {outside}/secret; \
             while :; do ln -sfn /real /way; ln -sfn {outside} /way; done'"
        ))
        .ok()
        .warns("");
    sandbox
        .docker("exec box sh -c 'until [ -e /way/secret ]; do :; done'")
        .ok()
        .says("");
    for n in 0..30 {
        sandbox.write("in", format!("from outside {n}\n"));
        // The link may be missing for a moment; then nothing is copied, which is fine.
        drop(sandbox.docker("cp in box:/way/written"));
        let output = sandbox.docker("cp box:/way/secret out");
        if output.code() == 0 {
            let copied = std::fs::read_to_string(sandbox.work().join("out")).expect("the copy");
            assert_eq!(copied, "inner\n");
        }
    }
    let left: Vec<_> = std::fs::read_dir(sandbox.work().join("outside"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(left, ["secret"]);
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

/// CVE-2021-30465, CVE-2025-31133, CVE-2025-52565: the image has a link where the engine mounts.
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

/// CVE-2019-14271: the copying process loads a library, or starts a program, that the container has planted.
#[test]
fn a_copy_loads_nothing_of_the_container() {
    requires!(Tool("strace"));
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --name box busybox sh -c 'echo theirs:x:77:77::/:/bin/sh >> /etc/passwd; echo \"passwd: evil\" > /etc/nsswitch.conf; echo /evil.so > /etc/ld.so.preload; touch /evil.so'")
        .ok()
        .warns("");
    sandbox.write("mine", "mine\n");
    for copy in ["cp -a box:/etc/passwd out", "cp -a mine box:/etc/mine"] {
        let calls = "trace=openat,open,execve,execveat,pivot_root";
        sandbox
            .shell(&format!("strace -f -qq -e {calls} -o trace docker {copy}"))
            .ok();
        let trace = std::fs::read_to_string(sandbox.work().join("trace")).expect("strace wrote");
        let lines: Vec<(&str, &str)> = trace
            .lines()
            .filter_map(|line| line.split_once(' '))
            .collect();
        let inside: Vec<&str> = lines
            .iter()
            .filter(|(_, call)| call.contains("pivot_root("))
            .map(|(pid, _)| *pid)
            .collect();
        assert!(
            !inside.is_empty(),
            "no process entered the container:\n{trace}"
        );
        for pid in inside {
            let after = lines
                .iter()
                .filter(|(other, _)| *other == pid)
                .skip_while(|(_, call)| !call.contains("pivot_root("))
                .skip(1);
            for (_, call) in after {
                assert!(
                    !call.contains("exec") && !call.contains(".so") && !call.contains("nsswitch"),
                    "`{copy}` did `{call}` inside the container"
                );
            }
        }
    }
}

/// A monitor obeys every process that reaches its socket, so only its user may reach it.
#[test]
fn nobody_else_reaches_a_monitor() {
    let sandbox = Sandbox::new();
    sandbox.sleeping("box");
    let sockets: Vec<_> = [sandbox.runtime(), sandbox.home()]
        .iter()
        .flat_map(walkdir::WalkDir::new)
        .flatten()
        .filter(|entry| entry.file_name() == "ctl.sock")
        .map(walkdir::DirEntry::into_path)
        .collect();
    assert_eq!(sockets.len(), 1, "{sockets:?}");
    let folder = sockets[0].parent().expect("a socket is in a folder");
    let about = std::fs::metadata(folder).expect("the folder is there");
    assert_eq!(about.mode() & 0o777, 0o700, "{}", folder.display());
    assert_eq!(about.uid(), rustix::process::geteuid().as_raw());
}
