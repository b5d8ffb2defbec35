//! Skopeo, Podman and Docker push to our registry and pull from it: an image has the same id everywhere, with and
//! without passwords.

use crate::support::output::Output;
use crate::support::peers::{DockerEngine, podman};
use crate::support::registry::{Served, htpasswd};
use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;

/// The id of a local image.
fn id(sandbox: &Sandbox, name: &str) -> String {
    let said = sandbox.docker(&format!("images --no-trunc -q {name}")).ok();
    said.text().to_owned()
}

fn skopeo(sandbox: &Sandbox, words: &str) -> Output {
    sandbox.shell(&format!("skopeo --insecure-policy {words}"))
}

/// The digest of the registry's manifest for `name`, from Skopeo.
fn digest(sandbox: &Sandbox, name: &str, more: &str) -> String {
    let words = format!("inspect --tls-verify=false {more} -f '{{{{.Digest}}}}' docker://{name}");
    skopeo(sandbox, &words).ok().text().to_owned()
}

/// Copies `hello-world` to `name` at a registry with Skopeo and `more` flags.
#[must_use = "say what is expected, such as `.ok()` or `.fails(125)`"]
#[track_caller]
fn copy_hello(sandbox: &Sandbox, name: &str, more: &str) -> Output {
    sandbox.docker("save -o hello.tar hello-world").ok();
    let copy = format!("copy -q --dest-tls-verify=false {more}");
    skopeo(
        sandbox,
        &format!("{copy} docker-archive:hello.tar docker://{name}"),
    )
}

#[test]
fn skopeo_copies_to_it_and_from_it_and_after_a_restart() {
    requires!(Tool("skopeo"));
    let sandbox = Sandbox::new();
    let mut served = Served::start(&sandbox, "--root it");
    let name = format!("{}/a/b/busybox:1", served.host());
    sandbox.docker("save -o ours.tar busybox").ok();
    skopeo(
        &sandbox,
        &format!("copy -q --dest-tls-verify=false docker-archive:ours.tar docker://{name}"),
    )
    .ok();
    // A second copy sends no layer.
    let again = format!("copy --dest-tls-verify=false docker-archive:ours.tar docker://{name}");
    skopeo(&sandbox, &again).ok();
    let manifest = digest(&sandbox, &name, "");
    assert!(served.end(rustix::process::Signal::TERM).success());
    let served = Served::start(&sandbox, "--root it");
    let name = format!("{}/a/b/busybox:1", served.host());
    assert_eq!(digest(&sandbox, &name, ""), manifest);
    let host = served.host();
    skopeo(
        &sandbox,
        &format!("copy -q --src-tls-verify=false docker://{name} docker-archive:theirs.tar:x:1"),
    )
    .ok();
    // By digest, and between two repositories of the registry, which transfers no data.
    let copy = format!(
        "copy -q --src-tls-verify=false --dest-tls-verify=false docker://{host}/a/b/busybox@{manifest} docker://{host}/c:2"
    );
    skopeo(&sandbox, &copy).ok();
    assert_eq!(digest(&sandbox, &format!("{host}/c:2"), ""), manifest);
    assert!(served.has_said("?from=a%2Fb%2Fbusybox&mount=") || served.has_said("mount=sha256"));
    skopeo(
        &sandbox,
        &format!("delete --tls-verify=false docker://{host}/c:2"),
    )
    .ok();
    skopeo(
        &sandbox,
        &format!("inspect --tls-verify=false docker://{host}/c:2"),
    )
    .fails(1)
    .complains("manifest unknown");
    skopeo(
        &sandbox,
        &format!("list-tags --tls-verify=false docker://{host}/a/b/busybox"),
    )
    .ok()
    .mentions("\"1\"");
    let there = Sandbox::empty();
    there
        .docker(&format!(
            "load -q -i {}",
            sandbox.work().join("theirs.tar").display()
        ))
        .ok();
    assert_eq!(id(&there, "x:1"), id(&sandbox, "busybox"));
    there.docker("run --rm x:1 echo came").ok().says("came\n");
}

#[test]
fn podman_pushes_to_it_and_pulls_from_it() {
    requires!(Root, Tool("podman"), Tool("runc"));
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, "");
    let name = format!("{}/alice/hello:v1", served.host());
    sandbox.docker("save -o ours.tar hello-world").ok();
    podman(&sandbox, "load -q -i ours.tar").ok();
    podman(
        &sandbox,
        &format!("push -q --tls-verify=false hello-world {name}"),
    )
    .ok();
    podman(&sandbox, "rmi -a -f").ok();
    podman(&sandbox, &format!("pull -q --tls-verify=false {name}")).ok();
    let found = podman(&sandbox, &format!("inspect -f '{{{{.Id}}}}' {name}")).ok();
    assert_eq!(
        format!("sha256:{}", found.text()),
        id(&sandbox, "hello-world")
    );
    podman(
        &sandbox,
        &format!("search --tls-verify=false {}/hello", served.host()),
    )
    .ok()
    .mentions("alice/hello");
}

#[test]
fn docker_pushes_to_it_and_pulls_from_it() {
    let sandbox = Sandbox::new();
    let Some(engine) = DockerEngine::find(&sandbox) else {
        return;
    };
    let docker = |words: &str| engine.docker(words);
    let served = Served::start(&sandbox, "");
    let name = format!("{}/alice/hello:v1", served.host());
    let other = format!("{}/bob/hello:v1", served.host());
    sandbox.docker(&format!("tag hello-world {name}")).ok();
    sandbox.docker(&format!("save -o ours.tar {name}")).ok();
    docker("load -q -i ours.tar").ok();
    docker(&format!("push -q {name}")).ok();
    docker(&format!("tag {name} {other}")).ok();
    docker(&format!("push {other}"))
        .ok()
        .mentions("Mounted from alice/hello");
    docker(&format!("rmi {name} {other}")).ok();
    docker(&format!("pull -q {other}")).ok();
    let found = docker(&format!("image inspect -f '{{{{.Id}}}}' {other}")).ok();
    assert_eq!(found.text(), id(&sandbox, "hello-world"));
    docker(&format!("rmi {other}")).ok();
    docker(&format!("pull {}/alice/nobody", served.host()))
        .fails(1)
        .complains("manifest unknown");
}

#[test]
fn with_passwords_every_request_needs_one() {
    requires!(Tool("skopeo"));
    let sandbox = Sandbox::new();
    sandbox.write("users", htpasswd("alice", "secret"));
    let served = Served::start(&sandbox, "--htpasswd users");
    let name = format!("{}/alice/hello:v1", served.host());
    let copy = |more: &str| copy_hello(&sandbox, &name, more);
    copy("").fails(1).complains("authentication required");
    copy("--dest-creds alice:wrong")
        .fails(1)
        .complains("unauthorized");
    copy("--dest-creds alice:secret").ok();
    skopeo(
        &sandbox,
        &format!("inspect --tls-verify=false docker://{name}"),
    )
    .fails(1);
    skopeo(
        &sandbox,
        &format!("inspect --tls-verify=false --creds alice:secret docker://{name}"),
    )
    .ok();
    if let Some(engine) = DockerEngine::find(&sandbox) {
        let docker = |words: &str| engine.docker(words);
        docker(&format!("pull {name}"))
            .fails(1)
            .complains("no basic auth credentials");
        engine
            .login(&served.host(), "wrong")
            .fails(1)
            .complains("nauthorized");
        engine
            .login(&served.host(), "secret")
            .ok()
            .mentions("Login Succeeded");
        docker(&format!("pull -q {name}")).ok();
        docker(&format!("rmi {name}")).ok();
    }
}

#[test]
fn with_anonymous_pull_only_a_push_needs_a_password() {
    requires!(Tool("skopeo"));
    let sandbox = Sandbox::new();
    sandbox.write("users", htpasswd("alice", "secret"));
    let served = Served::start(&sandbox, "--htpasswd users --anonymous-pull");
    let name = format!("{}/alice/hello:v1", served.host());
    let copy = |more: &str| copy_hello(&sandbox, &name, more);
    copy("")
        .fails(1)
        .complains("requested access to the resource is denied");
    copy("--dest-creds alice:wrong")
        .fails(1)
        .complains("incorrect username or password");
    copy("--dest-creds alice:secret").ok();
    skopeo(
        &sandbox,
        &format!("inspect --tls-verify=false docker://{name}"),
    )
    .ok();
    if let Some(engine) = DockerEngine::find(&sandbox) {
        let docker = |words: &str| engine.docker(words);
        docker(&format!("pull -q {name}")).ok();
        docker(&format!("push {name}"))
            .fails(1)
            .complains("requested access to the resource is denied");
        engine
            .login(&served.host(), "secret")
            .ok()
            .mentions("Login Succeeded");
        docker(&format!("push {name}")).ok();
        docker(&format!("rmi {name}")).ok();
    }
}
