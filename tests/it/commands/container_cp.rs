//! `docker cp`: files into and out of a container, whether it runs or not.

use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;

#[test]
fn a_file_goes_in_and_comes_out() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("create --name box busybox cat /given")
        .ok()
        .warns("");
    sandbox.write("given", "a present\n");
    sandbox.docker("cp given box:/given").ok().says("");
    sandbox.docker("start -a box").ok().says("a present\n");
    sandbox.docker("cp box:/given back").ok().says("");
    sandbox.shell("cat back").ok().says("a present\n");
}

#[test]
fn it_works_on_a_running_container() {
    let sandbox = Sandbox::new();
    sandbox.sleeping("box");
    sandbox
        .docker("exec box sh -c 'echo inside > /note'")
        .ok()
        .says("");
    sandbox.docker("cp box:/note .").ok().says("");
    sandbox.shell("cat note").ok().says("inside\n");
    sandbox.write("tree/sub/b", "b\n");
    sandbox.docker("cp tree box:/tmp").ok().says("");
    sandbox
        .docker("exec box cat /tmp/tree/sub/b")
        .ok()
        .says("b\n");
}

#[test]
fn missing_files_and_senseless_copies_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.docker("create --name box busybox").ok().warns("");
    sandbox.write("dir/a", "");
    sandbox
        .docker("cp box:/nosuch .")
        .fails(1)
        .warns("Error response from daemon: Could not find the file /nosuch in container box\n");
    sandbox
        .docker("cp box:/a box:/b")
        .fails(1)
        .warns("copying between containers is not supported\n");
    sandbox
        .docker("cp a b")
        .fails(1)
        .warns("must specify at least one container source\n");
    sandbox
        .docker("cp dir box:/etc/passwd")
        .fails(1)
        .complains("cannot copy directory");
}

#[test]
fn a_link_in_the_container_never_leads_to_the_machine() {
    let sandbox = Sandbox::new();
    let outside = sandbox.write("outside", "untouched\n");
    let outside = outside.display();
    sandbox
        .docker(&format!("run --name box busybox ln -s {outside} /link"))
        .ok()
        .says("");
    sandbox.write("new", "written\n");
    // The link is followed inside the container's root, where its target's folder does not exist.
    sandbox
        .docker("cp new box:/link")
        .fails(1)
        .complains("Could not find the file");
    sandbox.shell("cat outside").ok().says("untouched\n");
    sandbox
        .docker("cp -L box:/link stolen")
        .fails(1)
        .complains("Could not find the file");
}

#[test]
fn the_end_of_a_path_decides_what_is_copied() {
    let sandbox = Sandbox::new();
    sandbox.sleeping("box");
    // The contents of a folder come without the folder's name.
    let names = sandbox.docker("cp box:/etc/. names.tar").ok();
    assert_eq!(names.stderr, "");
    sandbox
        .shell("ls names.tar | grep -x passwd")
        .ok()
        .says("passwd\n");
    sandbox
        .shell("docker cp box:/etc/. - | tar -t | grep -x ./passwd")
        .ok()
        .says("./passwd\n");
    sandbox.write("d/e/f", "deep\n");
    sandbox.docker("cp d/e/.. box:/up").ok().warns("");
    sandbox
        .docker("exec box find /up -type f")
        .ok()
        .says("/up/e/f\n");
    for (line, warning) in [
        ("cp d/e/f box:/etc/passwd/", "no such directory\n"),
        ("cp d/e/f box:", "no such directory\n"),
    ] {
        let end = sandbox.docker(line).fails(1);
        assert_eq!(end.stderr, warning, "{line}");
    }
    sandbox
        .docker("cp box:/etc/passwd d/e/f/")
        .fails(1)
        .complains("/d/e/f/: not a directory");
    sandbox.shell("cat d/e/f").ok().says("deep\n");
}

#[test]
fn kernel_files_do_not_count_as_the_containers() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -d --name box --tmpfs /memory busybox sh -c 'echo x > /memory/f; sleep 600'")
        .ok()
        .warns("");
    for path in ["/proc/version", "/dev/null", "/sys/kernel", "/memory/f"] {
        sandbox
            .docker(&format!("cp box:{path} ."))
            .fails(1)
            .warns(&format!(
                "Error response from daemon: Could not find the file {path} in container box\n"
            ));
    }
    sandbox.docker("cp box:/ whole").ok().warns("");
    sandbox
        .shell("ls whole/proc whole/sys | grep -c version; test -e whole/etc/passwd && echo files")
        .ok()
        .says("0\nfiles\n");
}

#[test]
fn a_compressed_tar_goes_in() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("create --name box busybox cat /tmp/d/a")
        .ok()
        .warns("");
    sandbox.write("d/a", "packed\n");
    sandbox
        .shell("tar -cz d | docker cp - box:/tmp")
        .ok()
        .says("");
    sandbox.docker("start -a box").ok().says("packed\n");
}

#[test]
fn the_request_is_checked_before_anything_is_sent() {
    let sandbox = Sandbox::new();
    sandbox.docker("create --name box busybox").ok().warns("");
    sandbox.write("f", "x\n");
    let refused = |words: &str, message: &str| {
        sandbox
            .docker(&format!("cp {words}"))
            .fails(1)
            .warns(&format!("{message}\n"));
    };
    refused("f box:/no/x/", "no such directory");
    refused("f/ box:/x", "not a directory");
    refused("f/. box:/x", "not a directory");
    refused(
        "box:/etc/passwd /dev/null",
        "invalid output path: \"/dev/null\" must be a directory or a regular file: got a device",
    );
    refused(
        "box:/etc/passwd/ out",
        "Error response from daemon: lstat /etc/passwd/: not a directory",
    );
    let folder = sandbox.work().canonicalize().unwrap();
    refused(
        "none/ box:/x",
        &format!("lstat {}/none: no such file or directory", folder.display()),
    );
    sandbox
        .shell("docker cp - nosuch:/tmp < f")
        .fails(1)
        .warns("destination \"nosuch:/tmp\" must be a directory\n");
    sandbox
        .shell("docker cp - box:/tmp < f")
        .fails(1)
        .warns("Error response from daemon: unexpected EOF\n");
    // Textually, as in Docker: the folder need not exist.
    sandbox.docker("cp f box:/nowhere/../there").ok().says("");
    sandbox.docker("cp box:/there out").ok().says("");
    sandbox.shell("cat out").ok().says("x\n");
}

#[test]
fn in_archive_mode_files_belong_to_the_containers_user() {
    requires!(SubordinateIds);
    let sandbox = Sandbox::new();
    sandbox
        .docker("create --name box -u 1000:1001 busybox stat -c '%u:%g' /f /d/g")
        .ok()
        .warns("");
    sandbox.write("f", "x");
    sandbox.write("d/g", "x");
    sandbox.docker("cp -a f box:/f").ok().says("");
    sandbox.docker("cp -a d box:/").ok().says("");
    sandbox
        .docker("start -a box")
        .ok()
        .says("1000:1001\n1000:1001\n");
}
