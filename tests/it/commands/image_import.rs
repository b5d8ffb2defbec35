//! `docker import`: files from a tar at any address.

use crate::support::http::Server;
use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;
use std::fs;

/// A tar of a container's files.
fn exported(sandbox: &Sandbox) -> Vec<u8> {
    sandbox
        .docker("run --name box busybox sh -c 'echo x > /x'")
        .ok()
        .says("");
    sandbox.docker("export -o files.tar box").ok().says("");
    fs::read(sandbox.work().join("files.tar")).unwrap()
}

#[test]
fn a_tar_on_the_web_becomes_an_image() {
    let sandbox = Sandbox::new();
    let tar = exported(&sandbox);
    let server = Server::new(vec![("/files.tar", ("200 OK", "", tar))]);
    let url = server.url("/files.tar");
    sandbox
        .docker(&format!("import {url} web:1"))
        .ok()
        .mentions(&format!("Downloading from {url}\nsha256:"));
    sandbox
        .docker("inspect -f '{{.Comment}}' web:1")
        .ok()
        .says(&format!("Imported from {url}\n"));
    sandbox.docker("run --rm web:1 cat /x").ok().says("x\n");
}

#[test]
fn a_missing_tar_makes_no_image() {
    let sandbox = Sandbox::new();
    let server = Server::new(Vec::new());
    let url = server.url("/files.tar");
    sandbox
        .docker(&format!("import {url} web:1"))
        .fails(1)
        .complains(&format!(
            "Error response from daemon: failed to GET {url} with status 404 Not Found: "
        ));
    sandbox
        .docker("import http://127.0.0.1:1/x")
        .fails(1)
        .complains("dial tcp 127.0.0.1:1: connect: connection refused");
    sandbox
        .docker("import .")
        .fails(1)
        .warns("read .: is a directory\n");
    sandbox
        .docker("import - Bad")
        .fails(1)
        .warns("invalid reference format: repository name (library/Bad) must be lowercase\n");
    sandbox.docker("images -q web").ok().says("");
}

#[test]
fn a_file_older_than_1970_is_not_damaged() {
    let sandbox = Sandbox::new();
    sandbox
        .shell("touch -d 1960-01-01 old && tar --format=gnu -cf old.tar old")
        .ok()
        .says("");
    sandbox
        .docker("import old.tar old:1")
        .ok()
        .mentions("sha256:");
}

#[test]
fn an_export_keeps_file_capabilities() {
    requires!(Root, Tool("setcap"));
    let sandbox = Sandbox::new();
    sandbox
        .shell("echo x > f && setcap cap_net_raw=ep f && tar --xattrs --xattrs-include='*' -cf t.tar f")
        .ok();
    sandbox.write("Dockerfile", "FROM busybox\nADD t.tar /\n");
    sandbox.docker("build -q -t i .").ok();
    sandbox.docker("create --name box i").ok();
    sandbox.docker("export -o e.tar box").ok();
    sandbox
        .shell("grep -ac SCHILY.xattr.security.capability e.tar")
        .ok()
        .says("1\n");
    sandbox.shell("docker import e.tar again").ok();
    sandbox.docker("create --name other again true").ok();
    sandbox
        .shell("docker export other | grep -ac SCHILY.xattr.security.capability")
        .ok()
        .says("1\n");
}
