//! Images from a file: `docklings images`, and `docklings registry serve --load`.

use crate::support::registry::Served;
use crate::support::sandbox::Sandbox;

/// A sandbox with an archive `made.tar` of an image called `name`, which prints `made` and is not here any more.
pub(super) fn with_archive(name: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("Dockerfile", "FROM busybox\nCMD [\"echo\", \"made\"]\n");
    for line in [
        format!("build -q -t {name} ."),
        format!("save -o made.tar {name}"),
        format!("rmi {name}"),
    ] {
        sandbox.docker(&line).ok();
    }
    sandbox
}

#[test]
fn an_image_from_a_file_is_there_for_every_sandbox_and_survives_prune() {
    let sandbox = with_archive("python:3.12-slim");
    sandbox
        .docklings("images add made.tar")
        .ok()
        .says("python:3.12-slim is here; pull it in any sandbox: docker pull python:3.12-slim\n");
    // Nothing unpacked is left behind.
    sandbox
        .docker("image prune -f")
        .ok()
        .says("Total reclaimed space: 0B\n");
    sandbox.docker("system prune -af").ok();
    for name in ["free", "other"] {
        let ran = format!("DOCKLINGS_SANDBOX={name} docker run --rm python:3.12-slim");
        assert_eq!(sandbox.shell(&ran).ok().stdout, "made\n", "{name}");
    }
    let listed = sandbox.docklings("images").ok().stdout;
    assert!(
        listed
            .lines()
            .any(|line| line.starts_with("python:3.12-slim ")
                && line.ends_with("  Added from made.tar")),
        "{listed}"
    );
    sandbox
        .docker("search python")
        .ok()
        .mentions("Added from made.tar");
}

#[test]
fn an_image_comes_from_a_folder_or_a_pipe_under_another_name_and_goes() {
    let sandbox = with_archive("alice/app:2");
    sandbox
        .docklings("images add made.tar")
        .fails(1)
        .warns(
            "`alice/app:2` is not a name such as `python:3.12-slim`, without a registry and an account\n\
             hint: give it another one: docklings images add FILE --as app:2\n",
        );
    sandbox
        .shell("mkdir layout && tar -C layout -xf made.tar")
        .ok();
    sandbox.docklings("images add layout --as app:2").ok();
    sandbox
        .shell("gzip -c made.tar | docklings images add - --as=tool")
        .ok();
    sandbox.docker("run --rm app:2").ok().says("made\n");
    sandbox.docker("run --rm tool").ok().says("made\n");
    sandbox
        .docklings("images rm tool app:2")
        .ok()
        .says("removed tool:latest\nremoved app:2\n");
    let listed = sandbox.docklings("images ls").ok().stdout;
    assert!(
        !listed.contains("app:2") && !listed.contains("tool:"),
        "{listed}"
    );
    sandbox.docker("pull app:2").fails(1);
}

#[test]
fn what_cannot_be_added_or_removed_is_refused_and_nothing_changes() {
    let sandbox = with_archive("one:1");
    sandbox.docker("save -o two.tar busybox hello-world").ok();
    let before = sandbox.docklings("images").ok().stdout;
    let check = |words: &str, code: i32, said: &str| {
        let output = sandbox.docklings(&format!("images {words}"));
        assert!(
            output.code() == code && output.stderr.contains(said),
            "{words}: {output}"
        );
    };
    check(
        "add two.tar",
        1,
        "is a starter image of the course, which stays as it is",
    );
    check(
        "add two.tar --as x:1",
        1,
        "the archive holds 2 images, and a name is given to one only",
    );
    check(
        "add made.tar --as localhost:5000/x",
        1,
        "without a registry and an account",
    );
    check("add made.tar --as 'a b'", 1, "invalid reference format");
    check(
        "add Dockerfile",
        1,
        "no images can be read: unexpected EOF\nhint: an archive is made by: docker save",
    );
    check("add missing.tar", 1, "no such file or directory");
    check("rm busybox", 1, "is a starter image");
    check(
        "rm one:1",
        1,
        "no image `one:1` was added\nhint: docklings images ls",
    );
    check("add", 2, "say which file");
    check("ls --as x", 2, "`--as` belongs to `images add FILE`");
    assert_eq!(sandbox.docklings("images").ok().stdout, before);
    let sandboxes = sandbox.shell("ls $DOCKLINGS_HOME/sandboxes").ok().stdout;
    assert_eq!(sandboxes, "free\n");
}

#[test]
fn a_class_registry_serves_loaded_images_and_closes_their_namespace() {
    let sandbox = with_archive("python:3.12-slim");
    let served = Served::start(&sandbox, "--load made.tar");
    let (host, port) = (served.host(), served.port());
    for line in [
        format!("tag busybox {host}/library/python:3.12-slim"),
        format!("tag busybox {host}/me/mine"),
    ] {
        sandbox.docker(&line).ok();
    }
    let refused = sandbox
        .docker(&format!("push {host}/library/python:3.12-slim"))
        .fails(1);
    assert!(refused.stderr.contains("denied"), "{refused}");
    sandbox.docker(&format!("push -q {host}/me/mine")).ok();
    for (name, said) in [("python:3.12-slim", "made\n"), ("hello-world", "")] {
        let line = format!(
            "DOCKLINGS_HUB=http://127.0.0.1:{port} DOCKLINGS_SANDBOX=other docker run --pull always --rm {name}"
        );
        let ran = sandbox.shell(&line).ok();
        assert!(ran.stdout.starts_with(said), "{ran}");
    }
}
