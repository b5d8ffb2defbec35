//! `docker rmi` and `docker image prune`: they remove names and images, and keep everything that is in use.

use crate::support::sandbox::Sandbox;

#[test]
fn a_name_is_removed_and_the_last_one_removes_the_image() {
    let sandbox = Sandbox::new();
    sandbox.docker("tag hello-world twin").ok().says("");
    sandbox
        .docker("rmi twin")
        .ok()
        .says("Untagged: twin:latest\n");
    sandbox
        .docker("rmi hello-world")
        .ok()
        .mentions("Untagged: hello-world:latest\nDeleted: sha256:");
    sandbox
        .docker("rmi hello-world")
        .fails(1)
        .complains("No such image: hello-world:latest");
}

#[test]
fn an_image_that_a_container_uses_stays_and_force_removes_its_name() {
    let sandbox = Sandbox::new();
    sandbox.docker("run --name box busybox true").ok().says("");
    sandbox.docker("rmi busybox").fails(1).complains(
        "conflict: unable to remove repository reference \"busybox\" (must force) - container ",
    );
    let id = sandbox.docker("images -q busybox").ok();
    sandbox
        .docker(&format!("rmi {}", id.text()))
        .fails(1)
        .complains("(must be forced) - image is being used by stopped container");
    sandbox
        .docker("rmi -f busybox")
        .ok()
        .mentions("Untagged: busybox:latest\n");
    // The container still has its layers.
    sandbox.docker("start -a box").ok().says("");
}

#[test]
fn an_image_removed_in_one_sandbox_still_runs_in_another() {
    let sandbox = Sandbox::new();
    let other = "DOCKLINGS_SANDBOX=other docker";
    sandbox
        .shell(&format!("{other} run --rm busybox echo here"))
        .ok()
        .says("here\n");
    sandbox
        .docker("image prune -af")
        .ok()
        .mentions("deleted: sha256:");
    sandbox.docker("images -q").ok().says("");
    sandbox
        .shell(&format!("{other} run --rm busybox echo there"))
        .ok()
        .says("there\n");
}
