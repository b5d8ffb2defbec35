//! `docker build --push`; and that a build without a need for a registry contacts none.

use crate::support::registry::Served;
use crate::support::sandbox::Sandbox;

fn logged_in() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox
        .docker_with("login -u alice --password-stdin", "secret")
        .ok();
    sandbox.write("Dockerfile", "FROM busybox\nRUN echo amber-otter > /note\n");
    sandbox
}

/// Pulls the image again, and checks the file in it.
fn pulled(sandbox: &Sandbox, name: &str) {
    sandbox.docker(&format!("rmi {name}")).ok();
    sandbox
        .docker(&format!("run --rm --pull always {name} cat /note"))
        .ok()
        .says("amber-otter\n");
}

#[test]
fn each_name_is_pushed_and_the_image_stays() {
    let sandbox = logged_in();
    let served = Served::start(&sandbox, "");
    let elsewhere = format!("{}/app", served.host());
    let built = sandbox
        .docker(&format!(
            "build --push -t alice/app:1 -t alice/app:1 -t {elsewhere} ."
        ))
        .ok();
    for line in [
        "pushing alice/app:1 with docker",
        "Mounted from library/busybox",
        &format!("pushing {elsewhere}:latest with docker"),
        "1: digest: sha256:",
    ] {
        assert!(built.stderr.contains(line), "{line}: {built}");
    }
    sandbox.docker("image inspect alice/app:1").ok();
    pulled(&sandbox, "alice/app:1");
    pulled(&sandbox, &elsewhere);
}

#[test]
fn an_output_says_the_same_as_the_flag() {
    let sandbox = logged_in();
    for (output, name) in [
        ("type=registry,name=alice/app:2", "alice/app:2"),
        ("type=image,name=alice/app:3,push=true", "alice/app:3"),
    ] {
        let id = sandbox
            .docker(&format!("build -q --output {output} ."))
            .ok();
        assert!(id.text().starts_with("sha256:"), "{id}");
        pulled(&sandbox, name);
    }
    // In addition to another output, an image is pushed.
    sandbox
        .docker("build -q --push -t alice/app:4 -o type=local,dest=out .")
        .ok();
    let note = std::fs::read_to_string(sandbox.work().join("out/note")).expect("it was written");
    assert_eq!(note, "amber-otter\n");
    pulled(&sandbox, "alice/app:4");
    sandbox
        .docker("build -q -t alice/app:5 --output type=image,push=false .")
        .ok();
    sandbox
        .docker("pull alice/app:5")
        .fails(1)
        .complains("manifest for alice/app:5 not found");
}

#[test]
fn a_refused_push_fails_the_build_and_leaves_the_image() {
    let sandbox = logged_in();
    sandbox
        .docker("build --push -t bob/app .")
        .fails(1)
        .complains("ERROR: failed to build: denied: requested access to the resource is denied");
    sandbox.docker("image inspect bob/app").ok();
    sandbox
        .docker("build --push .")
        .fails(1)
        .complains("ERROR: failed to build: tag is needed when pushing to registry")
        .complains("hint: docker build --push -t NAME:TAG .");
}

#[test]
fn settings_of_registries_are_read_when_one_is_needed() {
    let sandbox = Sandbox::new().with("DOCKLINGS_HUB", "a b");
    sandbox.write("Dockerfile", "FROM busybox\nRUN true\n");
    sandbox.docker("build -q .").ok();
    sandbox.docker("run --rm busybox true").ok();
    let served = Served::start(&sandbox, "");
    let name = format!("{}/app", served.host());
    sandbox.docker(&format!("build -q --push -t {name} .")).ok();
    sandbox.docker(&format!("pull -q {name}")).ok();
    for (needing, code) in [
        ("build -q -", 1),
        ("pull nginx", 2),
        ("login -u alice -p secret", 2),
    ] {
        sandbox
            .docker_with(needing, "FROM nginx\n")
            .fails(code)
            .complains("`a b` is no hub");
    }
}
