//! `docker volume`: data that outlives containers.

use crate::support::sandbox::Sandbox;

#[test]
fn a_volume_is_made_listed_used_and_removed() {
    let sandbox = Sandbox::new();
    sandbox.docker("volume create data").ok().says("data\n");
    sandbox
        .docker("volume ls --format '{{.Driver}} {{.Name}}'")
        .ok()
        .says("local data\n");
    sandbox
        .docker("run --name box -v data:/d busybox sh -c 'echo 1 > /d/f'")
        .ok()
        .says("");
    sandbox
        .docker("volume rm data")
        .fails(1)
        .complains("volume is in use");
    sandbox.docker("rm box").ok().says("box\n");
    sandbox
        .docker("run --rm -v data:/d busybox cat /d/f")
        .ok()
        .says("1\n");
    sandbox.docker("volume rm data").ok().says("data\n");
    sandbox
        .docker("volume inspect data")
        .fails(1)
        .complains("no such volume");
}

#[test]
fn an_anonymous_volume_is_removed_with_its_container_on_request() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm -v /d busybox touch /d/f")
        .ok()
        .says("");
    sandbox.docker("volume ls -q").ok().says("");
    sandbox
        .docker("run --name box -v /d busybox touch /d/f")
        .ok()
        .says("");
    assert_eq!(sandbox.docker("volume ls -q").ok().text().len(), 64);
    sandbox.docker("rm -v box").ok().says("box\n");
    sandbox.docker("volume ls -q").ok().says("");
}

#[test]
fn a_new_volume_starts_with_the_images_files() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm -v conf:/etc busybox true")
        .ok()
        .says("");
    sandbox
        .docker("run --rm -v conf:/x busybox ls /x")
        .ok()
        .mentions("passwd\n");
}
