//! Mounts that do not fit their target, and a container's own files in `/etc`.

use crate::support::sandbox::Sandbox;

const NOT_ALIKE: &str = ": not a directory: Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type";

#[test]
fn a_directory_on_a_file_or_a_file_on_a_directory_is_refused_in_dockers_words() {
    let sandbox = Sandbox::new();
    sandbox.write("f", "x\n");
    sandbox.write("d/x", "x\n");
    for mount in [
        "-v ./d:/etc/passwd",
        "-v ./f:/etc",
        "-v ./d:/etc/hosts",
        "-v ./d:/etc/passwd/below",
        "--mount type=bind,src=./d,dst=/etc/passwd",
        "-v vol:/etc/passwd",
        "--tmpfs /etc/passwd",
    ] {
        let run = sandbox.docker(&format!("run --rm {mount} busybox true"));
        run.fails(125)
            .complains("docker: Error response from daemon: error mounting \"")
            .complains(NOT_ALIKE);
    }
    sandbox
        .docker("create --name box -v ./d:/etc/passwd busybox true")
        .ok();
    sandbox.docker("start box").fails(1).complains(NOT_ALIKE);
    sandbox
        .docker("inspect -f '{{.State.Status}} {{.State.ExitCode}}' box")
        .ok()
        .says("created 127\n");
    for mount in [
        "target=/etc/passwd",
        "source=f,target=/etc",
        "source=f,target=/etc/passwd/below",
        "type=cache,target=/etc/passwd",
        "type=tmpfs,target=/etc/passwd",
    ] {
        sandbox.write(
            "Dockerfile",
            format!("FROM busybox\nRUN --mount={mount} true\n"),
        );
        sandbox
            .docker("build .")
            .fails(1)
            .complains(NOT_ALIKE)
            .complains("--> Dockerfile:2:");
    }
}

#[test]
fn an_invalid_tmpfs_option_is_named() {
    let sandbox = Sandbox::new();
    for option in ["size=bad", "size=64mb", "mode=9", "uid=me", "foo", "foo=1"] {
        let run = sandbox.docker(&format!("run --rm --tmpfs /t:{option} busybox true"));
        run.fails(125)
            .complains(&format!("invalid tmpfs option [\"{option}\"]"));
    }
    sandbox
        .docker("run --rm --tmpfs /t:size=50%,mode=1770,nr_inodes=1k busybox stat -c %a /t")
        .ok()
        .says("1770\n");
}

#[test]
fn a_volume_over_a_kernel_file_system_starts_or_says_why_not() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm -v vol:/sys busybox ls /sys")
        .ok()
        .says("");
    sandbox
        .docker("run --rm -v vol:/dev busybox true")
        .fails(125)
        .complains("the mount on `/dev` has no device `null`");
    sandbox
        .docker("run --rm -v '~:/h' busybox true")
        .fails(125)
        .complains("create ~: \"~\" includes invalid characters for a local volume name");
    sandbox.write("here", "x\n");
    sandbox
        .shell("docker run --rm -v ~/:/h busybox ls /h")
        .ok()
        .mentions("here\n");
    sandbox.write("Dockerfile", "FROM busybox\nVOLUME /\n");
    sandbox.docker("build -q -t i .").ok();
    sandbox
        .docker("run --rm i true")
        .fails(125)
        .complains("invalid specification: destination can't be '/'");
}

#[test]
fn a_read_only_container_cannot_write_its_files_in_etc() {
    let sandbox = Sandbox::new();
    let write = "for f in hosts hostname resolv.conf; do echo '#' >> /etc/$f && echo $f; done 2>/dev/null; true";
    let run = |flags: &str| {
        let run = sandbox.docker(&format!("run --rm {flags} busybox sh -c \"{write}\""));
        run.ok().stdout
    };
    assert_eq!(run("--read-only"), "");
    assert_eq!(run(""), "hosts\nhostname\nresolv.conf\n");
}

#[test]
fn what_a_container_writes_into_etc_is_on_the_disk_and_not_in_memory() {
    let sandbox = Sandbox::new();
    let id = sandbox.sleeping("box");
    sandbox
        .docker("exec box sh -c 'echo mine >> /etc/hosts'")
        .ok();
    let hosts = sandbox
        .home()
        .join("sandboxes/free/containers")
        .join(id)
        .join("hosts");
    let text = std::fs::read_to_string(hosts).expect("the file is beside the container");
    assert!(text.ends_with("mine\n"), "{text}");
}
