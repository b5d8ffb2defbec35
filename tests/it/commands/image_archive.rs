//! `docker save`, `load`, `commit`, `export`, `import`: images as files, and containers as images.

use crate::support::sandbox::Sandbox;

#[test]
fn a_saved_image_is_loaded_with_the_same_id() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nRUN echo kept > /note && rm /etc/group\n",
    );
    sandbox
        .docker("build -q -t app:v1 .")
        .ok()
        .mentions("sha256:");
    let id = sandbox
        .docker("images -q --no-trunc app:v1")
        .ok()
        .text()
        .to_owned();
    sandbox.docker("save -o app.tar app:v1").ok().says("");

    let other = Sandbox::new();
    let archive = sandbox.work().join("app.tar");
    other
        .docker(&format!("load -i {}", archive.display()))
        .ok()
        .says("Loaded image: app:v1\n");
    other
        .docker("images -q --no-trunc app:v1")
        .ok()
        .says(&format!("{id}\n"));
    other
        .docker("run --rm app:v1 sh -c 'cat /note; ls /etc/group'")
        .fails(1)
        .says("kept\n")
        .complains("No such file or directory");
}

#[test]
fn a_damaged_archive_changes_nothing() {
    let sandbox = Sandbox::new();
    let before = sandbox.docker("images -q").ok().stdout;
    sandbox.write("bad.tar", "this is not an archive");
    sandbox.docker("load -i bad.tar").fails(1).says("");
    sandbox.docker("images -q").ok().says(&before);
}

#[test]
fn a_container_becomes_an_image() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --name box busybox sh -c 'echo mine > /mine'")
        .ok()
        .says("");
    sandbox.docker("commit box mine").ok().mentions("sha256:");
    sandbox
        .docker("run --rm mine cat /mine")
        .ok()
        .says("mine\n");
    sandbox
        .shell("docker export box | tar -tf - | grep -x mine")
        .ok()
        .says("mine\n");
}
