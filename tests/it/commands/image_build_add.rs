//! `docker build` with ADD: downloads, and archives that are unpacked.

use crate::support::http::Server;
use crate::support::sandbox::Sandbox;
use sha2::{Digest, Sha256};

/// A server with a file, a link to it, and an archive.
fn server() -> Server {
    Server::new(vec![
        (
            "/files/data.txt?v=1",
            (
                "200 OK",
                "Last-Modified: Sat, 03 Feb 2001 04:05:06 GMT\r\n",
                b"from the net\n".to_vec(),
            ),
        ),
        (
            "/moved",
            ("302 Found", "Location: /files/data.txt?v=1\r\n", Vec::new()),
        ),
    ])
}

fn add(sandbox: &Sandbox, line: &str) {
    sandbox.write("Dockerfile", format!("FROM busybox\n{line}\n"));
}

#[test]
fn a_downloaded_file_is_named_after_its_address_and_keeps_its_time() {
    let (sandbox, server) = (Sandbox::new(), server());
    add(
        &sandbox,
        &format!("ADD {} /d/", server.url("/files/data.txt?v=1")),
    );
    sandbox.docker("build -q -t i .").ok();
    sandbox
        .docker("run --rm i sh -c 'cat /d/data.txt; stat -c \"%a %u %Y\" /d/data.txt'")
        .ok()
        .says("from the net\n600 0 981173106\n");
    assert_eq!(server.asked(), ["/files/data.txt?v=1"]);
    // It is requested at each build, and its content is what counts.
    sandbox
        .docker("build --progress plain .")
        .ok()
        .complains("CACHED");
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_redirect_is_followed_and_a_missing_file_is_an_error_at_its_line() {
    let (sandbox, server) = (Sandbox::new(), server());
    add(
        &sandbox,
        &format!(
            "ADD --chmod=644 --chown=33:44 {} /named",
            server.url("/moved")
        ),
    );
    sandbox.docker("build -q -t i .").ok();
    sandbox
        .docker("run --rm i sh -c 'cat /named; stat -c %a /named'")
        .ok()
        .says("from the net\n644\n");
    add(&sandbox, &format!("ADD {} /x", server.url("/nothing")));
    sandbox
        .docker("build .")
        .fails(1)
        .complains("/nothing: ")
        .complains("404")
        .complains("--> Dockerfile:2:5");
    add(&sandbox, &format!("ADD {}/ /d/", server.url("")));
    sandbox.docker("build .").fails(1).complains("404");
}

#[test]
fn a_checksum_is_compared_with_the_content() {
    let (sandbox, server) = (Sandbox::new(), server());
    let url = server.url("/files/data.txt?v=1");
    let digest = Sha256::digest(b"from the net\n");
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    add(
        &sandbox,
        &format!("ADD --checksum=sha256:{digest} {url} /x"),
    );
    sandbox.docker("build -q .").ok();
    let other = "0".repeat(64);
    add(&sandbox, &format!("ADD --checksum=sha256:{other} {url} /x"));
    sandbox
        .docker("build .")
        .fails(1)
        .complains(&format!("digest mismatch sha256:{digest}: sha256:{other}"));
    add(&sandbox, &format!("ADD --checksum=md5:00 {url} /x"));
    sandbox.docker("build .").fails(1).complains("md5");
}

#[test]
fn git_repositories_are_refused_by_name() {
    let sandbox = Sandbox::new();
    let refused = "`ADD` of a git repository is not part of docklings";
    add(&sandbox, "ADD https://github.com/moby/moby.git /x");
    sandbox.docker("build .").fails(1).complains(refused);
    add(&sandbox, "ADD git@github.com:moby/moby.git /x");
    sandbox.docker("build .").fails(1).complains(refused);
}

#[test]
fn an_archive_of_the_context_is_unpacked_and_copy_leaves_it_whole() {
    let sandbox = Sandbox::new();
    sandbox
        .shell("mkdir d && echo in > d/f && chmod 640 d/f && tar -czf a.tar.gz d")
        .ok();
    sandbox.write("fake.tar", "no archive\n");
    add(&sandbox, "ADD a.tar.gz fake.tar /to/\nCOPY a.tar.gz /");
    sandbox.docker("build -q -t i .").ok();
    sandbox
        .docker("run --rm i sh -c 'cat /to/d/f /to/fake.tar; stat -c %a /to/d/f; ls /to /a.tar.gz'")
        .ok()
        .says("in\nno archive\n640\n/a.tar.gz\n\n/to:\nd\nfake.tar\n");
}
