//! `docker build`: the source of the files, and which of them count.

use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;

/// A context of two files in `ctx`.
fn context() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("ctx/a", "a\n");
    sandbox.write("ctx/sub/b", "b\n");
    sandbox.write(
        "ctx/Dockerfile",
        "FROM busybox\nCOPY . /ctx\nCMD find /ctx -type f | sort\n",
    );
    sandbox
}

const FILES: &str = "/ctx/Dockerfile\n/ctx/a\n/ctx/sub/b\n";

#[test]
fn a_context_may_come_as_a_tar_plain_or_compressed() {
    let sandbox = context();
    for (name, how) in [("plain", "tar -c"), ("gz", "tar -cz")] {
        sandbox
            .shell(&format!("{how} -C ctx . | docker build -q -t {name} -"))
            .ok()
            .mentions("sha256:");
        sandbox.docker(&format!("run --rm {name}")).ok().says(FILES);
    }
}

/// As with `docker build .` in one's home, where the data of docklings are.
#[test]
fn the_folder_of_docklings_itself_is_not_in_the_context() {
    let sandbox = Sandbox::new();
    sandbox.write("Dockerfile", "FROM busybox\nCOPY . /all\n");
    sandbox.write("Dockerfile.dockerignore", "!**\n");
    sandbox
        .docker("build -q -t all -f Dockerfile ..")
        .ok()
        .mentions("sha256:");
    let found = sandbox.docker("run --rm all ls /all").ok();
    found.mentions("work\n").never_mentions("home\n");
}

#[test]
fn a_context_may_be_compressed_with_zstd() {
    requires!(Tool("zstd"));
    let sandbox = context();
    sandbox
        .shell("tar -c -C ctx . | zstd -q | docker build -q -t z -")
        .ok()
        .mentions("sha256:");
    sandbox.docker("run --rm z").ok().says(FILES);
}

#[test]
fn f_names_the_dockerfile_inside_a_tar() {
    let sandbox = context();
    sandbox.write("ctx/sub/Other", "FROM busybox\nCOPY sub/b /b\nCMD cat /b\n");
    sandbox
        .shell("tar -c -C ctx . | docker build -q -t other -f sub/Other -")
        .ok()
        .mentions("sha256:");
    sandbox.docker("run --rm other").ok().says("b\n");
}

#[test]
fn without_a_context_there_are_no_files() {
    let sandbox = Sandbox::new();
    sandbox
        .docker_with(
            "build -q -t none -",
            "FROM busybox\nRUN echo x > /x\nCMD cat /x\n",
        )
        .ok()
        .mentions("sha256:");
    sandbox.docker("run --rm none").ok().says("x\n");
    sandbox
        .docker_with("build -", "FROM busybox\nCOPY a /a\n")
        .fails(1)
        .complains("/a");
    sandbox
        .docker_with("build -f - -t elsewhere ctx", "FROM busybox\n")
        .fails(1)
        .complains("path \"ctx\" not found");
}

#[test]
fn a_dockerfile_beside_the_context_has_its_own_ignore_file() {
    let sandbox = context();
    sandbox.write("ctx/.dockerignore", "a\n");
    sandbox.write(
        "ctx/special",
        "FROM busybox\nCOPY . /ctx\nCMD find /ctx -type f | sort\n",
    );
    sandbox.docker("build -q -t one ctx").ok();
    sandbox
        .docker("run --rm one")
        .ok()
        .says("/ctx/.dockerignore\n/ctx/Dockerfile\n/ctx/special\n/ctx/sub/b\n");
    sandbox.write("ctx/special.dockerignore", "*\n!sub\n");
    sandbox.docker("build -q -t two -f ctx/special ctx").ok();
    sandbox.docker("run --rm two").ok().says("/ctx/sub/b\n");
    sandbox.write("ctx/.dockerignore", "!\n");
    sandbox
        .docker("build ctx")
        .fails(1)
        .complains("illegal exclusion pattern: \"!\"");
}

#[test]
fn a_base_comes_from_the_hub_if_it_is_missing_or_pull_is_given() {
    let sandbox = Sandbox::new();
    sandbox.write("Dockerfile", "FROM busybox\n");
    sandbox
        .docker("build --pull -t app .")
        .ok()
        .complains("[internal] pull docker.io/library/busybox:latest");
    sandbox
        .docker("build -t app .")
        .ok()
        .never_complains("[internal] pull");
    sandbox.docker("rmi -f app busybox").ok();
    sandbox.write(
        "Dockerfile",
        "FROM hello-world\nCOPY --from=busybox /bin/busybox /box\n",
    );
    sandbox
        .docker("build --progress plain -t app .")
        .ok()
        .complains("[internal] pull docker.io/library/busybox:latest");
    sandbox.docker("image inspect busybox").ok();
    sandbox.write("Dockerfile", "FROM nothere\n");
    sandbox.docker("build .").fails(1).complains(
        "failed to resolve source metadata for docker.io/library/nothere:latest: not found",
    );
}
