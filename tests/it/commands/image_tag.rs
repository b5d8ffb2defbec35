//! `docker tag`, `rmi`: names of images, and when an image itself is removed.

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

#[test]
fn the_command_line_and_the_daemon_each_use_their_own_words() {
    let sandbox = Sandbox::new();
    let digest = "0".repeat(64);
    let refused = |words: &str, message: &str| {
        sandbox
            .docker(&format!("tag {words}"))
            .fails(1)
            .warns(&format!("{message}\n"));
    };
    refused(
        &format!("busybox mine@sha256:{digest}"),
        "refusing to create a tag with a digest reference",
    );
    refused(
        "a@b mine",
        "Error parsing reference: \"a@b\" is not a valid repository/tag: invalid reference format",
    );
    refused(
        "busybox sha256:abc",
        "Error response from daemon: refusing to create an ambiguous tag using digest algorithm as name",
    );
    // The id of an image that is not here is not a name that a registry could have, either.
    sandbox
        .docker(&format!("run sha256:{digest}"))
        .fails(125)
        .complains(&format!("No such image: sha256:{digest}"))
        .never_complains("Unable to find image");
}
