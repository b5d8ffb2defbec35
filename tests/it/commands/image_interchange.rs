//! Our images in other engines, and theirs here: Podman from Debian, and Docker where a daemon answers. An image has
//! the same id everywhere, and runs.

use crate::support::peers::{DockerEngine, podman};
use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;
use std::path::{Path, PathBuf};

const NAME: &str = "docklings-interchange:1";
/// `/x` tests what must survive: a mode, a user, a deleted file, a folder that replaced another, and a link.
const DOCKERFILE: &str = r#"FROM busybox
RUN echo 'bob:x:77:77::/:/bin/sh' >> /etc/passwd && touch /x && chmod 4755 /x && mkdir /d && touch /d/old
RUN rm /etc/group && rm -r /d && mkdir /d && touch /d/new && ln -s new /d/link
USER bob
ENV A="b c"
CMD ["sh", "-c", "id -un; echo $A; stat -c %a /x; ls /d; test -e /etc/group || echo gone"]
"#;
const SAID: &str = "bob\nb c\n4755\nlink\nnew\ngone\n";

/// Builds the image; returns its id and the file with the saved image.
fn saved(sandbox: &Sandbox) -> (String, PathBuf) {
    sandbox.write("Dockerfile", DOCKERFILE);
    let built = sandbox.docker(&format!("build -q -t {NAME} .")).ok();
    let id = built.text().trim().to_owned();
    sandbox.docker(&format!("run --rm {NAME}")).ok().says(SAID);
    sandbox
        .docker(&format!("save -o ours.tar {NAME}"))
        .ok()
        .says("");
    (id, sandbox.work().join("ours.tar"))
}

/// Loads `file` in a new home, and runs the image, which must be the same.
#[track_caller]
fn comes_back(file: &Path, id: &str) {
    let there = Sandbox::empty();
    there
        .docker(&format!("load -i {}", file.display()))
        .ok()
        .says(&format!("Loaded image: {NAME}\n"));
    there
        .docker(&format!("images --no-trunc -q {NAME}"))
        .ok()
        .says(&format!("{id}\n"));
    there.docker(&format!("run --rm {NAME}")).ok().says(SAID);
}

#[test]
fn podman_runs_what_we_save_and_we_run_what_it_saves() {
    requires!(Root, Tool("podman"), Tool("runc"));
    let sandbox = Sandbox::new();
    let (id, file) = saved(&sandbox);
    let podman = |words: &str| podman(&sandbox, words);
    podman(&format!("load -q -i {}", file.display())).ok();
    let name = format!("docker.io/library/{NAME}");
    let found = podman(&format!("inspect -f '{{{{.Id}}}}' {name}")).ok();
    assert_eq!(format!("sha256:{}", found.text().trim()), id);
    // Podman requests more files and processes than a nested machine allows.
    let limits = "--ulimit nofile=1000:1000 --ulimit nproc=1000:1000";
    podman(&format!("run --rm --network none {limits} {name}"))
        .ok()
        .says(SAID);
    for format in ["docker-archive", "oci-archive"] {
        podman(&format!("save -q --format {format} -o {format}.tar {name}")).ok();
        comes_back(&sandbox.work().join(format!("{format}.tar")), &id);
    }
}

#[test]
fn a_docker_engine_runs_what_we_save_and_we_run_what_it_saves() {
    let sandbox = Sandbox::new();
    let Some(engine) = DockerEngine::find(&sandbox) else {
        return;
    };
    let (id, file) = saved(&sandbox);
    let docker = |words: &str| engine.docker(words);
    docker(&format!("load -q -i {}", file.display())).ok();
    docker(&format!("image inspect -f '{{{{.Id}}}}' {NAME}"))
        .ok()
        .says(&format!("{id}\n"));
    docker(&format!("run --rm --network none {NAME}"))
        .ok()
        .says(SAID);
    docker(&format!("save -o theirs.tar {NAME}")).ok();
    docker(&format!("rmi {NAME}")).ok();
    comes_back(&sandbox.work().join("theirs.tar"), &id);
}
