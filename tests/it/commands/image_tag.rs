//! `docker tag`, `rmi`: names of images, and when an image itself goes.

use crate::support::sandbox::Sandbox;

#[test]
fn a_second_name_is_the_same_image() {
    let sandbox = Sandbox::new();
    sandbox.docker("tag busybox mine:v1").ok().says("");
    let ids = sandbox
        .shell("docker images -q --no-trunc busybox:latest; docker images -q --no-trunc mine")
        .ok();
    assert_eq!(ids.lines()[0], ids.lines()[1]);
    sandbox
        .docker("rmi mine:v1")
        .ok()
        .says("Untagged: mine:v1\n");
    sandbox.docker("images -q mine").ok().says("");
    sandbox
        .docker("run --rm busybox echo still here")
        .ok()
        .says("still here\n");
}

#[test]
fn an_image_in_use_is_kept() {
    let sandbox = Sandbox::new();
    sandbox.write("Dockerfile", "FROM busybox\nRUN echo x > /x\n");
    sandbox
        .docker("build -q -t used .")
        .ok()
        .mentions("sha256:");
    sandbox.docker("run --name box used true").ok().says("");
    sandbox
        .docker("rmi used")
        .fails(1)
        .complains("conflict: unable to remove repository reference \"used\" (must force)");
    sandbox.docker("rm box").ok().says("box\n");
    sandbox
        .docker("rmi used")
        .ok()
        .mentions("Untagged: used:latest\n")
        .mentions("Deleted: sha256:");
    sandbox
        .docker("rmi used")
        .fails(1)
        .complains("No such image: used:latest");
}

#[test]
fn a_malformed_name_is_refused() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("tag busybox BIG")
        .fails(1)
        .complains("must be lowercase");
    sandbox
        .docker("tag nosuch mine")
        .fails(1)
        .complains("No such image: nosuch:latest");
}
