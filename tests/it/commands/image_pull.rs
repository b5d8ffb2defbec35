//! `docker pull` and `docker push`, and commands that pull missing images: their output.
//!
//! The lines were recorded from Docker's command line 28.2.2 with Docker Engine, against the same registry.

use crate::support::distribution::{Distribution, PROGRAM};
use crate::support::registry::Served;
use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;

/// Builds `name` with one small layer above busybox.
fn build(sandbox: &Sandbox, name: &str) {
    sandbox.write("Dockerfile", "FROM busybox\nCOPY note /note\n");
    sandbox.write("note", "amber-otter\n");
    sandbox.docker(&format!("build -q -t {name} .")).ok();
}

/// The lines without the digits of digests and sizes, sorted where layers finish in any order.
fn shape(text: &str) -> Vec<String> {
    let word = |word: &str| match word {
        word if word.len() == 13 && word.ends_with(':') => "LAYER:".to_owned(),
        word if word.starts_with("sha256:") => "DIGEST".to_owned(),
        word if word.bytes().all(|b| b.is_ascii_digit()) => "N".to_owned(),
        word => word.to_owned(),
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect()
}

#[test]
fn a_pushed_image_is_pulled_with_dockers_output() {
    requires!(Tool(PROGRAM));
    let (sandbox, peer) = (Sandbox::new(), Distribution::open());
    let name = format!("{}/team/app", peer.host());
    build(&sandbox, &format!("{name}:v1"));
    let head = format!("The push refers to repository [{name}]");
    let pushed = "v1: digest: DIGEST size: N".to_owned();
    let preparing = "LAYER: Preparing".to_owned();
    let ended = |how: &str| {
        let layer = format!("LAYER: {how}");
        let layers = [preparing.clone(), preparing.clone(), layer.clone(), layer];
        [&[head.clone()][..], &layers, std::slice::from_ref(&pushed)].concat()
    };
    let first = sandbox.docker(&format!("push {name}:v1")).ok().warns("");
    assert_eq!(shape(&first.stdout), ended("Pushed"));
    let second = sandbox.docker(&format!("push {name}:v1")).ok();
    assert_eq!(shape(&second.stdout), ended("Layer already exists"));
    sandbox
        .docker(&format!("push -q {name}:v1"))
        .ok()
        .says(&format!("{name}:v1\n"));
    sandbox
        .docker(&format!("tag {name}:v1 {}/copy", peer.host()))
        .ok();
    sandbox
        .docker(&format!("push {}/copy", peer.host()))
        .ok()
        .mentions("Using default tag: latest\nThe push refers to repository [")
        .mentions(": Mounted from team/app\n");

    let id = sandbox
        .docker(&format!("inspect -f {{{{.Id}}}} {name}:v1"))
        .ok();
    sandbox
        .docker(&format!("rmi {name}:v1 {}/copy", peer.host()))
        .ok();
    let pulled = sandbox.docker(&format!("pull {name}:v1")).ok().warns("");
    let lines = shape(&pulled.stdout);
    assert_eq!(
        lines.first().map(String::as_str),
        Some("v1: Pulling from team/app")
    );
    let newer = format!("Status: Downloaded newer image for {name}:v1");
    assert_eq!(
        lines[lines.len() - 3..],
        ["Digest: DIGEST".to_owned(), newer, format!("{name}:v1")]
    );
    sandbox
        .docker(&format!("inspect -f {{{{.Id}}}} {name}:v1"))
        .ok()
        .says(&id.stdout);
    let again = sandbox.docker(&format!("pull {name}:v1")).ok();
    let same = format!("Status: Image is up to date for {name}:v1");
    let lines = [
        "v1: Pulling from team/app".to_owned(),
        "Digest: DIGEST".to_owned(),
        same,
    ];
    assert_eq!(shape(&again.stdout)[..3], lines);
    sandbox
        .docker(&format!("pull -q {name}:v1"))
        .ok()
        .says(&format!("{name}:v1\n"));
}

#[test]
fn run_and_create_pull_missing_images_on_standard_error() {
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, "");
    let name = format!("{}/app:v1", served.host());
    build(&sandbox, &name);
    sandbox.docker(&format!("push -q {name}")).ok();
    let gone = || sandbox.docker(&format!("rmi {name}")).ok();
    gone();
    sandbox
        .docker(&format!("run --rm {name} cat /note"))
        .ok()
        .says("amber-otter\n")
        .complains(&format!(
            "Unable to find image '{name}' locally\nv1: Pulling from app\n"
        ))
        .complains(&format!("Status: Downloaded newer image for {name}\n"));
    sandbox
        .docker(&format!("run --rm --pull always {name} cat /note"))
        .ok()
        .says("amber-otter\n")
        .complains(&format!("Status: Image is up to date for {name}\n"));
    gone();
    sandbox
        .docker(&format!("run --rm --pull never {name} true"))
        .fails(125)
        .complains(&format!("No such image: {name}"));
    sandbox
        .docker(&format!("run --rm -q {name} cat /note"))
        .ok()
        .says("amber-otter\n")
        .warns("");
    gone();
    let created = sandbox.docker(&format!("create {name} true")).ok();
    assert_eq!(created.text().len(), 64, "{created}");
    let missing = format!("{}/app:v2", served.host());
    sandbox
        .docker(&format!("run --rm {missing} true"))
        .fails(125)
        .complains(&format!(
            "Unable to find image '{missing}' locally\ndocker: Error response from daemon: "
        ))
        .complains("Run 'docker run --help' for more information");
}

#[test]
fn a_name_of_the_hub_needs_no_address() {
    let sandbox = Sandbox::new();
    sandbox.docker("rmi busybox").ok();
    sandbox.write("Dockerfile", "FROM busybox\nRUN true\n");
    // Root of a namespace would look for sockets in a different folder than its user.
    sandbox
        .shell("env -u XDG_RUNTIME_DIR docker build -t app .")
        .ok()
        .complains("docker.io/library/busybox:latest");
    sandbox.docker("rmi app busybox").ok();
    sandbox
        .docker("run --rm busybox echo hi")
        .ok()
        .says("hi\n")
        .complains(
            "Unable to find image 'busybox:latest' locally\nlatest: Pulling from library/busybox\n",
        );
    sandbox.docker("rmi busybox").ok();
    sandbox.write("Dockerfile", "FROM busybox\nRUN true\n");
    sandbox
        .docker("build -t app .")
        .ok()
        .complains("docker.io/library/busybox:latest");
    sandbox
        .docker("pull busybox")
        .ok()
        .mentions("\ndocker.io/library/busybox:latest\n");
}

#[test]
fn digests_are_names_too() {
    let sandbox = Sandbox::new();
    let pulled = sandbox.docker("pull busybox").ok();
    let digest = pulled.lines()[2]
        .strip_prefix("Digest: ")
        .map(str::to_owned);
    let name = format!("busybox@{}", digest.expect("a digest"));
    sandbox.docker("rmi busybox").ok();
    sandbox
        .docker(&format!("run --rm {name} echo hi"))
        .ok()
        .says("hi\n")
        .complains(&format!(
            "docker.io/library/{name}: Pulling from library/busybox\n"
        ));
    let short = name.replace('@', " <none> ");
    sandbox
        .docker("images --digests --format '{{.Repository}} {{.Tag}} {{.Digest}}' busybox")
        .ok()
        .says(&format!("{short}\n"));
    sandbox
        .docker("image inspect -f '{{.RepoTags}} {{.RepoDigests}}' busybox")
        .fails(1);
    sandbox
        .docker(&format!(
            "image inspect -f '{{{{.RepoTags}}}} {{{{.RepoDigests}}}}' {name}"
        ))
        .ok()
        .says(&format!("[] [{name}]\n"));
    sandbox
        .docker(&format!("rmi {name}"))
        .ok()
        .mentions(&format!("Untagged: {name}\nDeleted: sha256:"));
}

#[test]
fn failed_pulls_and_pushes_have_dockers_words() {
    let sandbox = Sandbox::new();
    let check = |words: &str, code: i32, out: &str, err: &str| {
        sandbox
            .docker(words)
            .fails(code)
            .says(out)
            .warns(&format!("{err}\n"));
    };
    let latest = "Using default tag: latest\n";
    let refers = |name: &str| format!("The push refers to repository [{name}]\n");
    check(
        "pull -a busybox:latest",
        1,
        "",
        "tag can't be used with --all-tags/-a",
    );
    check(
        "push -a busybox:latest",
        1,
        "",
        "tag can't be used with --all-tags/-a",
    );
    let lower = "invalid reference format: repository name (library/UPPER) must be lowercase";
    check("pull UPPER", 1, "", lower);
    check("push UPPER", 1, "", lower);
    check("pull ''", 1, "", "invalid reference format");
    let digest = format!("sha256:{}", "0".repeat(64));
    check(
        &format!("push busybox@{digest}"),
        1,
        "",
        "cannot push a digest reference",
    );
    check(
        "push localhost:1/nope",
        1,
        &format!("{latest}{}", refers("localhost:1/nope")),
        "An image does not exist locally with the tag: localhost:1/nope",
    );
    let refused =
        "Get \"http://localhost:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused";
    check(
        "pull localhost:1/x",
        1,
        latest,
        &format!("Error response from daemon: {refused}"),
    );
    sandbox.docker("tag busybox localhost:1/x:1").ok();
    check("push localhost:1/x:1", 1, &refers("localhost:1/x"), refused);
    let trust = "`--disable-content-trust=false` is not part of docklings; see docs/limits.md";
    check("pull --disable-content-trust=false busybox", 125, "", trust);
}

#[test]
fn transfers_are_in_the_journal_and_in_the_events() {
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, "");
    let name = format!("{}/app", served.host());
    build(&sandbox, &format!("{name}:v1"));
    sandbox.docker(&format!("push -q {name}:v1")).ok();
    sandbox.docker(&format!("push -q {name}:v1")).ok();
    sandbox.docker(&format!("pull -q {name}:v1")).ok();
    let events = sandbox
        .docker("events --since 1h --until 0s --filter event=push --filter event=pull")
        .ok();
    let lines = events.lines();
    assert_eq!(lines.len(), 3, "{events}");
    for (line, action) in lines.iter().zip(["push", "push", "pull"]) {
        let part = format!(" image {action} {name}:v1 (");
        assert!(
            line.contains(&part) && line.contains(&format!(", name={name}")),
            "{events}"
        );
    }
    assert!(
        lines[0].contains("uploaded=2") && lines[0].contains("skipped=0"),
        "{events}"
    );
    assert!(
        lines[1].contains("uploaded=0") && lines[1].contains("skipped=2"),
        "{events}"
    );
}
